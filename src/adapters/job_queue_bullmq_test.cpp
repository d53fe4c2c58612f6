// The queue on Redis: the conformance suite of the JobQueue port, and what is its own. Needs
// tools/with_redis.sh; without, these tests are skipped.
#include "adapters/job_queue_bullmq.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>

#include "adapters/bullmq_queue.h"
#include "adapters/bullmq_scripts.h"
#include "base/uuid.h"
#include "ports/job_queue_conformance.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{30'000};
constexpr milliseconds kHour{3'600'000};

// Keys of its own on the server that all tests share.
class RedisPlace {
 public:
  explicit RedisPlace(const std::string& server) : url_(*parse_redis_url(server)) {
    url_.prefix = "test-" + new_uuid();
  }
  ~RedisPlace() {
    auto keys = call({"KEYS", url_.prefix + ":*"});
    for (const RedisValue& key : keys.items) call({"DEL", key.text});
  }
  const RedisUrl& url() const { return url_; }
  std::string key(const std::string& part) const {
    return url_.prefix + ":" + url_.queue + "-splits:" + part;
  }
  RedisValue call(const RedisCommand& command) const {
    auto answer = (*RedisConnection::open(url_, kPatience))->call(command);
    if (!answer) throw std::runtime_error(answer.error().message);
    return *std::move(answer);
  }

 private:
  RedisUrl url_;
};

std::string from_environment(const char* name) {
  const char* url = std::getenv(name);
  return url == nullptr ? "" : url;
}
std::string test_redis() { return from_environment("SLUICE_TEST_REDIS"); }
std::string test_redis_with_tls() { return from_environment("SLUICE_TEST_REDIS_TLS"); }

class BullmqUnderTest final : public JobQueueUnderTest {
 public:
  explicit BullmqUnderTest(const std::string& server) : place_(server) {}
  std::shared_ptr<JobQueue> open() override {
    auto queue = open_bullmq_queue(place_.url(), kPatience);
    if (!queue) throw std::runtime_error(queue.error().message);
    return *std::move(queue);
  }

 private:
  RedisPlace place_;
};

std::unique_ptr<JobQueueUnderTest> on_server(const std::string& server) {
  return server.empty() ? nullptr : std::make_unique<BullmqUnderTest>(server);
}
std::unique_ptr<JobQueueUnderTest> bullmq() { return on_server(test_redis()); }
// With TLS, a user's password and a database of another number.
std::unique_ptr<JobQueueUnderTest> bullmq_with_tls() { return on_server(test_redis_with_tls()); }

INSTANTIATE_TEST_SUITE_P(Bullmq, JobQueueConformance, testing::Values(JobQueueFactory(bullmq)));
INSTANTIATE_TEST_SUITE_P(BullmqWithTls, JobQueueConformance,
                         testing::Values(JobQueueFactory(bullmq_with_tls)));

class BullmqJobQueueTest : public testing::Test {
 protected:
  void SetUp() override {
    if (test_redis().empty()) GTEST_SKIP() << "there is no Redis";
    place_.emplace(test_redis());
  }
  std::unique_ptr<JobQueue> open() { return *open_bullmq_queue(place_->url(), kPatience); }
  void forget() {  // as after FLUSHALL, or a restart without its files
    const auto keys = place_->call({"KEYS", place_->key("*")});
    for (const RedisValue& key : keys.items) place_->call({"DEL", key.text});
  }
  std::string refusal() {
    auto queue = open_bullmq_queue(place_->url(), kPatience);
    return queue ? "opened" : queue.error().message;
  }
  static QueueMessage message(std::uint32_t split) {
    return {.id = "job-1/" + std::to_string(split) + "/1",
            .tenant = "acme",
            .job_id = "job-1",
            .split_number = split};
  }

  std::optional<RedisPlace> place_;
};

TEST_F(BullmqJobQueueTest, AQueueOfAnotherMajorVersionIsRefused) {
  place_->call({"HSET", place_->key("meta"), "version", "bullmq:5.34.0"});
  EXPECT_TRUE(refusal().contains("BullMQ bullmq:5.34.0")) << refusal();
  place_->call({"HSET", place_->key("meta"), "version", "bullmq:6.0.1"});
  EXPECT_EQ(refusal(), "opened");
  place_->call({"HDEL", place_->key("meta"), "version"});
  place_->call({"SET", place_->key("id"), "7"});
  EXPECT_TRUE(refusal().contains("does not say its version")) << refusal();
}

TEST_F(BullmqJobQueueTest, ANewQueueSaysWhoseItIs) {
  open();
  EXPECT_EQ(place_->call({"HGET", place_->key("meta"), "version"}).text,
            "bullmq:" + std::string(kBullmqVersion));
}

TEST_F(BullmqJobQueueTest, ScriptsThatTheServerHasForgottenAreSentAgain) {
  auto queue = open();
  for (std::uint32_t split : {1u, 2u}) {
    place_->call({"SCRIPT", "FLUSH"});
    const QueueMessage put = message(split);
    ASSERT_TRUE(queue->enqueue(std::span(&put, 1)));
    auto taken = queue->reserve("worker", kHour, milliseconds(0), {});
    ASSERT_TRUE(taken && *taken);
    EXPECT_EQ((*taken)->message.split_number, split);
  }
}

