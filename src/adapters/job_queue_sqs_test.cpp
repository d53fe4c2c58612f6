// The queue on SQS: the conformance suite of the JobQueue port, on a standard and on a FIFO queue, and what
// is its own. Needs tools/with_sqs.sh; without, these tests are skipped.
#include "adapters/job_queue_sqs.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "adapters/http_test_server.h"
#include "adapters/sqs_client.h"
#include "base/uuid.h"
#include "ports/job_queue_conformance.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr milliseconds kAnHour{3'600'000};

std::string test_sqs() {
  const char* url = std::getenv("SLUICE_TEST_SQS");
  return url == nullptr ? "" : url;
}

AwsEnvironment no_environment() {
  return [](const char*) { return std::string(); };
}

// A queue of its own on the server that all tests share.
class SqsTestQueue {
 public:
  explicit SqsTestQueue(const std::string& ending = "") : url_(*parse_sqs_url(test_sqs(), no_environment())) {
    url_.queue = "test-" + new_uuid() + ending;
  }
  const SqsUrl& url() const { return url_; }
  std::unique_ptr<JobQueue> open() const {
    auto queue = open_sqs_queue(url_, aws_credentials_of_this_process());
    if (!queue) throw std::runtime_error(queue.error().message);
    return *std::move(queue);
  }
  SqsClient client() const { return {url_, aws_credentials_of_this_process()}; }

 private:
  SqsUrl url_;
};

class SqsUnderTest final : public JobQueueUnderTest {
 public:
  explicit SqsUnderTest(const std::string& ending) : queue_(ending) {}
  std::shared_ptr<JobQueue> open() override { return queue_.open(); }
  JobQueuePromises promises() const override {
    return {.order = false,
            .known_ids = queue_.url().is_fifo(),
            .withdrawal = false,
            .delays_counted = false,
            .ages = false};
  }

 private:
  SqsTestQueue queue_;
};

template <char... ending>
std::unique_ptr<JobQueueUnderTest> sqs() {
  return test_sqs().empty() ? nullptr : std::make_unique<SqsUnderTest>(std::string{ending...});
}

INSTANTIATE_TEST_SUITE_P(SqsStandard, JobQueueConformance, testing::Values(JobQueueFactory(sqs<>)));
INSTANTIATE_TEST_SUITE_P(SqsFifo, JobQueueConformance,
                         testing::Values(JobQueueFactory(sqs<'.', 'f', 'i', 'f', 'o'>)));

class SqsJobQueueTest : public testing::Test {
 protected:
  void SetUp() override {
    if (test_sqs().empty()) GTEST_SKIP() << "there is no SQS";
    place_.emplace();
  }
  static QueueMessage message(std::uint32_t split) {
    return {.id = "job-1/" + std::to_string(split) + "/1",
            .tenant = "acme",
            .job_id = "job-1",
            .split_number = split};
  }
  static void enqueue(JobQueue& queue, const std::vector<QueueMessage>& messages) {
    auto done = queue.enqueue(messages);
    ASSERT_TRUE(done) << done.error().message;
  }
  // The server's counts follow a moment later, and other nodes' eyes on a pause some seconds.
  static void expect_soon(const std::function<bool()>& true_now) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!true_now())
      if (std::chrono::steady_clock::now() > deadline) return ADD_FAILURE() << "it never came true";
  }
  static std::optional<Reservation> take(JobQueue& queue) {
    auto taken = queue.reserve("worker", kAnHour, 0ms, {});
    EXPECT_TRUE(taken) << taken.error().message;
    return taken ? *taken : std::nullopt;
  }

  std::optional<SqsTestQueue> place_;
};

TEST_F(SqsJobQueueTest, ManyMessagesGoInTensAndNoneIsLost) {
  auto queue = place_->open();
  std::vector<QueueMessage> put;
  for (std::uint32_t split = 1; split <= 25; ++split) put.push_back(message(split));
  enqueue(*queue, put);
  expect_soon([&] { return queue->health()->waiting == 25; });
}

TEST_F(SqsJobQueueTest, ANewQueueHasADeadLetterQueue) {
  place_->open();
  SqsClient client = place_->client();
  SqsAttributes attributes = *client.attributes(*client.find(place_->url().queue));
  const auto policy = nlohmann::json::parse(attributes["RedrivePolicy"]);
  EXPECT_TRUE(policy["deadLetterTargetArn"].get<std::string>().ends_with(place_->url().queue + "-dead"));
  EXPECT_EQ(policy["maxReceiveCount"].get<int>(), 100);
  EXPECT_EQ(attributes["VisibilityTimeout"], "30");
}

