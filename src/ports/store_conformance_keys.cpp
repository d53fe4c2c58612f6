// Conformance: keys and their versions, unique constraints within a job.
#include <algorithm>

#include "ports/store_conformance.h"

namespace sluice {
namespace {

using Outcomes = std::vector<Outcome>;

TestRow keyed(std::uint64_t number, const std::string& key, const std::string& value) {
  return {.number = number, .data = "{\"id\":\"" + key + "\",\"value\":\"" + value + "\"}", .key = key};
}

TestRow unique(std::uint64_t number, const std::string& content, std::vector<std::string> values) {
  return {.number = number,
          .data = "{\"email\":\"" + values[0] + "\",\"value\":\"" + content + "\"}",
          .unique = values};
}

TEST_P(StoreConformance, KeyReplacesALowerVersion) {
  Job first = create(), second = create();
  run(first, spec(first, IdentityKind::key, OnDuplicate::update), {keyed(1, "A", "1"), keyed(2, "B", "1")});
  WriteSpec wanted = spec(second, IdentityKind::key, OnDuplicate::update);
  CommitReport report = run(second, wanted, {keyed(1, "A", "2"), keyed(2, "B", "1"), keyed(3, "C", "1")});
  EXPECT_EQ(report.batch, counted(1, 1, 1, 0));
  EXPECT_EQ(outcomes(second.id, 1, 3), (Outcomes{kUp, kDup, kIn}));
  auto rows = database_->rows();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].data, keyed(1, "A", "2").data);
  EXPECT_EQ(rows[0].content_hash, to_hex(Sha256().of(*rows[0].data)));
  EXPECT_EQ(rows[0].key_hash, to_hex(Sha256().of("[\"A\"]")));
  for (const auto& row : rows)
    EXPECT_EQ(row.job_id, second.id) << "ownership and version pass on, equal or not";
}

TEST_P(StoreConformance, KeyOfALowerVersionIsADuplicate) {
  Job first = create(), second = create();
  WriteSpec later = spec(second, IdentityKind::key, OnDuplicate::update);
  run(second, later, {keyed(5, "A", "new")});
  WriteSpec earlier = spec(first, IdentityKind::key, OnDuplicate::update);
  EXPECT_EQ(run(first, earlier, {keyed(9, "A", "old")}).batch, counted(0, 0, 1, 0));
  EXPECT_EQ(database_->rows()[0].data, keyed(5, "A", "new").data);
  EXPECT_EQ(database_->rows()[0].job_id, second.id);
}

TEST_P(StoreConformance, KeysWithinOneCommitFollowTheFile) {
  Job job = create();
  WriteSpec wanted = spec(job, IdentityKind::key, OnDuplicate::update);
  EXPECT_EQ(run(job, wanted, {keyed(1, "A", "1"), keyed(2, "A", "2"), keyed(3, "A", "2"), keyed(4, "A", "1")})
                .batch,
            counted(1, 2, 1, 0));
  EXPECT_EQ(outcomes(job.id, 1, 4), (Outcomes{kIn, kUp, kDup, kUp}));
  auto rows = database_->rows();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].data, keyed(4, "A", "1").data);
  EXPECT_EQ(rows[0].row_number, 4u);
}

