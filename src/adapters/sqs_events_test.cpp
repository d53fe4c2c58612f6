// What goes through SQS beside splits: events that are published, and what S3 tells of new objects. The tests
// with a queue need tools/with_sqs.sh; without, they are skipped.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "adapters/blob_notices_sqs.h"
#include "adapters/event_sink_sqs.h"
#include "adapters/sqs_client.h"
#include "base/uuid.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

class SqsEventsTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* server = std::getenv("SLUICE_TEST_SQS");
    if (server == nullptr) GTEST_SKIP() << "there is no SQS";
    url_ = *parse_sqs_url(server, [](const char*) { return std::string(); });
    url_.queue = "test-" + new_uuid();
    client_.emplace(url_, aws_credentials_of_this_process());
  }
  // Bodies of what is there, in the order in which it came; taken out.
  std::vector<std::string> take_all(const std::string& queue, std::size_t count) {
    const std::string place = client_->find(queue).value();
    std::vector<std::string> bodies;
    while (bodies.size() < count) {
      const auto messages = client_->receive(place, 10, 60s, 5s).value();
      if (messages.empty()) break;
      std::vector<std::string> receipts;
      for (const SqsIncoming& message : messages) {
        bodies.push_back(message.body);
        receipts.push_back(message.receipt);
      }
      EXPECT_TRUE(client_->remove(place, receipts));
    }
    return bodies;
  }
  static Event event(std::uint64_t number, const std::string& type) {
    return {.number = number,
            .id = new_uuid(),
            .type = type,
            .tenant = "acme",
            .job_id = "job-1",
            .pipeline = "people",
            .time = "2026-03-01T06:00:00Z",
            .data = "{}"};
  }

  SqsUrl url_;
  std::optional<SqsClient> client_;
};

TEST_F(SqsEventsTest, EachEventIsAMessage) {
  url_.events = url_.queue + "-events";
  auto sink = open_sqs_event_sink(url_, aws_credentials_of_this_process());
  ASSERT_TRUE(sink) << sink.error().message;
  std::vector<Event> events;
  for (std::uint64_t number = 1; number <= 23; ++number) events.push_back(event(number, "rows.processed"));
  ASSERT_TRUE((*sink)->publish(events));
  std::set<std::string> ids;
  for (const std::string& body : take_all(url_.events, events.size())) {
    const auto json = nlohmann::json::parse(body);
    EXPECT_EQ(json["specversion"], "1.0");
    EXPECT_EQ(json["subject"], "job-1");
    ids.insert(json["id"]);
  }
  EXPECT_EQ(ids.size(), events.size());
}

TEST_F(SqsEventsTest, AFifoQueueKeepsTheirOrderAndDropsWhatComesAgain) {
  url_.events = url_.queue + "-events.fifo";
  auto sink = open_sqs_event_sink(url_, aws_credentials_of_this_process());
  ASSERT_TRUE(sink) << sink.error().message;
  const std::vector<Event> events = {event(1, "job.started"), event(2, "rows.processed"),
                                     event(3, "job.completed")};
  ASSERT_TRUE((*sink)->publish(events));
  ASSERT_TRUE((*sink)->publish(events));
  std::vector<std::string> types;
  for (const std::string& body : take_all(url_.events, 4))
    types.push_back(nlohmann::json::parse(body)["type"]);
  EXPECT_EQ(types, (std::vector<std::string>{"job.started", "rows.processed", "job.completed"}));
}

const S3Url kBucket{.bucket = "acme", .prefix = "in/"};

std::string record(const std::string& event, const std::string& bucket, const std::string& key) {
  return R"({"eventName":")" + event + R"(","s3":{"bucket":{"name":")" + bucket + R"("},"object":{"key":")" +
         key + R"(","size":5,"eTag":"x"}}})";
}

TEST_F(SqsEventsTest, ANoticeComesAgainUntilItIsDone) {
  const auto missing = open_sqs_blob_notices(url_, kBucket, aws_credentials_of_this_process());
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().message.contains("notifications")) << missing.error().message;
  const std::string place = client_->create(url_.queue, {}).value();
  auto notices = open_sqs_blob_notices(url_, kBucket, aws_credentials_of_this_process());
  ASSERT_TRUE(notices) << notices.error().message;
  const std::vector<SqsOutgoing> sent = {
      {.body = R"({"Records":[)" + record("ObjectCreated:Put", "acme", "in/people.csv") + "]}"}};
  ASSERT_TRUE(client_->send(place, sent));
  const auto received = (*notices)->receive(5s, {}).value();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].keys, std::vector<std::string>{"people.csv"});
  ASSERT_TRUE(client_->change_visibility(place, received[0].token, 0s));
  const auto again = (*notices)->receive(5s, {}).value();
  ASSERT_EQ(again.size(), 1u) << "nobody has said that it is done";
  ASSERT_TRUE((*notices)->done(again));
  EXPECT_TRUE((*notices)->receive(0s, {}).value().empty());
}

TEST(S3Notifications, ObjectsThatWereMadeBelowThePrefixCount) {
  const auto keys = [](const std::string& json) { return keys_in_notification(json, kBucket); };
  using Keys = std::vector<std::string>;
  const std::string records = R"({"Records":[)" + record("ObjectCreated:Put", "acme", "in/a.csv") + "," +
                              record("ObjectCreated:CompleteMultipartUpload", "acme", "in/sub/b%2Ec.csv") +
                              "," + record("ObjectRemoved:Delete", "acme", "in/gone.csv") + "," +
                              record("ObjectCreated:Put", "other", "in/x.csv") + "," +
                              record("ObjectCreated:Put", "acme", "out/x.csv") + "," +
                              record("ObjectCreated:Put", "acme", "in/") + "," +
                              record("ObjectCreated:Put", "acme", "in/a+b.csv") + "," +
                              record("ObjectCreated:Put", "acme", "in/.unfinished/u") + "]}";
  EXPECT_EQ(keys(records), (Keys{"a.csv", "sub/b.c.csv"}));
  EXPECT_EQ(keys(nlohmann::json{{"Type", "Notification"}, {"Message", records}}.dump()),
            (Keys{"a.csv", "sub/b.c.csv"}))
      << "by way of SNS";
  EXPECT_EQ(
      keys(
          R"({"detail-type":"Object Created","detail":{"bucket":{"name":"acme"},"object":{"key":"in/a.csv"}}})"),
      Keys{"a.csv"})
      << "by way of EventBridge";
  for (const char* other : {R"({"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"acme"})", "", "[1]",
                            "{}", R"({"Records":[{"s3":{"object":{"key":7}}},3]})", R"({"Records":{}})"})
    EXPECT_EQ(keys(other), Keys()) << other;
}

}  // namespace
}  // namespace sluice