// A queue as somebody else made it, which gives messages up after `most` receipts.
void make_by_hand(SqsClient& client, const std::string& name, int most) {
  const std::string dead = *client.create(name + "-lost", {});
  const std::string arn = (*client.attributes(dead))["QueueArn"];
  const auto policy = nlohmann::json{{"deadLetterTargetArn", arn}, {"maxReceiveCount", most}}.dump();
  ASSERT_TRUE(client.create(name, {{"RedrivePolicy", policy}}));
}

TEST_F(SqsJobQueueTest, AQueueThatGivesUpEarlyIsRefused) {
  SqsClient client = place_->client();
  make_by_hand(client, place_->url().queue, 3);
  auto queue = open_sqs_queue(place_->url(), aws_credentials_of_this_process());
  ASSERT_FALSE(queue);
  EXPECT_EQ(queue.error().kind, ErrorKind::usage);
  EXPECT_TRUE(queue.error().message.contains("received 3 times: set maxReceiveCount"))
      << queue.error().message;
}

TEST_F(SqsJobQueueTest, DeadLettersAreCountedAndComeBackWhenTheQueueIsResumed) {
  constexpr int kMost = 20;
  SqsClient client = place_->client();
  make_by_hand(client, place_->url().queue, kMost);
  auto queue = place_->open();
  enqueue(*queue, {message(1)});
  for (int times = 0; times < kMost; ++times) {
    auto taken = take(*queue);
    ASSERT_TRUE(taken) << times;
    ASSERT_TRUE(queue->put_back(*taken, 0ms));
  }
  EXPECT_FALSE(take(*queue)) << "received so often, it is a dead letter";
  expect_soon([&] { return queue->health()->failed == 1; });
  ASSERT_TRUE(queue->resume());
  auto back = queue->reserve("worker", kAnHour, 20s, {});
  ASSERT_TRUE(back && *back) << "moved back";
  EXPECT_EQ((*back)->message.id, "job-1/1/1");
}

TEST_F(SqsJobQueueTest, AQueueWithoutARedrivePolicyIsTakenAsItIs) {
  ASSERT_TRUE(place_->client().create(place_->url().queue, {}));
  auto queue = place_->open();
  enqueue(*queue, {message(1)});
  EXPECT_TRUE(take(*queue));
  EXPECT_EQ(queue->health()->failed, 0u);
}

TEST_F(SqsJobQueueTest, WhatIsNoSplitIsTakenOut) {
  auto queue = place_->open();
  SqsClient client = place_->client();
  const std::string url = *client.find(place_->url().queue);
  const std::vector<SqsOutgoing> strange{{.body = "{\"to\":\"ann\"}"}, {.body = "no JSON"}};
  ASSERT_TRUE(client.send(url, strange));
  enqueue(*queue, {message(1)});
  auto taken = take(*queue);
  ASSERT_TRUE(taken) << "a stranger's message does not hold it up";
  EXPECT_EQ(taken->message.id, "job-1/1/1");
  while (take(*queue)) {
  }
  expect_soon([&] { return queue->health()->waiting + queue->health()->active == 1; });  // the one held
}

TEST_F(SqsJobQueueTest, AQueueThatWasRemovedIsMadeAnew) {
  auto queue = place_->open();
  EXPECT_TRUE(*queue->is_new());
  EXPECT_FALSE(*place_->open()->is_new()) << "there already";
  AwsClient aws({place_->url().region, "sqs"}, place_->url().scheme, aws_credentials_of_this_process());
  const std::string url = *place_->client().find(place_->url().queue);
  auto removed = aws.call({.method = "POST",
                           .host = place_->url().host,
                           .headers = {{"X-Amz-Target", "AmazonSQS.DeleteQueue"},
                                       {"Content-Type", "application/x-amz-json-1.0"}}},
                          nlohmann::json{{"QueueUrl", url}}.dump(), 30s);
  ASSERT_TRUE(removed && removed->status == 200);
  EXPECT_FALSE(place_->client().find(place_->url().queue));
  enqueue(*queue, {message(1)});
  EXPECT_TRUE(take(*queue));
  EXPECT_TRUE(*queue->is_new()) << "what was in it has to be queued again";
  EXPECT_FALSE(*queue->is_new()) << "once";
}

TEST_F(SqsJobQueueTest, APauseIsSeenByNodesThatRunAlready) {
  auto here = place_->open(), there = place_->open();
  auto until_there = [&](bool paused) { expect_soon([&] { return there->health()->paused == paused; }); };
  ASSERT_TRUE(here->pause());
  until_there(true);
  ASSERT_TRUE(here->resume());
  until_there(false);
}

TEST_F(SqsJobQueueTest, SplitsOfOneJobAreWorkedOnAtOnceOnFifo) {
  const SqsTestQueue fifo(".fifo");
  auto queue = fifo.open();
  enqueue(*queue, {message(1), message(2), message(3)});
  EXPECT_TRUE(take(*queue) && take(*queue) && take(*queue));
}

