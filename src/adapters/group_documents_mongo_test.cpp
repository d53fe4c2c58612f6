// Documents of groups on a real server: tools/with_mongo.sh starts one; without it these tests are skipped.
#include "adapters/group_documents_mongo.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "adapters/mongo_under_test.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

ChangedAggregate states() {
  return {.tenant = "default",
          .spec = {.name = "states",
                   .by = {"name"},
                   .measures = {{"first", AggregateFunction::min, "day", false},
                                {"people", AggregateFunction::count, "", false},
                                {"population", AggregateFunction::sum, "population", true}}}};
}

ChangedGroup texas(std::int64_t version, const std::string& population = "12", std::int64_t rows = 3) {
  return {.hash = "aa11",
          .version = version,
          .group = {.by = {"\"Texas\""},
                    .measures = {"\"2024-02-29\"", std::to_string(rows), population},
                    .rows = rows,
                    .updated_at = "2026-11-22T10:00:00.250Z",
                    .cursor = {}}};
}

class MongoDocumentsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (test_mongo().empty()) GTEST_SKIP() << "no MongoDB server: run it under tools/with_mongo.sh";
    database_.emplace();
    documents_ = std::move(open_mongo_documents(database_->url())).value();
  }
  void put(const ChangedGroup& group) {
    auto done = documents_->put(states(), std::span(&group, 1));
    ASSERT_TRUE(done) << done.error().message;
  }
  Json found() { return database_->find("states"); }

  std::optional<MongoDatabase> database_;
  std::unique_ptr<GroupDocuments> documents_;
};

TEST_F(MongoDocumentsTest, AGroupIsADocumentThatReadsLikeIt) {
  put(texas(7));
  EXPECT_EQ(found(), Json::parse(R"([{"_id": "default/aa11", "name": "Texas", "people": 3, "population": 12,
    "first": "2024-02-29", "rows": 3, "updatedAt": {"$date": "2026-11-22T10:00:00.250Z"},
    "_sluice": {"tenant": "default", "version": 7}}])"));
}

TEST_F(MongoDocumentsTest, NumbersAreExact) {
  put(texas(1, "0.1"));
  EXPECT_EQ(found().at(0).at("population"), Json::parse(R"({"$numberDecimal": "0.1"})"));
  put(texas(2, "\"12345678901234567890.12345\""));
  EXPECT_EQ(found().at(0).at("population"),
            Json::parse(R"({"$numberDecimal": "12345678901234567890.12345"})"));
  put(texas(3, "9223372036854775807"));
  EXPECT_EQ(found().at(0).at("population"), 9223372036854775807);
  for (const std::string beyond : {"1e+9999", "1e-7000"}) {
    put(texas(4, beyond));
    EXPECT_EQ(found().at(0).at("population"), beyond);
    ASSERT_TRUE(database_->client().write(R"({"delete": "states", "deletes": [{"q": {}, "limit": 0}]})"));
  }
  put(texas(4, "\"123456789012345678901234567890123456789\""));
  EXPECT_EQ(found().at(0).at("population"), "123456789012345678901234567890123456789");
}

TEST_F(MongoDocumentsTest, WhatIsOlderOrTheSameChangesNothing) {
  put(texas(7, "12"));
  put(texas(6, "11"));
  put(texas(7, "11"));
  EXPECT_EQ(found().at(0).at("population"), 12);
  put(texas(8, "13"));
  EXPECT_EQ(found().at(0).at("population"), 13);
}

TEST_F(MongoDocumentsTest, OneThatIsGoneDoesNotComeBackByALateWrite) {
  put(texas(7));
  put(texas(8, "0", 0));
  const Json gone =
      Json::parse(R"([{"_id": "default/aa11", "deletedAt": {"$date": "2026-11-22T10:00:00.250Z"},
    "_sluice": {"tenant": "default", "version": 8}}])");
  EXPECT_EQ(found(), gone);
  put(texas(7));
  EXPECT_EQ(found(), gone);
  put(texas(9, "1", 1));
  EXPECT_FALSE(found().at(0).contains("deletedAt"));
  EXPECT_EQ(found().at(0).at("population"), 1);
}

