#include "ports/records_conformance.h"

#include <algorithm>
#include <thread>

namespace sluice {

void RecordsConformance::SetUp() {
  database_ = GetParam()();
  if (!database_) GTEST_SKIP() << "its server is not there";
  store_ = database_->open();
  other_ = database_->open();
  ASSERT_TRUE(store_ && other_);
}

namespace {

using std::chrono::milliseconds;

std::int64_t now_ms() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

template <class T>
void expect_kind(const Result<T>& result, ErrorKind kind) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, kind) << result.error().message;
}

template <class T>
void expect_done(const Result<T>& result) {
  EXPECT_TRUE(result) << result.error().message;
}

// ---------------------------------------------------------------- keys

ApiKey key(const std::string& id, const std::string& tenant = "acme") {
  return {.id = id,
          .tenant = tenant,
          .name = "billing \"export\" …",
          .role = Role::operator_,
          .pipelines = {"people", "a, \"b\""},
          .digest = "digest of " + id,
          .created_by = "cli:me@here",
          .expires_at = "2031-05-06T07:08:09.010Z"};
}

TEST_P(RecordsConformance, AKeyIsFoundByItsDigest) {
  EXPECT_FALSE(store_->keys().any().value());
  expect_done(store_->keys().add(key("k1")));
  EXPECT_TRUE(other_->keys().any().value());
  auto found = other_->keys().find("digest of k1").value();
  ASSERT_TRUE(found);
  const ApiKey put = key("k1");
  EXPECT_EQ(found->id, put.id);
  EXPECT_EQ(found->tenant, put.tenant);
  EXPECT_EQ(found->name, put.name);
  EXPECT_EQ(found->role, put.role);
  EXPECT_EQ(found->pipelines, put.pipelines);
  EXPECT_EQ(found->digest, put.digest);
  EXPECT_EQ(found->created_by, put.created_by);
  EXPECT_EQ(found->expires_at, put.expires_at);
  EXPECT_TRUE(found->created_at.starts_with("20") && found->created_at.ends_with("Z")) << found->created_at;
  EXPECT_EQ(found->revoked_at + found->last_used_at, "");
  EXPECT_FALSE(store_->keys().find("digest of k2").value());
  EXPECT_FALSE(store_->keys().find("").value());
}

TEST_P(RecordsConformance, TwoKeysAreNotOfOneDigest) {
  expect_done(store_->keys().add(key("k1")));
  ApiKey again = key("k2", "globex");
  again.digest = "digest of k1";
  EXPECT_FALSE(store_->keys().add(again));
  EXPECT_EQ(store_->keys().find("digest of k1").value()->tenant, "acme");
}

TEST_P(RecordsConformance, AKeyMayEndNever) {
  ApiKey endless = key("k1");
  endless.expires_at.clear();
  endless.pipelines.clear();
  expect_done(store_->keys().add(endless));
  auto found = store_->keys().find(endless.digest).value();
  EXPECT_EQ(found->expires_at, "");
  EXPECT_TRUE(found->pipelines.empty());
  endless = key("k2");
  endless.expires_at = "tomorrow";
  expect_kind(store_->keys().add(endless), ErrorKind::usage);
}

TEST_P(RecordsConformance, KeysAreListedByTenant) {
  for (const char* id : {"k1", "k2"}) expect_done(store_->keys().add(key(id)));
  expect_done(store_->keys().add(key("k3", "globex")));
  EXPECT_EQ(store_->keys().list("acme")->size(), 2u);
  EXPECT_EQ(store_->keys().list("globex")->at(0).id, "k3");
  EXPECT_EQ(store_->keys().list("nobody")->size(), 0u);
  EXPECT_EQ(store_->keys().list("")->size(), 3u) << "of every tenant";
}

TEST_P(RecordsConformance, ARevokedKeyIsStillFoundAndSaysSo) {
  expect_done(store_->keys().add(key("k1")));
  expect_kind(store_->keys().revoke("globex", "k1"), ErrorKind::not_found);
  expect_kind(store_->keys().revoke("acme", "k2"), ErrorKind::not_found);
  EXPECT_EQ(store_->keys().find("digest of k1").value()->revoked_at, "");
  expect_done(store_->keys().revoke("acme", "k1"));
  const std::string revoked = other_->keys().find("digest of k1").value()->revoked_at;
  EXPECT_NE(revoked, "");
  expect_done(store_->keys().revoke("acme", "k1"));
  EXPECT_EQ(store_->keys().find("digest of k1").value()->revoked_at, revoked) << "the first time counts";
}