TEST_F(BullmqJobQueueTest, AServerThatLostEverythingIsNoticedByOne) {
  auto one = open(), other = open();
  EXPECT_TRUE(*one->is_new());
  EXPECT_FALSE(*one->is_new());
  EXPECT_FALSE(*other->is_new());
  ASSERT_TRUE(one->enqueue(std::vector<QueueMessage>{{"j/1/1", "t", "j", 1, 0}}));
  forget();
  EXPECT_TRUE(*other->is_new());
  EXPECT_FALSE(*other->is_new());
  EXPECT_FALSE(*one->is_new());

  // Found out by a message that is put in first, it is said all the same; and the queue says whose it is.
  forget();
  ASSERT_TRUE(one->enqueue(std::vector<QueueMessage>{{"j/1/2", "t", "j", 1, 0}}));
  EXPECT_EQ(refusal(), "opened");
  EXPECT_TRUE(*one->is_new());
  EXPECT_FALSE(*other->is_new());
}

TEST_F(BullmqJobQueueTest, WhatIsNoSplitIsTakenOut) {
  auto queue = open();
  auto raw = *BullmqQueue::open(place_->url(), place_->url().queue + "-splits", kPatience);
  const std::vector<BullmqNewJob> strange{
      {.id = "a", .name = "mail", .data = "{\"to\":\"ann\"}", .priority = 1},
      {.id = "b", .name = "mail", .data = "no JSON", .priority = 1}};
  ASSERT_TRUE(raw->add(strange));
  const QueueMessage put = message(1);
  ASSERT_TRUE(queue->enqueue(std::span(&put, 1)));
  auto taken = queue->reserve("worker", kHour, milliseconds(0), {});
  ASSERT_TRUE(taken && *taken) << "a stranger's job in front does not hold it up";
  EXPECT_EQ((*taken)->message.id, put.id);
  EXPECT_EQ(raw->counts()->waiting, 0u);
}

TEST_F(BullmqJobQueueTest, WhatTheDeadHadReservedGoesBackInFront) {
  auto queue = open();
  const std::vector<QueueMessage> put{message(1), message(2), message(3)};
  ASSERT_TRUE(queue->enqueue(put));
  ASSERT_TRUE(queue->reserve("dead", kHour, milliseconds(0), {}));
  ASSERT_TRUE(queue->reserve("alive", kHour, milliseconds(0), {}));
  ASSERT_TRUE(queue->give_back_of([](const std::string& worker) { return worker == "dead"; }));
  auto taken = queue->reserve("worker", kHour, milliseconds(0), {});
  ASSERT_TRUE(taken && *taken);
  EXPECT_EQ((*taken)->message.split_number, 1u);
  EXPECT_EQ(queue->health()->active, 2u);
}

// What a person is told where Redis is none, or is not there.
TEST(RedisUrl, IsTakenApart) {
  auto url = parse_redis_url(
      "rediss://ann:p%40ss@redis.example.org:6380/3?prefix=acme&queue=import&tls_ca=/etc/ca.pem");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->host, "redis.example.org");
  EXPECT_EQ(url->port, "6380");
  EXPECT_EQ(url->user, "ann");
  EXPECT_EQ(url->password, "p@ss");
  EXPECT_EQ(url->database, 3u);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->prefix, "acme");
  EXPECT_EQ(url->queue, "import");
  EXPECT_EQ(url->tls_ca, "/etc/ca.pem");
  auto plain = parse_redis_url("redis://[::1]");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "::1");
  EXPECT_EQ(plain->port, "6379");
  EXPECT_EQ(plain->queue, "sluice");
  EXPECT_FALSE(plain->tls);
  EXPECT_EQ(parse_redis_url("redis://:secret@host/")->password, "secret");
}

TEST(RedisUrl, WhatIsWrongIsSaid) {
  for (const char* url : {"redis:", "redis://", "redis://host:port", "redis://host/db",
                          "redis://host?queue=a:b", "redis://host?queue=", "redis://host?tls_ca=x",
                          "redis://host?quue=a", "http://host", "redis://a%zz@host"}) {
    auto parsed = parse_redis_url(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_EQ(parsed.error().kind, ErrorKind::usage) << url;
  }
  EXPECT_FALSE(parse_redis_url("redis://ann:secret@host/db").error().message.contains("secret"));
  EXPECT_TRUE(parse_redis_url("redis+sentinel://a,b/primary").error().message.contains("not supported"));
}

TEST_F(BullmqJobQueueTest, AWrongPasswordOrAuthorityIsSaid) {
  if (test_redis_with_tls().empty()) GTEST_SKIP() << "there is no Redis with TLS";
  RedisUrl url = *parse_redis_url(test_redis_with_tls());
  url.password = "guessed";
  auto refused = open_bullmq_queue(url, kPatience);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message.contains("WRONGPASS")) << refused.error().message;
  EXPECT_FALSE(refused.error().message.contains("guessed"));
  url = *parse_redis_url(test_redis_with_tls());
  url.tls_ca = "";
  auto unknown = open_bullmq_queue(url, kPatience);
  ASSERT_FALSE(unknown);
  EXPECT_TRUE(unknown.error().message.contains("certificate")) << unknown.error().message;
}

TEST(RedisConnectionTest, AServerThatIsNotThereIsUnavailable) {
  auto connection = RedisConnection::open(*parse_redis_url("redis://127.0.0.1:1"), milliseconds(2000));
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(connection.error().retryable);
}

}  // namespace
}  // namespace sluice