TEST_F(MongoDocumentsTest, FieldsOfOtherProgramsStay) {
  put(texas(1));
  ASSERT_TRUE(database_->client().write(
      R"({"update": "states", "updates": [{"q": {"name": "Texas"}, "u": {"$set": {"capital": "Austin"}}}]})"));
  put(texas(2, "0", 0));
  put(texas(3, "5"));
  EXPECT_EQ(found().at(0).at("capital"), "Austin");
}

TEST_F(MongoDocumentsTest, ManyAtOnceAmongThemSomeOfLaterVersions) {
  std::vector<ChangedGroup> groups;
  for (int i = 0; i < 700; ++i) {
    groups.push_back(texas(2, std::to_string(i)));
    groups.back().hash = "h" + std::to_string(1000 + i);
  }
  ChangedGroup later = groups[350];
  later.version = 3;
  later.group.measures[2] = "-1";
  put(later);
  ASSERT_TRUE(documents_->put(states(), groups));
  for (const int at : {0, 349, 350, 351, 699}) {
    const Json one = database_->find("states", {{"_id", "default/h" + std::to_string(1000 + at)}});
    EXPECT_EQ(one.at(0).at("population"), at == 350 ? -1 : at);
  }
}

TEST_F(MongoDocumentsTest, NamesThatMongoHasAnotherUseFor) {
  ChangedAggregate aggregate = states();
  aggregate.spec.by = {"$state.name"};
  aggregate.spec.measures[1].name = "rows";
  const ChangedGroup group = texas(1);
  auto done = documents_->put(aggregate, std::span(&group, 1));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(found().at(0).at("_state_name"), "Texas");
  EXPECT_EQ(found().at(0).at("rows_"), 3);
}

TEST_F(MongoDocumentsTest, NamesThatWouldBeTheSameAreTold) {
  ChangedAggregate aggregate = states();
  aggregate.spec.by = {"a.b"};
  aggregate.spec.measures[1].name = "a_b";
  aggregate.spec.measures[2].name = "a_b_";
  const ChangedGroup group = texas(1);
  ASSERT_TRUE(documents_->put(aggregate, std::span(&group, 1)));
  EXPECT_EQ(found().at(0).at("a_b"), "Texas");
  EXPECT_EQ(found().at(0).at("a_b_"), 3);
  EXPECT_EQ(found().at(0).at("a_b__"), 12);
}

TEST_F(MongoDocumentsTest, ADatabaseIsTheCopyOfOneStore) {
  EXPECT_FALSE(documents_->belongs_to("a").value());
  ASSERT_TRUE(documents_->give_to("a"));
  EXPECT_TRUE(documents_->belongs_to("a").value());
  ASSERT_TRUE(documents_->give_to("b"));  // came too late
  auto other = documents_->belongs_to("b");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::conflict);
}

// Each from a process of its own, as far as the server can tell.
TEST_F(MongoDocumentsTest, OfWritersAtOnceTheLatestVersionStays) {
  for (int round = 0; round < 20; ++round) {
    const std::string hash = "round" + std::to_string(round);
    std::vector<std::jthread> threads;
    for (int version = 1; version <= 4; ++version)
      threads.emplace_back([&, version] {
        auto own = std::move(open_mongo_documents(database_->url())).value();
        ChangedGroup group = texas(version, std::to_string(version));
        group.hash = hash;
        auto done = own->put(states(), std::span(&group, 1));
        EXPECT_TRUE(done) << done.error().message;
      });
    threads.clear();
    EXPECT_EQ(database_->find("states", {{"_id", "default/" + hash}}).at(0).at("population"), 4);
  }
}

TEST_F(MongoDocumentsTest, AServerThatWasKilledHasWhatItAcknowledged) {
  const std::string control = std::getenv("SLUICE_TEST_MONGO_CONTROL");
  put(texas(1));
  ASSERT_EQ(std::system((control + " kill").c_str()), 0);
  const ChangedGroup next = texas(2, "99");
  auto failed = documents_->put(states(), std::span(&next, 1));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(failed.error().retryable);
  ASSERT_EQ(std::system((control + " start").c_str()), 0);
  EXPECT_EQ(found().at(0).at("population"), 12);
  auto done = documents_->put(states(), std::span(&next, 1));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(found().at(0).at("population"), 99);
}