TEST_P(RecordsConformance, AKeySaysWhenItWasUsedLast) {
  expect_done(store_->keys().add(key("k1")));
  expect_done(store_->keys().used("k1"));
  EXPECT_NE(other_->keys().find("digest of k1").value()->last_used_at, "");
  expect_done(store_->keys().used("none"));
}

// ---------------------------------------------------------------- audit log

TEST_P(RecordsConformance, TheAuditLogSaysWhoDidWhat) {
  expect_done(store_->audit().add({.tenant = "acme",
                                   .actor = "key:k1",
                                   .action = "job.delete",
                                   .subject = "job 7",
                                   .detail = "{\"rows\":true}",
                                   .request_id = "r-1"}));
  auto listed = other_->audit().list({}, std::nullopt, 10).value();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_GT(listed[0].number, 0);
  EXPECT_TRUE(listed[0].time.ends_with("Z")) << listed[0].time;
  EXPECT_EQ(listed[0].tenant, "acme");
  EXPECT_EQ(listed[0].actor, "key:k1");
  EXPECT_EQ(listed[0].action, "job.delete");
  EXPECT_EQ(listed[0].subject, "job 7");
  EXPECT_EQ(listed[0].detail, "{\"rows\":true}");
  EXPECT_EQ(listed[0].request_id, "r-1");
}

TEST_P(RecordsConformance, TheAuditLogIsReadFromTheNewestBackwards) {
  for (int i = 0; i < 7; ++i)
    expect_done((i % 2 ? store_ : other_)
                    ->audit()
                    .add({.tenant = i < 5 ? "acme" : "globex",
                          .actor = i % 2 ? "key:k1" : "system",
                          .action = i == 3 ? "key.create" : "job.delete",
                          .subject = std::to_string(i)}));
  auto subjects = [&](const AuditFilter& filter, std::optional<std::int64_t> before, std::size_t limit) {
    std::string all;
    const auto entries = store_->audit().list(filter, before, limit).value();
    for (const AuditEntry& entry : entries) all += entry.subject;
    return all;
  };
  EXPECT_EQ(subjects({}, std::nullopt, 100), "6543210");
  EXPECT_EQ(subjects({.tenant = "acme"}, std::nullopt, 100), "43210");
  EXPECT_EQ(subjects({.tenant = "acme", .actor = "key:k1"}, std::nullopt, 100), "31");
  EXPECT_EQ(subjects({.action = "key.create"}, std::nullopt, 100), "3");
  auto page = store_->audit().list({.tenant = "acme"}, std::nullopt, 2).value();
  ASSERT_EQ(page.size(), 2u);
  EXPECT_GT(page[0].number, page[1].number);
  EXPECT_EQ(subjects({.tenant = "acme"}, page[1].number, 2), "21");
}

// ---------------------------------------------------------------- schedules

Schedule schedule(const std::string& id, std::int64_t next_run_ms) {
  return {.id = id,
          .tenant = "acme",
          .name = "nightly " + id,
          .pipeline = "people",
          .cron = "0 3 * * 1-5",
          .zone = "Europe/Berlin",
          .source = "s3://bucket/in/",
          .metadata = "{\"a\":1}",
          .next_run_ms = next_run_ms,
          .created_by = "key:k1"};
}

