// S3 as it is on a bad day: answers that break off, stand still or are lost, refusals that pass, objects that
// change; and what the lasting refusals are to a person.
#include <atomic>

#include "adapters/s3_under_test.h"

namespace sluice {
namespace {

class BlobsS3Faults : public S3Test {
 protected:
  // Does `fault` to the first `times` requests that have `text` in their first line.
  S3TestProxy::Decide first(int times, const std::string& text, ProxyFault fault) {
    left_ = times;
    return [this, text, fault = std::move(fault)](const ProxiedRequest& request) {
      return request.is(text) && left_-- > 0 ? fault : ProxyFault();
    };
  }
  int left_ = 0;
};

TEST_F(BlobsS3Faults, ABodyThatBreaksOffIsGoneOnWithWhereItBroke) {
  const std::string content = noise(3 << 20);
  put(*store(), "a", content);
  S3TestProxy proxy(server_port(), first(3, "GET /test/" + prefix_ + "/a", {.body_bytes = 100'000}));
  auto blobs = store(url(proxy.port()));
  EXPECT_TRUE(get(*blobs, "a") == content);
  EXPECT_LT(left_, 0) << "no answer was cut";
  std::string version = blobs->stat("a")->version;
  bool goes_on = false;
  for (const ProxiedRequest& request : proxy.requests())
    goes_on = goes_on || (request.has("Range: bytes=100000-262143\r\n") &&
                          request.has("If-Match: \"" + version + "\"\r\n"));
  EXPECT_TRUE(goes_on);
}

TEST_F(BlobsS3Faults, ABodyThatStandsStillIsGivenUpAndGoneOnWith) {
  const std::string content = noise(1 << 20);
  put(*store(), "a", content);
  ProxyFault stands{.body_bytes = 50'000};
  stands.stand_still = true;
  S3TestProxy proxy(server_port(), first(1, "/a", stands));
  S3Patience patience = short_patience();
  patience.stall = std::chrono::seconds(1);
  EXPECT_TRUE(get(*store(url(proxy.port()), patience), "a") == content);
}

TEST_F(BlobsS3Faults, AStopEndsReadingAtOnce) {
  put(*store(), "a", noise(6 << 20));
  S3TestProxy proxy(server_port(), [](const ProxiedRequest& request) {
    ProxyFault fault;
    if (request.is("/a") && !request.has("Range: bytes=0-")) fault.body_bytes = 10;
    fault.stand_still = fault.body_bytes == 10;
    return fault;
  });
  S3Patience patience;
  patience.stall = std::chrono::seconds(600);
  auto blobs = open_blobs_s3(url(proxy.port()), aws_credentials_of_this_process(), patience);
  ASSERT_TRUE(blobs);
  auto source = (*blobs)->open("a", 0);
  ASSERT_TRUE(source);
  std::string buffer(1 << 20, '\0');
  ASSERT_TRUE((*source)->read(buffer, {}));
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  auto count = (*source)->read(buffer, stop.get_token());
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().kind, ErrorKind::cancelled);
}

// Whatever S3 does not answer to.
TEST_F(BlobsS3Faults, TheOwnersStopEndsWhatHasNoOther) {
  const std::vector<std::pair<const char*, std::function<Result<>(BlobStore&)>>> kAsked = {
      {"HEAD",
       [](BlobStore& blobs) -> Result<> {
         (void)TRY(blobs.stat("a"));
         return {};
       }},
      {"PUT",
       [](BlobStore& blobs) -> Result<> {
         auto writer = TRY(blobs.create("a"));
         TRY(writer->write("abc"));
         return writer->commit();
       }},
      {"partNumber=",
       [](BlobStore& blobs) -> Result<> {
         auto writer = TRY(blobs.create("a"));
         TRY(writer->write(noise(9 << 20)));
         return writer->commit();
       }},
      {"DELETE", [](BlobStore& blobs) { return blobs.remove("a"); }},
  };
  for (const auto& [text, ask] : kAsked) {
    SCOPED_TRACE(text);
    std::atomic<bool> hangs = false;
    S3TestProxy proxy(server_port(), [&](const ProxiedRequest& request) {
      ProxyFault fault;
      fault.lose_answer = fault.stand_still = request.is(text);
      if (fault.stand_still) {
        hangs = true;
        hangs.notify_all();
      }
      return fault;
    });
    std::stop_source stop;
    S3Patience patience = short_patience();
    patience.stall = std::chrono::seconds(600);
    patience.end = stop.get_token();
    auto blobs = store(url(proxy.port()), patience);
    Result<> answer;
    {
      std::jthread caller([&] { answer = ask(*blobs); });
      hangs.wait(false);
      stop.request_stop();
    }
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::cancelled) << answer.error().message;
  }
}

TEST_F(BlobsS3Faults, AnObjectThatChangesIsAnErrorAndNoMixture) {
  auto blobs = store();
  put(*blobs, "a", noise(20 << 20, 1));
  auto source = blobs->open("a", 0);
  ASSERT_TRUE(source);
  put(*blobs, "a", noise(20 << 20, 2));
  std::string buffer(1 << 20, '\0');
  Result<std::size_t> count = (*source)->read(buffer, {});
  while (count && *count > 0) count = (*source)->read(buffer, {});
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().kind, ErrorKind::input);
  EXPECT_NE(count.error().message.find("was changed in S3"), std::string::npos) << count.error().message;
  EXPECT_FALSE((*source)->read(buffer, {})) << "it stays an error";
}

TEST_F(BlobsS3Faults, AServerThatHeedsNoIfMatchMixesNothingEither) {
  put(*store(), "a", noise(300'000));
  S3TestProxy proxy(server_port(), [this](const ProxiedRequest& request) {
    ProxyFault fault;
    if (request.is("GET /test/" + prefix_ + "/a") && !request.has("Range: bytes=0-"))
      fault.answer =
          "HTTP/1.1 206 Partial\r\nConnection: close\r\nETag: \"another\"\r\n"
          "Content-Range: bytes 262144-262146/300000\r\nContent-Length: 3\r\n\r\nxyz";
    return fault;
  });
  const std::string read = get(*store(url(proxy.port())), "a");
  EXPECT_NE(read.find("was changed in S3"), std::string::npos) << read.size();
}

TEST_F(BlobsS3Faults, RefusalsThatPassAreTriedAgain) {
  for (const auto& [status, code] : {std::pair(503, "SlowDown"), std::pair(500, "InternalError"),
                                     std::pair(429, "TooManyRequests"), std::pair(400, "RequestTimeout")}) {
    S3TestProxy proxy(server_port(), first(3, "/a", {.answer = s3_error_answer(status, code)}));
    auto blobs = store(url(proxy.port()));
    put(*blobs, "a", code);
    EXPECT_EQ(proxy.count("PUT "), 4u);
    EXPECT_EQ(get(*blobs, "a"), code);
  }
}

TEST_F(BlobsS3Faults, WhereTheyDoNotPassSomebodyElseTriesLater) {
  S3TestProxy proxy(server_port(), first(1'000, "/a", {.answer = s3_error_answer(503, "SlowDown")}));
  auto blobs = store(url(proxy.port()));
  for (const Error& error :
       {blobs->stat("a").error(), blobs->open("a", 0).error(), blobs->remove("a").error()}) {
    EXPECT_EQ(error.kind, ErrorKind::unavailable);
    EXPECT_TRUE(error.retryable);
    EXPECT_NE(error.message.find("503"), std::string::npos) << error.message;
  }
  EXPECT_EQ(proxy.count("HEAD "), 7u);
}

TEST_F(BlobsS3Faults, PartsAreSentAgainAndTheirEndIsAskedForAgain) {
  const std::string content = noise(20 << 20);
  S3TestProxy proxy(server_port(), [this, failed = 0](const ProxiedRequest& request) mutable {
    ProxyFault fault;
    if (request.is("partNumber=2") && failed++ == 0) fault.lose_answer = true;
    // What takes long is answered with 200 before it is known how it ends.
    if (request.is("POST ") && request.is("uploadId=") && left_-- == 1)
      fault.answer = s3_error_answer(200, "InternalError");
    return fault;
  });
  left_ = 1;
  auto blobs = store(url(proxy.port()));
  put(*blobs, "a", content);
  EXPECT_EQ(proxy.count("partNumber=2"), 2u);
  EXPECT_LE(left_, -1);
  EXPECT_TRUE(get(*blobs, "a") == content);
  EXPECT_TRUE(uploads().empty());
}

TEST_F(BlobsS3Faults, AnEndWhoseAnswerWasLostIsFoundOut) {
  const std::string content = noise(9 << 20);
  S3TestProxy proxy(server_port(), [asked = 0](const ProxiedRequest& request) mutable {
    ProxyFault fault;
    if (request.is("POST ") && request.is("uploadId=")) {
      fault.lose_answer = ++asked == 1;
      if (asked > 1) fault.answer = s3_error_answer(404, "NoSuchUpload");
    }
    return fault;
  });
  auto blobs = store(url(proxy.port()));
  put(*blobs, "a", content);
  EXPECT_TRUE(get(*blobs, "a") == content);
}

TEST_F(BlobsS3Faults, AnEndThatNeverCameIsAnError) {
  put(*store(), "a", "old");
  S3TestProxy proxy(server_port(), [](const ProxiedRequest& request) {
    ProxyFault fault;
    if (request.is("POST ") && request.is("uploadId=")) fault.answer = s3_error_answer(404, "NoSuchUpload");
    return fault;
  });
  auto blobs = store(url(proxy.port()));
  {
    auto writer = blobs->create("a");
    ASSERT_TRUE(writer && (*writer)->write(noise(9 << 20)));
    EXPECT_FALSE((*writer)->commit());
  }
  EXPECT_EQ(get(*blobs, "a"), "old");
  EXPECT_TRUE(uploads().empty());
}

TEST_F(BlobsS3Faults, LastingRefusalsSayWhatToDo) {
  struct Refusal {
    int status;
    const char *code, *more, *headers, *sentence;
  };
  const Refusal kRefusals[] = {
      {403, "AccessDenied", "", "", "may not do this in bucket 'test'"},
      {403, "RequestTimeTooSkewed", "", "Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n", "has Mon, 01 Jan 2024"},
      {403, "InvalidAccessKeyId", "", "", "does not know the access key"},
      {400, "AuthorizationHeaderMalformed", "<Region>eu-west-3</Region>", "", "?region=eu-west-3"},
      {301, "PermanentRedirect", "", "x-amz-bucket-region: eu-north-1\r\n", "?region=eu-north-1"},
      {400, "ExpiredToken", "", "", "the keys have expired"},
      {400, "KMS.NotFoundException", "", "", "400 KMS.NotFoundException: as the test says"},
  };
  for (const Refusal& refusal : kRefusals) {
    S3TestProxy proxy(server_port(), [&](const ProxiedRequest&) {
      return ProxyFault{.answer =
                            s3_error_answer(refusal.status, refusal.code, refusal.more, refusal.headers)};
    });
    auto opened = open_blobs_s3(url(proxy.port()), aws_credentials_of_this_process(), short_patience());
    ASSERT_FALSE(opened) << refusal.code;
    EXPECT_EQ(opened.error().kind, ErrorKind::usage) << refusal.code;
    EXPECT_NE(opened.error().message.find(refusal.sentence), std::string::npos) << opened.error().message;
    EXPECT_NE(opened.error().message.find("s3://test/" + prefix_), std::string::npos);
  }
}

TEST_F(BlobsS3Faults, AServerThatKnowsNoRangesIsNotTrusted) {
  put(*store(), "a", "0123456789");
  S3TestProxy proxy(server_port(), first(1'000, "GET /test/" + prefix_ + "/a",
                                         {.answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nETag: "
                                                    "\"x\"\r\nContent-Length: 10\r\n\r\n0123456789"}));
  auto source = store(url(proxy.port()))->open("a", 5);
  ASSERT_FALSE(source);
  EXPECT_NE(source.error().message.find("as S3 does"), std::string::npos) << source.error().message;
}

}  // namespace
}  // namespace sluice