TEST_F(MongoDocumentsTest, Tls) {
  MongoDatabase secured(test_mongo("SLUICE_TEST_MONGO_TLS"));
  auto documents = std::move(open_mongo_documents(secured.url())).value();
  const ChangedGroup group = texas(1);
  auto done = documents->put(states(), std::span(&group, 1));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(secured.find("states").size(), 1);
  // A certificate that nobody vouches for is not believed.
  std::string unknown = secured.url();
  unknown.erase(unknown.find("&tlsCAFile"));
  auto refused = std::move(open_mongo_documents(unknown + "&serverSelectionTimeoutMS=500")).value();
  EXPECT_FALSE(refused->put(states(), std::span(&group, 1)));
}

// The primary goes away in the midst and comes back, as it does in an election; a set of another name is
// none.
TEST_F(MongoDocumentsTest, AReplicaSetIsFoundAgainWhenItsPrimaryIs) {
  const std::string url = test_mongo("SLUICE_TEST_MONGO_SET");
  if (url.empty()) GTEST_SKIP() << "this server is no replica set";
  const std::string control = std::getenv("SLUICE_TEST_MONGO_CONTROL");
  MongoDatabase set(url);
  auto documents = std::move(open_mongo_documents(set.url() + "&serverSelectionTimeoutMS=1000")).value();
  const ChangedGroup first = texas(1), next = texas(2, "99");
  auto done = documents->put(states(), std::span(&first, 1));
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_EQ(std::system((control + " kill").c_str()), 0);
  auto failed = documents->put(states(), std::span(&next, 1));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(failed.error().retryable);
  ASSERT_EQ(std::system((control + " start").c_str()), 0);
  done = documents->put(states(), std::span(&next, 1));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(set.find("states").at(0).at("population"), 99);

  std::string another = set.url();
  another.replace(another.rfind("=set"), 4, "=other");
  auto none = std::move(open_mongo_documents(another + "&serverSelectionTimeoutMS=500")).value();
  EXPECT_FALSE(none->put(states(), std::span(&next, 1)));
}

TEST_F(MongoDocumentsTest, AWrongPasswordIsRefused) {
  std::string url = database_->url();
  const std::size_t at = url.find("p%40ss@");
  if (at == std::string::npos) GTEST_SKIP() << "this server has no users";
  url.replace(at, 6, "wrong");
  auto documents = std::move(open_mongo_documents(url)).value();
  const ChangedGroup group = texas(1);
  auto refused = documents->put(states(), std::span(&group, 1));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("uthentication failed"), std::string::npos)
      << refused.error().message;
}

TEST(MongoUrl, WhatIsWrongIsSaidWithoutThePassword) {
  auto message = [](const std::string& url) {
    auto opened = open_mongo_documents(url);
    return opened ? "" : opened.error().message;
  };
  EXPECT_EQ(message("mongodb://localhost"),
            "the URL of MongoDB names no database; write it like mongodb://host:27017/sluice.");
  for (const std::string wrong : {"mongodb://u:secret@/db", "mongodb://u:sec/ret@host/db",
                                  "mongodb://u:se:cret@host/db", "mongodb://u:secret@h:0/db"}) {
    EXPECT_NE(message(wrong), "") << wrong;
    EXPECT_EQ(message(wrong).find("ret"), std::string::npos) << message(wrong);
  }
  auto away =
      std::move(open_mongo_documents("mongodb://u:secret@127.0.0.1:1/db?serverSelectionTimeoutMS=200"))
          .value();
  auto asked = away->belongs_to("x");
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().message.find("secret"), std::string::npos);
  EXPECT_NE(asked.error().message.find("127.0.0.1:1/db"), std::string::npos) << asked.error().message;
}

}  // namespace
}  // namespace sluice
