// Conformance: what may be cleared away, and what must not.
#include <thread>

#include "ports/store_conformance.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;

std::vector<std::string> ids_of(const std::vector<EndedJob>& jobs) {
  std::vector<std::string> ids;
  for (const EndedJob& job : jobs) ids.push_back(job.id);
  return ids;
}

// The database's clock has millisecond steps, and "longer ago" means longer.
void pass_a_moment() { std::this_thread::sleep_for(milliseconds(2)); }

TEST_P(StoreConformance, EndedJobsComeInTheOrderOfTheirEnd) {
  RetentionStore& store = store_->retention();
  Job first = create(), open = create(), working = create(), second = create();
  lease(working);
  ASSERT_TRUE(jobs().end(second.id, JobStatus::cancelled, ""));
  pass_a_moment();
  ASSERT_TRUE(jobs().end(first.id, JobStatus::failed, "x"));
  pass_a_moment();
  auto ended = store.ended(0, milliseconds(0), 10).value();
  ASSERT_EQ(ids_of(ended), (std::vector<std::string>{second.id, first.id}));
  EXPECT_EQ(ended[0].blob, second.blob);
  EXPECT_GT(ended[0].ended_ms, 1'700'000'000'000);
  EXPECT_GE(ended[1].ended_ms, ended[0].ended_ms);
  EXPECT_EQ(ids_of(store.ended(0, milliseconds(0), 1).value()), std::vector<std::string>{second.id});
  EXPECT_EQ(ids_of(store.ended(ended[1].ended_ms, milliseconds(0), 10).value()),
            std::vector<std::string>{first.id});
  EXPECT_TRUE(store.ended(ended[1].ended_ms + 1, milliseconds(0), 10).value().empty());
  EXPECT_TRUE(store.ended(0, std::chrono::hours(1), 10).value().empty()) << "not so long ago";
  ASSERT_TRUE(jobs().reopen(first.id));
  EXPECT_EQ(ids_of(store.ended(0, milliseconds(0), 10).value()), std::vector<std::string>{second.id});
}

TEST_P(StoreConformance, MarksMoveOnAndNeverBack) {
  RetentionStore& store = store_->retention();
  EXPECT_EQ(store.mark("files").value(), 0);
  ASSERT_TRUE(store.set_mark("files", 7));
  ASSERT_TRUE(store.set_mark("files", 5));
  EXPECT_EQ(database_->open()->retention().mark("files").value(), 7);
  EXPECT_EQ(store.mark("rejects").value(), 0);
}

TEST_P(StoreConformance, RejectsOfOneJobAreRemovedInPieces) {
  RetentionStore& store = store_->retention();
  Job job = create(), other = create();
  for (const Job& each : {job, other}) run(each, spec(each), {good(1, each.id), bad(2), bad(3), bad(4)});
  EXPECT_EQ(store.remove_rejects(job.id, 2).value(), 2u);
  ASSERT_EQ(rejects(job.id).size(), 1u);
  EXPECT_EQ(rejects(job.id)[0].row.row_number, 4u) << "the first rows first";
  EXPECT_EQ(store.remove_rejects(job.id, 2).value(), 1u);
  EXPECT_EQ(store.remove_rejects(job.id, 2).value(), 0u);
  EXPECT_EQ(jobs().get(job.id).value().counts, counted(1, 0, 0, 3)) << "what was counted stays";
  EXPECT_EQ(rejects(other.id).size(), 3u);
}

TEST_P(StoreConformance, RejectsThatAreWorkedOnStay) {
  RetentionStore& store = store_->retention();
  Job open = create();
  EXPECT_EQ(store.remove_rejects(open.id, 9).error().kind, ErrorKind::conflict);
  Job job = create();
  run(job, spec(job), {good(1, "a"), bad(2)});
  Job correction = create_child(job.id);
  EXPECT_EQ(store.remove_rejects(job.id, 9).error().kind, ErrorKind::conflict);
  EXPECT_EQ(rejects(job.id).size(), 1u);
  ASSERT_TRUE(jobs().end(correction.id, JobStatus::cancelled, ""));
  EXPECT_EQ(store.remove_rejects(job.id, 9).value(), 1u);
}

TEST_P(StoreConformance, IdempotencyKeysGoAfterTheirJobsEnd) {
  RetentionStore& store = store_->retention();
  Schedule schedule{.id = "nightly",
                    .tenant = "default",
                    .name = "n",
                    .pipeline = "p",
                    .cron = "@daily",
                    .zone = "UTC",
                    .source = "blob:in/"};
  ASSERT_TRUE(store_->schedules().put(schedule));
  auto keyed = [&](const std::string& key) {
    NewJob wanted = new_job();
    wanted.tenant = "default";
    wanted.idempotency_key = key;
    wanted.idempotency_digest = "d";
    return jobs().create(wanted).value().id;
  };
  const std::string ended = keyed("a"), open = keyed("b"), of_schedule = keyed("schedule:nightly:x"),
                    of_no_schedule = keyed("schedule:other:x"), removed = keyed("c");
  for (const std::string& id : {ended, of_schedule, of_no_schedule, removed})
    ASSERT_TRUE(jobs().end(id, JobStatus::cancelled, ""));
  ASSERT_TRUE(jobs().remove(removed, KeepRows::yes, DespiteDuplicates::no));
  pass_a_moment();
  EXPECT_EQ(store.remove_keys(std::chrono::hours(1), 100).value(), 0u);
  EXPECT_EQ(store.remove_keys(milliseconds(0), 1).value(), 1u);
  EXPECT_EQ(store.remove_keys(milliseconds(0), 100).value(), 2u);
  EXPECT_NE(keyed("a"), ended);
  EXPECT_EQ(keyed("b"), open);
  EXPECT_EQ(keyed("schedule:nightly:x"), of_schedule);
  EXPECT_NE(keyed("schedule:other:x"), of_no_schedule);
}

}  // namespace
}  // namespace sluice