TEST_P(StoreConformance, KeyWithSkipKeepsTheFirstAndSaysSo) {
  Job first = create(), second = create();
  WriteSpec wanted = spec(first, IdentityKind::key, OnDuplicate::skip);
  run(first, wanted, {keyed(1, "A", "1")});
  WriteSpec again = spec(second, IdentityKind::key, OnDuplicate::skip);
  EXPECT_EQ(
      run(second, again, {keyed(1, "A", "1"), keyed(2, "A", "2"), keyed(3, "B", "1"), keyed(4, "B", "2")})
          .batch,
      counted(1, 0, 1, 2));
  EXPECT_EQ(outcomes(second.id, 1, 4), (Outcomes{kDup, kRej, kIn, kRej}));
  EXPECT_EQ(database_->rows()[0].data, keyed(1, "A", "1").data);
  EXPECT_EQ(database_->rows()[0].job_id, first.id);
  auto found = rejects(second.id);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].row.row_number, 2u);
  EXPECT_EQ(found[0].row.line, 3u);
  EXPECT_EQ(found[0].row.raw, "raw of 2");
  ASSERT_EQ(found[0].row.issues.size(), 1u);
  EXPECT_EQ(found[0].row.issues[0].code, RejectCode::unique_error);
  EXPECT_EQ(found[0].row.issues[0].field, "id");
  EXPECT_EQ(found[0].row.issues[0].field_number, 1u);
  EXPECT_EQ(found[0].row.issues[0].value, "A");
}

// Whatever the order in which versions arrive, the stored row is the one of serial execution.
TEST_P(StoreConformance, VersionsInAnyOrderGiveTheSameRow) {
  struct Version {
    int job;
    TestRow row;
  };
  const std::vector<Version> versions = {{0, keyed(1, "A", "x")},
                                         {0, keyed(2, "A", "y")},
                                         {1, keyed(1, "A", "x")},
                                         {2, keyed(1, "A", "x")},
                                         {2, keyed(1001, "A", "z")}};
  std::vector<int> order = {0, 1, 2, 3, 4};
  int round = 0;
  do {
    std::vector<Job> made;
    std::string tenant = "tenant" + std::to_string(round++);
    for (int i = 0; i < 3; ++i) {
      NewJob job = new_job(2);
      job.tenant = tenant;
      made.push_back(jobs().create(job).value());
    }
    std::vector<WriteSpec> specs;
    std::vector<std::unique_ptr<RowWriter>> writers;
    std::vector<Lease> leases;
    for (const Job& job : made) {
      specs.push_back(spec(job, IdentityKind::key, OnDuplicate::update));
      writers.push_back(writer(specs.back()));
      leases.push_back(lease(job));
    }
    RowCounts sum;
    for (int i : order) {
      const Version& version = versions[static_cast<std::size_t>(i)];
      auto at = static_cast<std::size_t>(version.job);
      sum += commit(*writers[at], specs[at], leases[at], {version.row}).batch;
    }
    auto rows = database_->query("SELECT data, row_number, job_id FROM ingested_data WHERE tenant = '" +
                                 tenant + "'");
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0][0], keyed(0, "A", "z").data);
    EXPECT_EQ(rows[0][1], "1001");
    EXPECT_EQ(rows[0][2], made[2].id);
    EXPECT_EQ(sum.inserted, 1u);
    EXPECT_EQ(sum.read, 5u);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_P(StoreConformance, UniqueValuesHoldWithinAJobAcrossCommitsAndSplits) {
  Job job = create(2);
  WriteSpec wanted = spec(job);
  wanted.unique_constraints = {"email", "first + last"};
  auto writing = writer(wanted);
  Lease first = lease(job, 1), second = lease(job, 2);
  EXPECT_EQ(commit(*writing, wanted, first,
                   {unique(1, "a", {"x", "p"}), unique(2, "b", {"x", "q"}), unique(3, "c", {"y", "p"}),
                    unique(4, "d", {"z", ""}), unique(5, "e", {"w", ""})})
                .batch,
            counted(3, 0, 0, 2));
  // q and y were in rejected rows: they are free. x is taken across splits.
  EXPECT_EQ(
      commit(*writing, wanted, second, {unique(1001, "f", {"x", "r"}), unique(1002, "g", {"y", "q"})}, true)
          .batch,
      counted(1, 0, 0, 1));
  EXPECT_EQ(commit(*writing, wanted, first, {unique(6, "h", {"v", "q"})}, true).batch, counted(0, 0, 0, 1));
  EXPECT_EQ(outcomes(job.id, 1, 6), (Outcomes{kIn, kRej, kRej, kIn, kIn, kRej}));
  EXPECT_EQ(outcomes(job.id, 1001, 1002), (Outcomes{kRej, kIn}));
  auto found = rejects(job.id);
  ASSERT_EQ(found.size(), 4u);
  const Issue& issue = found[0].row.issues[0];
  EXPECT_EQ(issue.code, RejectCode::unique_error);
  EXPECT_EQ(issue.field, "email");
  EXPECT_EQ(issue.value, "x");
  EXPECT_NE(issue.message.find("row 1"), std::string::npos) << issue.message;
  EXPECT_EQ(found[1].row.issues[0].field, "first + last");
  EXPECT_EQ(number("SELECT count(*) FROM job_unique_values"), "0") << "emptied when the job ends";
}

