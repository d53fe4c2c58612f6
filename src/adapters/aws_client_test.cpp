#include "adapters/aws_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "adapters/http_test_server.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongEnough{60'000};
const AwsPatience kAtOnce{.attempts = 3, .first_pause = milliseconds(0), .longest_pause = milliseconds(0)};

std::shared_ptr<AwsCredentials> lasting_keys(std::atomic<int>* looks = nullptr) {
  return std::make_shared<AwsCredentials>([looks](std::stop_token) -> Result<AwsExpiringKeys> {
    if (looks != nullptr) ++*looks;
    return AwsExpiringKeys{{"AKIDEXAMPLE", "secret", ""}, std::nullopt};
  });
}

AwsRequest request_to(const HttpTestServer& server) {
  return {.method = "POST",
          .host = "127.0.0.1:" + server.port(),
          .path = "/a b",
          .query = {{"x", "1/2"}},
          .headers = {{"X-Amz-Target", "AmazonSQS.SendMessage"}}};
}

// Answers with one after the other, and the last again and again.
HttpTestServer::Answer in_turn(std::vector<std::string> answers) {
  return [answers = std::move(answers), next = std::make_shared<std::atomic<std::size_t>>(0)](
             const ReceivedRequest&) { return answers[std::min((*next)++, answers.size() - 1)]; };
}

TEST(AwsClient, SendsWhatIsSigned) {
  HttpTestServer server(in_turn({HttpTestServer::answer(200, "X-Amz-Id: 7\r\n", "{}")}));
  AwsClient client({"eu-central-1", "sqs"}, "http", lasting_keys());
  auto answer = client.call(request_to(server), "{\"a\":1}", kLongEnough);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "{}");
  EXPECT_EQ(answer->headers["x-amz-id"], "7");
  ASSERT_EQ(server.requests().size(), 1u);
  ReceivedRequest got = server.requests().front();
  EXPECT_EQ(got.first_line, "POST /a%20b?x=1%2F2 HTTP/1.1");
  EXPECT_EQ(got.body, "{\"a\":1}");
  EXPECT_EQ(got.headers["host"], "127.0.0.1:" + server.port());
  EXPECT_FALSE(got.headers.contains("content-type")) << "curl takes a body for a form";
  EXPECT_TRUE(got.headers["authorization"].starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
  EXPECT_TRUE(got.headers["authorization"].contains("SignedHeaders=host;x-amz-date;x-amz-target,"));
}

TEST(AwsClient, OtherMethodsSendNoBodyOfTheirOwn) {
  HttpTestServer server(in_turn({HttpTestServer::answer(204)}));
  AwsClient client({"eu-central-1", "s3"}, "http", lasting_keys());
  for (const char* method : {"GET", "HEAD", "DELETE", "PUT"}) {
    AwsRequest request = request_to(server);
    request.method = method;
    ASSERT_TRUE(client.call(request, "", kLongEnough)) << method;
    EXPECT_TRUE(server.requests().back().first_line.starts_with(method));
  }
  ReceivedRequest put = server.requests().back();
  EXPECT_EQ(put.headers["content-length"], "0");
}

TEST(AwsClient, SignsWithTheServersTimeWhereThisMachinesIsWrong) {
  const std::string date = "Date: Tue, 11 Jun 2024 09:30:00 GMT\r\n";
  HttpTestServer server(in_turn({HttpTestServer::answer(403, date), HttpTestServer::answer(200, date),
                                 HttpTestServer::answer(403, date)}));
  AwsClient client({"eu-central-1", "sqs"}, "http", lasting_keys(), kAtOnce);
  for (const int status : {200, 403}) {  // the second time it is not the clock
    auto answer = client.call(request_to(server), "{}", kLongEnough);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, status);
  }
  auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_FALSE(requests[0].headers["x-amz-date"].starts_with("202406"));
  EXPECT_TRUE(requests[1].headers["x-amz-date"].starts_with("20240611T0930"));
  EXPECT_TRUE(requests[2].headers["x-amz-date"].starts_with("20240611T0930"));
}

