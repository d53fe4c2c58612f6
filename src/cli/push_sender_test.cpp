// What a push does with each kind of answer, against a server on loopback: what it sends again, and what its
// journal then says.
#include "cli/push_sender.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "adapters/http_test_server.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string says(int status, const std::string& headers = "", const std::string& body = "{}") {
  return HttpTestServer::answer(status, "Connection: close\r\n" + headers, body);
}
std::string key_of(const ReceivedRequest& request) { return request.headers.at("idempotency-key"); }

class PushSenderTest : public testing::Test {
 protected:
  PushSenderTest() {
    std::string name = (fs::temp_directory_path() / "sluice-sender-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    journal_ = std::move(PushJournal::open((folder_ / "journal").string()).value());
    EXPECT_TRUE(journal_->begin({.push_id = "p"}));
  }
  ~PushSenderTest() override { fs::remove_all(folder_); }

  std::unique_ptr<PushSender> open(const HttpTestServer& server, unsigned connections = 1,
                                   std::chrono::milliseconds patience = 60s) {
    auto say = [this](const std::string& line) { said_ += line; };
    return std::move(PushSender::open({.url = server.url("/x"),
                                       .push_id = "p",
                                       .connections = connections,
                                       .bodies_bytes = bodies_bytes_,
                                       .patience = patience,
                                       .check = check_,
                                       .say = say},
                                      *journal_, stop_.get_token())
                         .value());
  }
  static PushBatch batch(std::uint64_t first) {
    return {.range = {first, first + 9}, .rows = 8, .body = "[" + std::to_string(first) + "]"};
  }

  fs::path folder_;
  std::unique_ptr<PushJournal> journal_;
  std::stop_source stop_;
  std::uint64_t bodies_bytes_ = 1 << 20;
  std::function<Result<>()> check_;
  std::string said_;  // by one connection
};

TEST_F(PushSenderTest, SendsEachBatchUnderAKeyOfItsOwn) {
  HttpTestServer server([](const ReceivedRequest& request) {
    return says(202, "", R"({"jobId":"job-)" + key_of(request) + R"(","accepted":8})");
  });
  auto sender = open(server, 3);
  for (std::uint64_t first = 1; first < 200; first += 10) {
    EXPECT_TRUE(sender->give(batch(first)));
  }
  EXPECT_TRUE(sender->finish());
  EXPECT_EQ(sender->totals().rows, 160u);
  EXPECT_EQ(sender->totals().batches, 20u);
  std::set<std::string> keys, bodies;
  for (const ReceivedRequest& request : server.requests()) {
    keys.insert(key_of(request));
    bodies.insert(request.body);
  }
  EXPECT_EQ(keys.size(), 20u);
  EXPECT_TRUE(keys.contains("p-191-200"));
  EXPECT_EQ(bodies.size(), 20u);
  const PushState state = journal_->state();
  EXPECT_EQ(state.taken_rows, 160u);
  EXPECT_TRUE(state.pending.empty());
  EXPECT_EQ(state.jobs.begin()->second, "job-p-1-10");
  EXPECT_EQ(state.jobs.rbegin()->second, "job-p-191-200");
}

TEST_F(PushSenderTest, TriesAgainUnderTheSameKey) {
  int asked = 0;
  HttpTestServer server([&](const ReceivedRequest&) {
    return ++asked < 3 ? says(503, "", R"({"detail":"Not now."})") : says(200);
  });
  auto sender = open(server);
  EXPECT_TRUE(sender->give(batch(1)));
  EXPECT_TRUE(sender->finish());
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  for (const ReceivedRequest& request : requests) {
    EXPECT_EQ(key_of(request), "p-1-10");
    EXPECT_EQ(request.body, "[1]");
  }
  EXPECT_EQ(sender->totals().retries, 2u);
  EXPECT_EQ(said_, "Not taken yet, trying again: it answers 503: Not now.\n") << "said once, not each time";
}

TEST_F(PushSenderTest, GivesUpWhenPatienceEnds) {
  HttpTestServer server([](const ReceivedRequest&) { return says(429); });
  auto sender = open(server, 1, 0ms);
  EXPECT_TRUE(sender->give(batch(1)));
  auto finished = sender->finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(journal_->state().pending_at(1));
}

TEST_F(PushSenderTest, WhatIsRefusedIsFreeAndWhatNeverWentOutToo) {
  HttpTestServer server(
      [](const ReceivedRequest&) { return says(400, "", R"({"detail":"No such thing."})"); });
  auto sender = open(server);
  EXPECT_TRUE(sender->give(batch(1)));
  (void)sender->give(batch(11));  // it may have failed before this one, or not
  auto finished = sender->finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().kind, ErrorKind::input);
  EXPECT_EQ(finished.error().message, server.url("/x") + " refused rows 1 to 10 (400): No such thing.");
  EXPECT_TRUE(journal_->state().claimed.empty());
  EXPECT_FALSE(sender->give(batch(21)));
}