TEST_P(StoreConformance, UniqueValuesOfOneJobDoNotConcernAnother) {
  Job first = create(), second = create();
  WriteSpec one = spec(first), two = spec(second);
  one.unique_constraints = two.unique_constraints = {"email"};
  auto writing_one = writer(one), writing_two = writer(two);
  Lease lease_one = lease(first), lease_two = lease(second);
  EXPECT_EQ(commit(*writing_one, one, lease_one, {unique(1, "a", {"x"})}).batch, counted(1, 0, 0, 0));
  EXPECT_EQ(commit(*writing_two, two, lease_two, {unique(1, "b", {"x"})}).batch, counted(1, 0, 0, 0));
  EXPECT_EQ(commit(*writing_one, one, lease_one, {}, true).job_finished, true);
  EXPECT_EQ(number("SELECT count(*) FROM job_unique_values"), "1") << "the other job is still under way";
  EXPECT_EQ(commit(*writing_two, two, lease_two, {unique(2, "c", {"x"})}, true).batch, counted(0, 0, 0, 1));
  EXPECT_EQ(number("SELECT count(*) FROM job_unique_values"), "0");
}

TEST_P(StoreConformance, AStoredIdentityIsLookedAtBeforeUniqueConstraints) {
  Job first = create(), second = create();
  WriteSpec one = spec(first), two = spec(second);
  one.unique_constraints = two.unique_constraints = {"email"};
  EXPECT_EQ(run(first, one, {unique(1, "a", {"x"}), unique(2, "a", {"x"})}).batch, counted(1, 0, 1, 0));
  // A duplicate holds its value as every row of the job does.
  EXPECT_EQ(run(second, two, {unique(1, "a", {"x"}), unique(2, "b", {"x"}), unique(3, "a", {"x"})}).batch,
            counted(0, 0, 2, 1));
  EXPECT_EQ(outcomes(second.id, 1, 3), (Outcomes{kDup, kRej, kDup}));
}

TEST_P(StoreConformance, AKeyMayReplaceItsOwnUniqueValueButNotAnothers) {
  Job job = create();
  WriteSpec wanted = spec(job, IdentityKind::key, OnDuplicate::update);
  wanted.unique_constraints = {"id", "email"};
  auto row = [](std::uint64_t number, const std::string& key, const std::string& email) {
    return TestRow{.number = number,
                   .data = "{\"email\":\"" + email + "\",\"id\":\"" + key + "\"}",
                   .key = key,
                   .unique = {key, email}};
  };
  auto writing = writer(wanted);
  Lease held = lease(job);
  EXPECT_EQ(commit(*writing, wanted, held, {row(1, "A", "x"), row(2, "A", "y"), row(3, "B", "x")}).batch,
            counted(1, 1, 0, 1));
  EXPECT_EQ(
      commit(*writing, wanted, held, {row(4, "A", "x"), row(5, "B", "z"), row(6, "B", "y")}, true).batch,
      counted(1, 1, 0, 1));
  ASSERT_EQ(database_->rows().size(), 2u);
  EXPECT_EQ(database_->rows()[0].data, row(4, "A", "x").data);
  EXPECT_EQ(database_->rows()[1].data, row(5, "B", "z").data);
}

}  // namespace
}  // namespace sluice