TEST(SqsClientTest, WhatSqsCouldNotTakeIsSentAgain) {
  std::atomic<int> calls = 0;
  HttpTestServer server([&](const ReceivedRequest& request) {
    const auto entries = nlohmann::json::parse(request.body)["Entries"];
    const bool first = calls++ == 0;
    EXPECT_EQ(entries.size(), first ? 3u : 1u);
    return HttpTestServer::answer(
        200, "",
        first
            ? R"({"Successful":[{"Id":"0"},{"Id":"2"}],"Failed":[{"Id":"1","Code":"InternalError","SenderFault":false}]})"
            : R"({"Successful":[{"Id":"1"}]})");
  });
  SqsClient client({.queue = "q", .region = "r", .scheme = "http", .host = "127.0.0.1:" + server.port()},
                   std::make_shared<AwsCredentials>([](std::stop_token) -> Result<AwsExpiringKeys> {
                     return AwsExpiringKeys{{"A", "S", ""}, std::nullopt};
                   }));
  const std::vector<SqsOutgoing> messages{{.body = "a"}, {.body = "b"}, {.body = "c"}};
  ASSERT_TRUE(client.send("url", messages));
  ASSERT_EQ(calls, 2);
  EXPECT_EQ(nlohmann::json::parse(server.requests()[1].body)["Entries"][0]["MessageBody"].get<std::string>(),
            "b");
}

TEST(SqsClientTest, WhatIsTheSendersFaultIsAnError) {
  HttpTestServer server([&](const ReceivedRequest&) {
    return HttpTestServer::answer(
        200, "",
        R"({"Failed":[{"Id":"0","Code":"InvalidMessageContents","Message":"a control character","SenderFault":true}]})");
  });
  SqsClient client({.queue = "q", .region = "r", .scheme = "http", .host = "127.0.0.1:" + server.port()},
                   std::make_shared<AwsCredentials>([](std::stop_token) -> Result<AwsExpiringKeys> {
                     return AwsExpiringKeys{{"A", "S", ""}, std::nullopt};
                   }));
  const std::vector<SqsOutgoing> messages{{.body = "a"}};
  auto sent = client.send("url", messages);
  ASSERT_FALSE(sent);
  EXPECT_TRUE(sent.error().message.contains("a control character")) << sent.error().message;
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(SqsUrl, IsTakenApart) {
  auto url = parse_sqs_url("sqs://123456789012/sluice.fifo?region=eu-west-1&endpoint=http://127.0.0.1:9324/",
                           no_environment());
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->account, "123456789012");
  EXPECT_EQ(url->queue, "sluice.fifo");
  EXPECT_TRUE(url->is_fifo());
  EXPECT_EQ(url->region, "eu-west-1");
  EXPECT_EQ(url->scheme, "http");
  EXPECT_EQ(url->host, "127.0.0.1:9324");
  auto named = parse_sqs_url("sqs://sluice", [](const char* name) {
    return std::string(std::string_view(name) == "AWS_REGION" ? "cn-north-1" : "");
  });
  ASSERT_TRUE(named) << named.error().message;
  EXPECT_EQ(named->account, "");
  EXPECT_EQ(named->queue, "sluice");
  EXPECT_FALSE(named->is_fifo());
  EXPECT_EQ(named->scheme, "https");
  EXPECT_EQ(named->host, "sqs.cn-north-1.amazonaws.com.cn");
  auto pasted =
      parse_sqs_url("https://sqs.eu-central-1.amazonaws.com/123456789012/my-queue_1", no_environment());
  ASSERT_TRUE(pasted) << pasted.error().message;
  EXPECT_EQ(pasted->account, "123456789012");
  EXPECT_EQ(pasted->queue, "my-queue_1");
  EXPECT_EQ(pasted->region, "eu-central-1");
  EXPECT_EQ(pasted->host, "sqs.eu-central-1.amazonaws.com");
}

TEST(SqsUrl, WhatIsWrongIsSaid) {
  for (const char* url : {"sqs:", "sqs://", "sqs://acme/sluice?region=r", "sqs://a b?region=r",
                          "sqs://1/2/3?region=r", "sqs://q?region=", "sqs://q?regin=r",
                          "sqs://q.fifo.x?region=r", "sqs://q?region=r&endpoint=localhost:9324",
                          "sqs://.fifo?region=r", "https://sqs.example.org/1/q", "http://host/q"}) {
    auto parsed = parse_sqs_url(url, no_environment());
    ASSERT_FALSE(parsed) << url;
    EXPECT_EQ(parsed.error().kind, ErrorKind::usage) << url;
  }
  EXPECT_TRUE(parse_sqs_url("sqs://q", no_environment()).error().message.contains("AWS_REGION"));
}

}  // namespace
}  // namespace sluice