TEST_F(PushSenderTest, WhatMayHaveArrivedIsNotFree) {
  int asked = 0;
  HttpTestServer server([&](const ReceivedRequest&) { return says(++asked == 1 ? 500 : 400); });
  auto sender = open(server);
  EXPECT_TRUE(sender->give(batch(1)));
  EXPECT_FALSE(sender->finish());
  EXPECT_TRUE(journal_->state().pending_at(1));
}

TEST_F(PushSenderTest, OneThatIsTooLargeIsFreeOnlyIfItCannotHaveArrived) {
  int asked = 0;
  HttpTestServer server([&](const ReceivedRequest& request) {
    // A server behind a proxy: it took the rows, and then the proxy learned to refuse them.
    return says(key_of(request) == "p-21-30" && ++asked == 1 ? 500 : 413);
  });
  {
    auto sender = open(server);
    EXPECT_TRUE(sender->give(batch(1)));
    EXPECT_FALSE(sender->finish());
    EXPECT_TRUE(journal_->state().claimed.empty());
  }
  ASSERT_TRUE(journal_->send({1, 10}, 8));
  PushBatch again = batch(1);
  again.again = true;
  for (const PushBatch& one : {again, batch(21)}) {
    auto sender = open(server);
    EXPECT_TRUE(sender->give(one));
    auto finished = sender->finish();
    ASSERT_FALSE(finished);
    EXPECT_NE(finished.error().message.find("only go as they went"), std::string::npos)
        << finished.error().message;
    EXPECT_EQ(finished.error().message.find("--batch-rows"), std::string::npos);
    EXPECT_TRUE(journal_->state().pending_at(one.range.first));
  }
}

TEST_F(PushSenderTest, WhateverAnotherServerSaysIsShown) {
  for (const auto& [body, shown] : std::initializer_list<std::pair<std::string, std::string>>{
           {R"({"detail":[{"loc":["body"],"msg":"bad"}]})", R"({"detail":[{"loc":["body"],"msg":"bad"}]})"},
           {R"({"detail":null,"title":7,"message":"No such state."})", "No such state."},
           {R"({"error":"No such state."})", "No such state."},
           {R"({"title":"Bad","detail":"Worse."})", "Worse."},
           {"<h1>\nNo</h1>\xff", "<h1> No</h1>\xef\xbf\xbd"},
           {std::string(400, 'x'), std::string(300, 'x')},
           {"[1]", "[1]"},
           {"", "the server answered 422."},
           {"{}", "the server answered 422."}}) {
    HttpTestServer server([&](const ReceivedRequest&) { return says(422, "", body); });
    auto sender = open(server);
    EXPECT_TRUE(sender->give(batch(1)));
    auto finished = sender->finish();
    ASSERT_FALSE(finished) << body;
    EXPECT_EQ(finished.error().message, server.url("/x") + " refused rows 1 to 10 (422): " + shown);
  }
}

TEST_F(PushSenderTest, AServerThatTakesOnlySomeRowsIsAnError) {
  HttpTestServer server([](const ReceivedRequest&) { return says(202, "", R"({"accepted":7})"); });
  auto sender = open(server);
  EXPECT_TRUE(sender->give(batch(1)));
  auto finished = sender->finish();
  ASSERT_FALSE(finished);
  EXPECT_NE(finished.error().message.find("accepted 7 of the 8 rows"), std::string::npos);
}