TEST(AwsClient, WhatHelpsToBeTriedAgainIs) {
  for (const std::string& first :
       {HttpTestServer::answer(503),
        HttpTestServer::answer(500, "", "<Error><Code>InternalError</Code></Error>"),
        HttpTestServer::answer(429), HttpTestServer::answer(503, "", "<Error><Code>SlowDown</Code></Error>"),
        HttpTestServer::answer(400, "",
                               R"({"__type":"com.amazonaws.sqs#RequestThrottled","message":"slowly"})"),
        std::string("cut off")}) {
    HttpTestServer server(in_turn({first, HttpTestServer::answer(200)}));
    auto answer = AwsClient({"eu-central-1", "sqs"}, "http", lasting_keys(), kAtOnce)
                      .call(request_to(server), "{}", kLongEnough);
    ASSERT_TRUE(answer) << first;
    EXPECT_EQ(answer->status, 200) << first;
    EXPECT_EQ(server.requests().size(), 2u) << first;
  }
}

TEST(AwsClient, TheRestIsNotAndNothingForEver) {
  HttpTestServer refuses(in_turn({HttpTestServer::answer(404)}));
  HttpTestServer down(in_turn({HttpTestServer::answer(503)}));
  AwsClient client({"eu-central-1", "sqs"}, "http", lasting_keys(), kAtOnce);
  EXPECT_EQ(client.call(request_to(refuses), "", kLongEnough)->status, 404);
  EXPECT_EQ(refuses.requests().size(), 1u);
  EXPECT_EQ(client.call(request_to(down), "", kLongEnough)->status, 503);
  EXPECT_EQ(down.requests().size(), kAtOnce.attempts);
}

TEST(AwsClient, KeysThatAreRefusedAreLookedForAnew) {
  std::atomic<int> looks = 0;
  HttpTestServer server(in_turn({HttpTestServer::answer(403, "", "<Error><Code>ExpiredToken</Code></Error>"),
                                 HttpTestServer::answer(200),
                                 HttpTestServer::answer(403, "", "<Code>InvalidAccessKeyId</Code>")}));
  AwsClient client({"eu-central-1", "s3"}, "http", lasting_keys(&looks), kAtOnce);
  EXPECT_EQ(client.call(request_to(server), "", kLongEnough)->status, 200);
  EXPECT_EQ(looks, 2);
  EXPECT_EQ(client.call(request_to(server), "", kLongEnough)->status, 403) << "once, and not again";
  EXPECT_EQ(server.requests().size(), 4u);
}

TEST(AwsClient, KeysThatWereRotatedAreLookedForAnewWhateverIsSaidOfThem) {
  for (const char* code : {"InvalidClientTokenId", "UnrecognizedClientException", "ExpiredTokenException",
                           "SignatureDoesNotMatch", "InvalidSignatureException"}) {
    std::atomic<int> looks = 0;
    HttpTestServer server(in_turn(
        {HttpTestServer::answer(
             403, "", std::string(R"({"__type":"com.amazon.coral.service#)") + code + R"(","message":"no"})"),
         HttpTestServer::answer(200)}));
    AwsClient client({"eu-central-1", "sqs"}, "http", lasting_keys(&looks), kAtOnce);
    EXPECT_EQ(client.call(request_to(server), "", kLongEnough)->status, 200) << code;
    EXPECT_EQ(looks, 2) << code;
  }
}

TEST(AwsClient, AServerThatIsNotThereIsUnavailable) {
  AwsClient client({"eu-central-1", "sqs"}, "http", lasting_keys(), kAtOnce);
  auto answer = client.call({.host = "127.0.0.1:1"}, "", kLongEnough);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(answer.error().retryable);
  EXPECT_TRUE(answer.error().message.starts_with("127.0.0.1:1: ")) << answer.error().message;
}

// A call that nobody answers, ended by its caller or by whoever owns the client.
void expect_a_stop_to_end_it(const AwsPatience& patience, std::stop_source stop,
                             const std::stop_token& callers) {
  std::atomic<bool> asked = false;
  HttpTestServer server([&](const ReceivedRequest&) {
    asked = true;  // and no answer before the test ends
    asked.notify_all();
    while (!stop.stop_requested()) std::this_thread::yield();
    return std::string();
  });
  AwsClient client({"eu-central-1", "sqs"}, "http", lasting_keys(), patience);
  std::optional<Result<AwsAnswer>> answer;
  {
    std::jthread caller([&] { answer = client.call(request_to(server), "", kLongEnough, callers); });
    asked.wait(false);
    stop.request_stop();
  }
  ASSERT_FALSE(*answer);
  EXPECT_EQ(answer->error().kind, ErrorKind::cancelled);
  EXPECT_EQ(client.call(request_to(server), "", kLongEnough, callers).error().kind, ErrorKind::cancelled);
}

TEST(AwsClient, AStopRequestEndsIt) {
  std::stop_source stop;
  expect_a_stop_to_end_it({}, stop, stop.get_token());
}

TEST(AwsClient, ItsOwnersStopEndsItToo) {
  std::stop_source stop;
  expect_a_stop_to_end_it({.end = stop.get_token()}, stop, {});
}

TEST(AwsFault, IsReadFromJsonAndXml) {
  const AwsFault json =
      aws_fault({400, {}, R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"there is none"})"});
  EXPECT_EQ(json.code, "QueueDoesNotExist");
  EXPECT_EQ(json.message, "there is none");
  const AwsFault xml =
      aws_fault({404, {}, "<?xml?><Error><Code>NoSuchKey</Code><Message>gone</Message></Error>"});
  EXPECT_EQ(xml.code, "NoSuchKey");
  EXPECT_EQ(xml.message, "gone");
  EXPECT_EQ(aws_fault({404, {}, ""}).code, "HTTP 404");
  EXPECT_EQ(aws_fault({502, {}, "<html>"}).code, "HTTP 502");
}

TEST(AwsFault, SaysWhatToDo) {
  const AwsScope scope{"eu-central-1", "sqs"};
  auto said = [&](const AwsFault& fault) {
    auto error = aws_access_error(fault, scope);
    return error ? error->message : "";
  };
  EXPECT_TRUE(said({"AccessDeniedException", "not you"}).contains("policy"));
  EXPECT_TRUE(said({"InvalidSignatureException", "Signature expired: 2024"}).contains("clock"));
  EXPECT_TRUE(
      said({"SignatureDoesNotMatch", "Credential should be scoped to a valid region."}).contains("?region="));
  EXPECT_TRUE(said({"SignatureDoesNotMatch", "it does not match"}).contains("secret key"));
  EXPECT_TRUE(said({"UnrecognizedClientException", "who"}).contains("not known"));
  EXPECT_EQ(said({"QueueDoesNotExist", "none"}), "");
}

}  // namespace
}  // namespace sluice
