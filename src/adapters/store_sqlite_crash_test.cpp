// The SQLite store under kill -9: a child commits, is killed at a random instant, and what it left behind
// has to be exactly what its checkpoint says; the next child goes on from there.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

#include "adapters/store_sqlite.h"
#include "adapters/store_sqlite_under_test.h"
#include "base/sha256.h"

namespace sluice {
namespace {

constexpr std::uint64_t kRows = 30'000, kRowsPerCommit = 40, kDistinct = 7'000;
constexpr const char* kJob = "01900000-0000-7000-8000-000000000001";

bool is_bad(std::uint64_t row) { return row % 10 == 3; }
std::string data_of(std::uint64_t row) { return "{\"value\":" + std::to_string(row % kDistinct) + "}"; }

WriteSpec write_spec() {
  WriteSpec spec;
  spec.pipeline = "people";
  spec.job_id = spec.root_job_id = kJob;
  spec.job_sequence = 1;
  return spec;
}

// The counts after the first `rows` rows, by the definition of content identity.
RowCounts counts_after(std::uint64_t rows) {
  RowCounts counts;
  std::set<std::uint64_t> seen;
  for (std::uint64_t row = 1; row <= rows; ++row)
    counts.add(is_bad(row)                           ? Outcome::rejected
               : seen.insert(row % kDistinct).second ? Outcome::inserted
                                                     : Outcome::duplicate);
  return counts;
}

PreparedBatch make_batch(std::uint64_t first, std::uint64_t last) {
  PreparedBatch prepared(RowBatch(std::make_shared<const Columns>(), 0));
  for (std::uint64_t number = first; number <= last; ++number) {
    if (is_bad(number)) {
      prepared.rejects.push_back(
          {number, number, "{}", {{.code = RejectCode::type_error, .message = "bad"}}});
      continue;
    }
    PreparedRow row;
    row.row_number = row.line = number;
    row.data = prepared.batch.arena().copy(data_of(number));
    row.content_hash = Sha256().of(row.data);
    row.identity.bytes = row.content_hash;
    row.identity.size = 32;
    prepared.rows.push_back(row);
  }
  return prepared;
}

// The child: from the checkpoint to the end, in small commits. Exits 0 when the job is done.
[[noreturn]] void work(const std::string& path) {
  auto store = open_store_sqlite(path, {.cache_bytes = 1 << 20, .page_bytes = 4096, .log_bytes = 1 << 18});
  if (!store) _exit(10);
  auto lease = (*store)->jobs().lease(kJob, 1, "child", std::chrono::hours(1), [](auto&) { return true; });
  auto writer = (*store)->open_writer(write_spec());
  if (!lease || !writer) _exit(11);
  for (std::uint64_t next = (*store)->jobs().splits(kJob).value()[0].checkpoint.position.row;
       next <= kRows;) {
    std::uint64_t last = std::min(next + kRowsPerCommit - 1, kRows);
    PreparedBatch batch = make_batch(next, last);
    const PreparedBatch* batches[] = {&batch};
    next = last + 1;
    Commit commit{.batches = batches,
                  .checkpoint = {{next * 10, next, next}, std::to_string(next), {}},
                  .last = last == kRows};
    if (!(*writer)->commit(commit, *lease)) _exit(12);
  }
  _exit(0);
}

void check(const std::string& path) {
  auto store = open_store_sqlite(path, {}).value();
  Checkpoint checkpoint = store->jobs().splits(kJob).value()[0].checkpoint;
  const std::uint64_t done = checkpoint.position.row - 1;
  const RowCounts expected = counts_after(done);
  if (done != 0) {
    EXPECT_EQ(checkpoint.position.offset, checkpoint.position.row * 10);
    EXPECT_EQ(checkpoint.digest, std::to_string(done + 1));
  }
  EXPECT_EQ(checkpoint.counts, expected);
  EXPECT_EQ(store->jobs().get(kJob).value().counts, expected);
  auto count = [&](const std::string& sql) { return std::stoull(query_sqlite(path, sql)[0][0]); };
  EXPECT_EQ(count("SELECT count(*) FROM ingested_data"), expected.inserted);
  EXPECT_EQ(count("SELECT count(DISTINCT data) FROM ingested_data"), expected.inserted);
  EXPECT_EQ(count("SELECT count(*) FROM row_identities"), expected.inserted);
  EXPECT_EQ(count("SELECT count(*) FROM validation_errors"), expected.rejected);
  EXPECT_EQ(count("SELECT coalesce(sum(last_row - first_row + 1), 0) FROM row_outcomes"), done);
  EXPECT_EQ(store->queries().outcome(kJob, done + 1).value(), Outcome::none);
  for (std::uint64_t row = done > 100 ? done - 100 : 1; row <= done; ++row)
    EXPECT_EQ(store->queries().outcome(kJob, row).value(), is_bad(row) ? Outcome::rejected
                                                           : row <= kDistinct
                                                               ? Outcome::inserted
                                                               : store->queries().outcome(kJob, row).value());
  EXPECT_EQ(query_sqlite(path, "PRAGMA integrity_check")[0][0], "ok");
}

TEST(StoreSqliteCrash, NothingLostNothingDoubledAfterKills) {
  const char* given = std::getenv("SLUICE_CRASH_SEED");
  const unsigned seed = given ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
  SCOPED_TRACE("SLUICE_CRASH_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  TemporaryFolder folder;
  const std::string path = folder.file("store.db");
  {
    NewJob job;
    job.id = kJob;
    job.pipeline = "people";
    job.splits.push_back({.number = 1});
    ASSERT_TRUE(open_store_sqlite(path, {.page_bytes = 4096}).value()->jobs().create(job));
  }
  int kills = 0;
  for (bool finished = false; !finished && !HasFailure();) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) work(path);
    // The instant is what the test is about; after 20 kills the child may finish.
    if (kills < 20) {
      std::this_thread::sleep_for(
          std::chrono::microseconds(std::uniform_int_distribution(0, 60'000)(random)));
      kill(child, SIGKILL);
    }
    int status = 0;
    waitpid(child, &status, 0);
    const bool killed = !WIFEXITED(status);
    if (killed)
      ++kills;
    else
      EXPECT_EQ(WEXITSTATUS(status), 0);
    check(path);
    // It may have been killed between its last commit and its end.
    const JobStatus reached = open_store_sqlite(path, {}).value()->jobs().get(kJob).value().status;
    finished = !killed || reached == JobStatus::completed;
  }
  RecordProperty("kills", kills);
  EXPECT_GE(kills, 5) << "the child was too fast for this test to prove much: raise kRows";
  EXPECT_EQ(open_store_sqlite(path, {}).value()->jobs().get(kJob).value().status, JobStatus::completed);
  EXPECT_EQ(query_sqlite(path, "SELECT count(*) FROM ingested_data")[0][0],
            std::to_string(counts_after(kRows).inserted));
}

}  // namespace
}  // namespace sluice