TEST_F(PushSenderTest, ABatchWhoseJobWasRemovedWasTaken) {
  HttpTestServer server([](const ReceivedRequest& request) {
    return says(410, "",
                key_of(request) == "p-1-10" ? R"({"type":"/problems/job-removed","detail":"Removed."})"
                                            : R"({"type":"/problems/gone","detail":"Gone."})");
  });
  auto sender = open(server);
  EXPECT_TRUE(sender->give(batch(1)));
  EXPECT_TRUE(sender->finish());
  EXPECT_EQ(sender->totals().rows, 8u);
  EXPECT_EQ(journal_->state().taken_rows, 8u);
  EXPECT_TRUE(journal_->state().jobs.empty());
  sender = open(server);
  EXPECT_TRUE(sender->give(batch(11)));
  EXPECT_FALSE(sender->finish()) << "another 410 says nothing of the kind";
  EXPECT_EQ(journal_->state().taken_rows, 8u);
}

TEST_F(PushSenderTest, AServerThatAsksForMorePatienceThanThereIsEndsIt) {
  HttpTestServer server(
      [](const ReceivedRequest&) { return says(429, "Retry-After: 600\r\n", R"({"detail":"Full."})"); });
  auto sender = open(server);
  EXPECT_TRUE(sender->give(batch(1)));
  auto finished = sender->finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(finished.error().message,
            server.url("/x") +
                " asks to be tried again in 600 s, and --patience ends before, after "
                "60 s: it answers 429: Full.");
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_TRUE(journal_->state().pending_at(1));
}

TEST_F(PushSenderTest, OfALongAnswerTheBeginningIsKept) {
  HttpTestServer server(
      [](const ReceivedRequest&) { return says(202, "", R"({"jobId":"j"})" + std::string(80 << 20, ' ')); });
  auto sender = open(server);
  EXPECT_TRUE(sender->give(batch(1)));
  auto finished = sender->finish();
  EXPECT_TRUE(finished) << finished.error().message;
  EXPECT_EQ(journal_->state().jobs.at(1), "j");
}

TEST_F(PushSenderTest, NoMoreWaitsThanThereIsRoomFor) {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t begun = 0, most = 0;
  bodies_bytes_ = 2500;
  // There is room, and it is about to be journalled. What is answered is journalled before its room is given.
  check_ = [&]() -> Result<> {
    std::lock_guard lock(mutex);
    most = std::max(most, journal_->state().pending.size() + 1);
    ++begun;
    changed.notify_all();
    return {};
  };
  HttpTestServer server([&](const ReceivedRequest&) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, 300ms, [&] { return begun >= 3; });  // what must not come gets its time to come
    return says(200);
  });
  auto sender = open(server, 4);
  for (std::uint64_t first = 1; first < 60; first += 10) {
    PushBatch one = batch(first);
    one.body.assign(1000, ' ');
    EXPECT_TRUE(sender->give(std::move(one)));
  }
  EXPECT_EQ(most, 2u);
  PushBatch larger = batch(61);  // than there ever is room for: it goes alone
  larger.body.assign(5000, ' ');
  EXPECT_TRUE(sender->give(std::move(larger)));
  EXPECT_LE(journal_->state().pending.size(), 1u);
  EXPECT_TRUE(sender->finish());
  EXPECT_EQ(journal_->state().taken_batches, 7u);
}

TEST_F(PushSenderTest, StoppedItWaitsForNoLaterTry) {
  HttpTestServer server([this](const ReceivedRequest&) {
    stop_.request_stop();
    return says(503, "Retry-After: 1000\r\n");
  });
  auto sender = open(server);
  EXPECT_TRUE(sender->give(batch(1)));
  auto finished = sender->finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().kind, ErrorKind::cancelled);
  EXPECT_TRUE(journal_->state().pending_at(1));
}

}  // namespace
}  // namespace sluice