TEST_P(RecordsConformance, AScheduleIsKeptAndChanged) {
  Schedule put = schedule("s1", 1'900'000'000'000);
  expect_done(store_->schedules().put(put));
  auto got = other_->schedules().get("acme", "s1").value();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->name, put.name);
  EXPECT_EQ(got->pipeline, put.pipeline);
  EXPECT_EQ(got->cron, put.cron);
  EXPECT_EQ(got->zone, put.zone);
  EXPECT_EQ(got->at, "");
  EXPECT_EQ(got->source, put.source);
  EXPECT_EQ(got->metadata, put.metadata);
  EXPECT_TRUE(got->enabled);
  EXPECT_EQ(got->next_run_ms, put.next_run_ms);
  EXPECT_EQ(got->created_by, put.created_by);
  EXPECT_EQ(got->last_run_at + got->last_job_id + got->last_error, "");
  const std::string created = got->created_at;
  EXPECT_NE(created, "");

  put.cron.clear();
  put.at = "2031-05-06T07:08:09.000Z";
  put.enabled = false;
  put.created_by = "somebody else";
  expect_done(store_->schedules().put(put));
  got = store_->schedules().get("acme", "s1").value();
  EXPECT_EQ(got->cron, "");
  EXPECT_EQ(got->at, put.at);
  EXPECT_FALSE(got->enabled);
  EXPECT_EQ(got->created_at, created);
  EXPECT_EQ(got->created_by, "key:k1") << "who made it stays";
}

TEST_P(RecordsConformance, ASchedulesTenantAloneSeesIt) {
  expect_done(store_->schedules().put(schedule("s2", 5)));
  expect_done(store_->schedules().put(schedule("s1", 5)));
  Schedule theirs = schedule("s3", 5);
  theirs.tenant = "globex";
  expect_done(store_->schedules().put(theirs));
  auto listed = store_->schedules().list("acme").value();
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].id, "s1");
  EXPECT_FALSE(store_->schedules().get("acme", "s3").value());
  expect_kind(store_->schedules().remove("acme", "s3"), ErrorKind::not_found);
  theirs.tenant = "acme";
  theirs.name = "mine now";
  EXPECT_FALSE(store_->schedules().put(theirs)) << "an id does not pass from tenant to tenant";
  EXPECT_EQ(store_->schedules().get("globex", "s3").value()->name, "nightly s3");
  expect_done(store_->schedules().remove("globex", "s3"));
  EXPECT_FALSE(store_->schedules().get("globex", "s3").value());
  expect_kind(store_->schedules().remove("globex", "s3"), ErrorKind::not_found);
}

TEST_P(RecordsConformance, WhoWatchesAPlaceIsFound) {
  const auto put = [&](const std::string& id, const std::string& source, bool enabled = true) {
    Schedule watching = schedule(id, 5);
    watching.source = source;
    watching.enabled = enabled;
    watching.tenant = id;
    expect_done(store_->schedules().put(watching));
  };
  put("all", "blob:in/");
  put("deeper", "blob:in/de_p/");
  put("other", "blob:out/");
  put("one", "blob:in/de_p/a.csv");
  put("off", "blob:in/", false);
  const auto watching = [&](const std::string& place) {
    std::vector<std::string> ids;
    const auto watching_it = store_->schedules().watching(place).value();
    for (const Schedule& found : watching_it) ids.push_back(found.id);
    return ids;
  };
  using Ids = std::vector<std::string>;
  EXPECT_EQ(watching("blob:in/de_p/a.csv"), (Ids{"all", "deeper"}));
  EXPECT_EQ(watching("blob:in/deep/a.csv"), Ids{"all"});
  EXPECT_EQ(watching("blob:inn/a.csv"), Ids());
}

TEST_P(RecordsConformance, DueIsWhatIsEnabledAndItsTimeHasCome) {
  const std::int64_t now = now_ms();
  expect_done(store_->schedules().put(schedule("later", now + 3'600'000)));
  expect_done(store_->schedules().put(schedule("never", 0)));
  expect_done(store_->schedules().put(schedule("second", now - 1000)));
  expect_done(store_->schedules().put(schedule("first", now - 2000)));
  Schedule off = schedule("off", now - 3000);
  off.enabled = false;
  expect_done(store_->schedules().put(off));
  auto due = store_->schedules().due(10).value();
  ASSERT_EQ(due.size(), 2u);
  EXPECT_EQ(due[0].id, "first");
  EXPECT_EQ(due[1].id, "second");
  EXPECT_EQ(store_->schedules().due(1)->size(), 1u);
}

TEST_P(RecordsConformance, ARunIsOneNodes) {
  expect_done(store_->schedules().put(schedule("s1", 1000)));
  const Schedule due = store_->schedules().due(10)->at(0);
  std::array<bool, 2> won{};
  {
    std::jthread here([&] { won[0] = store_->schedules().claim(due, 2'000'000'000'000).value(); });
    std::jthread there([&] { won[1] = other_->schedules().claim(due, 2'000'000'000'000).value(); });
  }
  EXPECT_NE(won[0], won[1]);
  EXPECT_TRUE(store_->schedules().due(10)->empty());
  EXPECT_EQ(store_->schedules().get("acme", "s1").value()->next_run_ms, 2'000'000'000'000);
}

