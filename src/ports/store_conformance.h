// The conformance suite of the Store port: what every adapter has to pass, sentence by sentence of store.h.
// Test-only. An adapter's test writes one line,
//   INSTANTIATE_TEST_SUITE_P(Sqlite, StoreConformance,
//   testing::Values(StoreFactory(make_sqlite_under_test)));
// and links the object library sluice_store_conformance.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ports/store.h"

namespace sluice {

// A row of ingested_data as the tests look at it, past the store.
struct StoredRow {
  std::string tenant, pipeline;
  std::string content_hash, key_hash;  // hex
  std::optional<std::string> data;
  std::string metadata, job_id;
  std::uint64_t row_number = 0;
  std::string id;
};

// One fresh database, and what the tests need of it beside the port. Every table and column that a query of
// the tests names is fixed by the contract or by docs/tables.md.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  // A store on this database; a second one stands for a second process.
  virtual std::unique_ptr<Store> open() = 0;
  virtual std::vector<StoredRow> rows() = 0;  // of ingested_data, as they came
  virtual std::vector<std::vector<std::string>> query(
      const std::string& sql) = 0;  // cells as text, NULL as "∅"
  // From now on a commit that writes this row number to `table` (which has a column row_number), fails.
  virtual void fail_at(const std::string& table, std::uint64_t row_number) = 0;
  virtual void heal() = 0;  // takes that back
};
// Gives nothing where its server is not there: the test is skipped.
using StoreFactory = std::function<std::unique_ptr<StoreUnderTest>()>;

// A row as the tests write it down. Equal content is equal data.
struct TestRow {
  std::uint64_t number = 0;
  std::string data;                 // JSON
  std::string key;                  // identity kind key: the key's value
  std::vector<std::string> unique;  // value of each unique constraint; "" is none
  bool bad = false;                 // rejected before the store sees it
  std::vector<Cell> typed;
  std::string metadata;
};

class StoreConformance : public testing::TestWithParam<StoreFactory> {
 protected:
  void SetUp() override;

  // A job of `split_count` splits of 1000 rows each, created in `store_`.
  NewJob new_job(std::uint32_t split_count = 1);
  Job create(std::uint32_t split_count = 1);
  Job create_child(const std::string& parent);
  Lease lease(const Job& job, std::uint32_t split = 1, const std::string& owner = "worker");
  WriteSpec spec(const Job& job, IdentityKind identity = IdentityKind::content,
                 OnDuplicate on_duplicate = OnDuplicate::touch);

  PreparedBatch batch(const WriteSpec& spec, const std::vector<TestRow>& rows);
  // One commit of these rows; the checkpoint stands after the last one.
  Result<CommitReport> try_commit(RowWriter& writer, const WriteSpec& spec, const Lease& lease,
                                  const std::vector<TestRow>& rows, bool last = false);
  CommitReport commit(RowWriter& writer, const WriteSpec& spec, const Lease& lease,
                      const std::vector<TestRow>& rows, bool last = false);
  // A whole job of one split and one commit: opened, written, ended.
  CommitReport run(const Job& job, const WriteSpec& spec, const std::vector<TestRow>& rows);

  // A job that has run: these rows were rejected, the others up to the last of them stored.
  Job create_rejects(const std::map<std::uint64_t, std::vector<Issue>>& rejects);

  // The groups of aggregate_of_tests() as "value: count sum min max", by value.
  std::vector<std::string> groups(const std::string& tenant = "default");

  std::unique_ptr<RowWriter> writer(const WriteSpec& spec);
  JobStore& jobs() { return store_->jobs(); }
  QueryStore& queries() { return store_->queries(); }
  std::vector<Outcome> outcomes(const std::string& job_id, std::uint64_t first, std::uint64_t last);
  std::vector<StoredReject> rejects(const std::string& job_id);
  std::vector<std::string> event_texts(const std::string& job_id);  // "TYPE DATA", as they were written
  std::string number(const std::string& sql);                       // the one value a query gives
  // Everything a commit may change, as text: equal before and after what must change nothing.
  std::string everything();

  std::unique_ptr<StoreUnderTest> database_;
  std::unique_ptr<Store> store_;
  std::uint64_t next_job_ = 1;
};

std::string test_job_id(std::uint64_t number);  // a UUIDv7 that counts
TestRow good(std::uint64_t number, const std::string& content);
TestRow bad(std::uint64_t number);
Identity identity_of(const WriteSpec& spec, const TestRow& row);
// Counts rows by their `value`, and sums up their `n`.
AggregateSpec aggregate_of_tests();
WriteSpec with_aggregate(WriteSpec spec);
// A row that counts in it.
TestRow row_of(std::uint64_t number, const std::string& key, const std::string& value, int n);
// The same of rows as JSON, worked out plainly.
std::vector<std::string> groups_of(const std::vector<std::string>& rows);
RowCounts counted(std::uint64_t inserted, std::uint64_t updated, std::uint64_t duplicate,
                  std::uint64_t rejected);
std::ostream& operator<<(std::ostream& out, const RowCounts& counts);

inline constexpr std::chrono::milliseconds kLong{3'600'000};  // a lease that does not end while a test runs
inline constexpr Outcome kIn = Outcome::inserted, kUp = Outcome::updated, kDup = Outcome::duplicate,
                         kRej = Outcome::rejected, kNone = Outcome::none;

}  // namespace sluice