TEST_P(RecordsConformance, AScheduleSaysHowItRanLast) {
  expect_done(store_->schedules().put(schedule("s1", 1000)));
  expect_done(store_->schedules().note_run("s1", "job 7", ""));
  auto got = store_->schedules().get("acme", "s1").value();
  EXPECT_EQ(got->last_job_id, "job 7");
  EXPECT_NE(got->last_run_at, "");
  expect_done(store_->schedules().note_run("s1", "", "the bucket is gone"));
  got = store_->schedules().get("acme", "s1").value();
  EXPECT_EQ(got->last_job_id, "");
  EXPECT_EQ(got->last_error, "the bucket is gone");
  Schedule changed = schedule("s1", 5000);
  expect_done(store_->schedules().put(changed));
  EXPECT_EQ(store_->schedules().get("acme", "s1").value()->last_error, "the bucket is gone")
      << "a change does not forget it";
}

// ---------------------------------------------------------------- uploads

Upload upload(const std::string& id) {
  return {.id = id,
          .tenant = "acme",
          .pipeline = "people",
          .file_name = "people.csv",
          .content_type = "text/csv",
          .metadata = "{\"a\":1}",
          .sent_metadata = "filename cGVvcGxlLmNzdg==",
          .created_by = "key:k1",
          .length = 10'000'000'000,
          .digest_state = "0",
          .blob = "uploads/" + id,
          .expires_ms = now_ms() + 3'600'000};
}

TEST_P(RecordsConformance, AnUploadIsKnownAfterARestart) {
  const Upload put = upload("u1");
  expect_done(store_->uploads().add(put));
  auto got = other_->uploads().get("acme", "u1").value();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->pipeline, put.pipeline);
  EXPECT_EQ(got->file_name, put.file_name);
  EXPECT_EQ(got->content_type, put.content_type);
  EXPECT_EQ(got->metadata, put.metadata);
  EXPECT_EQ(got->sent_metadata, put.sent_metadata);
  EXPECT_EQ(got->created_by, put.created_by);
  EXPECT_EQ(got->length, put.length);
  EXPECT_EQ(got->offset, 0u);
  EXPECT_EQ(got->digest_state, put.digest_state);
  EXPECT_EQ(got->blob, put.blob);
  EXPECT_EQ(got->expires_ms, put.expires_ms);
  EXPECT_NEAR(static_cast<double>(got->created_ms), static_cast<double>(now_ms()), 3'600'000);
  EXPECT_EQ(got->job_id, "");
  EXPECT_FALSE(store_->uploads().get("globex", "u1").value()) << "another tenant's";
  EXPECT_FALSE(store_->uploads().get("acme", "u2").value());
}

TEST_P(RecordsConformance, AnUploadsOffsetMovesOnFromWhereItIs) {
  expect_done(store_->uploads().add(upload("u1")));
  const std::int64_t later = now_ms() + 7'200'000;
  expect_done(store_->uploads().advance("u1", 0, 6'000'000'000, "after the first part", later));
  auto got = store_->uploads().get("acme", "u1").value();
  EXPECT_EQ(got->offset, 6'000'000'000u);
  EXPECT_EQ(got->digest_state, "after the first part");
  EXPECT_EQ(got->expires_ms, later);
  auto behind = other_->uploads().advance("u1", 0, 5, "none", later + 1);
  expect_kind(behind, ErrorKind::conflict);
  EXPECT_NE(behind.error().message.find("6000000000"), std::string::npos) << behind.error().message;
  got = store_->uploads().get("acme", "u1").value();
  EXPECT_EQ(got->offset, 6'000'000'000u);
  EXPECT_EQ(got->digest_state, "after the first part");
  EXPECT_EQ(got->expires_ms, later);
  EXPECT_FALSE(store_->uploads().advance("u2", 0, 5, "", later));
}

TEST_P(RecordsConformance, AnUploadsLengthMayBeToldLater) {
  Upload open = upload("u1");
  open.length.reset();
  expect_done(store_->uploads().add(open));
  EXPECT_FALSE(store_->uploads().get("acme", "u1").value()->length);
  expect_done(store_->uploads().set_length("u1", 0));
  EXPECT_EQ(store_->uploads().get("acme", "u1").value()->length, 0u);
  EXPECT_FALSE(store_->uploads().set_length("u2", 5));
}

TEST_P(RecordsConformance, AnUploadEndsAsAJobOrIsRemoved) {
  expect_done(store_->uploads().add(upload("u1")));
  expect_done(store_->uploads().finish("u1", "job 7"));
  EXPECT_EQ(store_->uploads().get("acme", "u1").value()->job_id, "job 7");
  EXPECT_FALSE(store_->uploads().finish("u2", "job 8"));
  expect_done(store_->uploads().remove("u1"));
  EXPECT_FALSE(store_->uploads().get("acme", "u1").value());
  expect_done(store_->uploads().remove("u1"));
}

TEST_P(RecordsConformance, UploadsExpire) {
  Upload first = upload("u1"), second = upload("u2");
  first.expires_ms = now_ms() - 1000;
  second.expires_ms = now_ms() - 2000;
  for (const Upload& one : {first, second, upload("u3")}) expect_done(store_->uploads().add(one));
  auto expired = store_->uploads().expired(10).value();
  ASSERT_EQ(expired.size(), 2u);
  EXPECT_EQ(expired[0].id, "u2") << "the longest ago first";
  EXPECT_EQ(expired[1].id, "u1");
  EXPECT_EQ(store_->uploads().expired(1)->size(), 1u);
}

// ---------------------------------------------------------------- webhook deliveries

Delivery delivery(std::uint64_t event, const std::string& job = "job-1", std::uint32_t webhook = 0) {
  return {.tenant = "acme",
          .job_id = job,
          .url = "https://example.com/hook",
          .webhook_number = webhook,
          .event_number = event,
          .event = "{\"n\":" + std::to_string(event) + "}"};
}
constexpr milliseconds kTiny{1}, kHold{3'600'000};

std::string events_of(const std::vector<Delivery>& deliveries) {
  std::string all;
  for (const Delivery& one : deliveries) all += std::to_string(one.event_number) + " ";
  return all;
}

TEST_P(RecordsConformance, EventsBecomeDeliveriesOnce) {
  DeliveryStore& deliveries = store_->deliveries();
  EXPECT_EQ(deliveries.made_until().value(), 0u);
  EXPECT_TRUE(deliveries.add_from(0, 5, {delivery(3)}).value());
  EXPECT_EQ(other_->deliveries().made_until().value(), 5u);
  EXPECT_FALSE(other_->deliveries().add_from(0, 5, {delivery(3)}).value()) << "another node has done it";
  EXPECT_TRUE(deliveries.add_from(5, 9, {}).value());
  auto got = deliveries.reserve(10, kHold).value();
  ASSERT_EQ(got.size(), 1u);
  const Delivery put = delivery(3);
  EXPECT_GT(got[0].id, 0);
  EXPECT_EQ(got[0].tenant, put.tenant);
  EXPECT_EQ(got[0].job_id, put.job_id);
  EXPECT_EQ(got[0].url, put.url);
  EXPECT_EQ(got[0].webhook_number, put.webhook_number);
  EXPECT_EQ(got[0].event_number, 3u);
  EXPECT_EQ(got[0].event, put.event);
  EXPECT_EQ(got[0].attempts, 0u);
}

TEST_P(RecordsConformance, ManyNodesMakeDeliveriesOnce) {
  std::array<int, 2> made{};
  {
    std::vector<std::jthread> nodes;
    for (std::size_t node = 0; node < 2; ++node)
      nodes.emplace_back([&, node] {
        DeliveryStore& deliveries = (node == 0 ? store_ : other_)->deliveries();
        for (std::uint64_t at = 0; at < 40; at = deliveries.made_until().value())
          made.at(node) += deliveries.add_from(at, at + 1, {delivery(at + 1)}).value() ? 1 : 0;
      });
  }
  EXPECT_EQ(made[0] + made[1], 40);
  EXPECT_EQ(database_->query("SELECT count(*), count(DISTINCT event_number) FROM webhook_deliveries"),
            (std::vector<std::vector<std::string>>{{"40", "40"}}));
}

TEST_P(RecordsConformance, OfOneJobAndWebhookTheOldestIsDeliveredFirst) {
  DeliveryStore& deliveries = store_->deliveries();
  ASSERT_TRUE(
      deliveries.add_from(0, 9, {delivery(1), delivery(2), delivery(3, "job-1", 1), delivery(4, "job-2")})
          .value());
  auto first = deliveries.reserve(10, kHold).value();
  EXPECT_EQ(events_of(first), "1 3 4 ");
  EXPECT_EQ(events_of(other_->deliveries().reserve(10, kHold).value()), "") << "2 waits for 1";
  expect_done(deliveries.delivered(first[0].id));
  EXPECT_EQ(events_of(other_->deliveries().reserve(10, kHold).value()), "2 ");
  expect_done(deliveries.delivered(first[0].id));
}

TEST_P(RecordsConformance, NoMoreAreReservedThanAskedFor) {
  DeliveryStore& deliveries = store_->deliveries();
  ASSERT_TRUE(deliveries.add_from(0, 9, {delivery(1, "a"), delivery(2, "b"), delivery(3, "c")}).value());
  EXPECT_EQ(events_of(deliveries.reserve(2, kHold).value()), "1 2 ");
  EXPECT_EQ(events_of(deliveries.reserve(2, kHold).value()), "3 ");
}

// Reserves until there is something, which there will be when a hold or a delay of a millisecond is over.
std::vector<Delivery> await(DeliveryStore& deliveries) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline)
    if (auto got = deliveries.reserve(10, kHold).value(); !got.empty()) return got;
  ADD_FAILURE() << "nothing came";
  return {};
}

TEST_P(RecordsConformance, AReservationThatRunsOutIsTakenByAnother) {
  ASSERT_TRUE(store_->deliveries().add_from(0, 9, {delivery(1)}).value());
  EXPECT_EQ(store_->deliveries().reserve(10, kTiny)->size(), 1u);
  EXPECT_EQ(events_of(await(other_->deliveries())), "1 ");
}

TEST_P(RecordsConformance, WhatFailedIsTriedAgainLater) {
  DeliveryStore& deliveries = store_->deliveries();
  ASSERT_TRUE(deliveries.add_from(0, 9, {delivery(1)}).value());
  const std::int64_t id = deliveries.reserve(10, kHold)->at(0).id;
  expect_done(deliveries.try_again(id, kTiny, "503 from example.com"));
  auto again = await(deliveries);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].attempts, 1u);
  EXPECT_EQ(again[0].last_error, "503 from example.com");
  expect_done(deliveries.try_again(id, kHold, "503 from example.com"));
  EXPECT_TRUE(deliveries.reserve(10, kHold)->empty());
}

TEST_P(RecordsConformance, WhatIsGivenUpIsADeadLetterThatCanBeReplayed) {
  DeliveryStore& deliveries = store_->deliveries();
  Delivery theirs = delivery(9, "job-9");
  theirs.tenant = "globex";
  ASSERT_TRUE(deliveries.add_from(0, 9, {delivery(1), delivery(2), theirs}).value());
  auto first = deliveries.reserve(10, kHold).value();
  for (const Delivery& one : first) expect_done(deliveries.give_up(one.id, "410 from example.com"));
  EXPECT_EQ(events_of(deliveries.reserve(10, kHold).value()), "2 ") << "the next one does not wait for ever";
  auto dead = deliveries.dead("acme", 10).value();
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_EQ(dead[0].event_number, 1u);
  EXPECT_EQ(dead[0].attempts, 1u);
  EXPECT_EQ(dead[0].last_error, "410 from example.com");
  expect_done(deliveries.replay("acme"));
  EXPECT_TRUE(deliveries.dead("acme", 10)->empty());
  EXPECT_EQ(deliveries.dead("globex", 10)->size(), 1u) << "another tenant's";
  EXPECT_EQ(events_of(deliveries.reserve(10, kHold).value()), "1 ");
}

// ---------------------------------------------------------------- ready

TEST_P(RecordsConformance, AStoreThatCanBeWrittenToIsReady) { expect_done(store_->ready()); }

}  // namespace
}  // namespace sluice
