// Conformance: content and position identity, what a commit reports and leaves behind.
#include "ports/store_conformance.h"

namespace sluice {
namespace {

using Outcomes = std::vector<Outcome>;

TEST_P(StoreConformance, ContentStoresEqualRowsOnce) {
  Job job = create();
  CommitReport report = run(job, spec(job), {good(1, "a"), good(2, "b"), good(3, "a"), bad(4), good(5, "c")});
  EXPECT_EQ(report.batch, counted(3, 0, 1, 1));
  EXPECT_EQ(report.job, counted(3, 0, 1, 1));
  EXPECT_TRUE(report.job_finished);
  EXPECT_EQ(outcomes(job.id, 1, 6), (Outcomes{kIn, kIn, kDup, kRej, kIn, kNone}));
  auto rows = database_->rows();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].data, "{\"value\":\"a\"}");
  EXPECT_EQ(rows[0].content_hash, to_hex(Sha256().of(*rows[0].data)));
  EXPECT_EQ(rows[0].row_number, 1u);
  EXPECT_EQ(rows[2].data, "{\"value\":\"c\"}");
  for (const auto& row : rows) {
    EXPECT_EQ(row.tenant, "default");
    EXPECT_EQ(row.pipeline, "people");
    EXPECT_EQ(row.job_id, job.id);
    EXPECT_EQ(row.metadata, "∅");
  }
}

TEST_P(StoreConformance, ContentKnowsRowsOfEarlierCommitsAndJobs) {
  Job first = create(), second = create();
  WriteSpec first_spec = spec(first);
  auto writing = writer(first_spec);
  Lease held = lease(first);
  EXPECT_EQ(commit(*writing, first_spec, held, {good(1, "a"), good(2, "b")}).batch, counted(2, 0, 0, 0));
  EXPECT_EQ(commit(*writing, first_spec, held, {good(3, "b"), good(4, "c")}, true).job, counted(3, 0, 1, 0));
  EXPECT_EQ(run(second, spec(second), {good(1, "c"), good(2, "d")}).batch, counted(1, 0, 1, 0));
  EXPECT_EQ(outcomes(first.id, 1, 4), (Outcomes{kIn, kIn, kDup, kIn}));
  EXPECT_EQ(outcomes(second.id, 1, 2), (Outcomes{kDup, kIn}));
  EXPECT_EQ(database_->rows().size(), 4u);
}

TEST_P(StoreConformance, TouchMovesOwnershipAndSkipDoesNot) {
  Job first = create(), second = create(), third = create();
  run(first, spec(first), {good(1, "a"), good(2, "b")});
  run(second, spec(second), {good(7, "a")});
  run(third, spec(third, IdentityKind::content, OnDuplicate::skip), {good(9, "b")});
  auto rows = database_->rows();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].job_id, second.id);
  EXPECT_EQ(rows[0].row_number, 7u);
  EXPECT_EQ(rows[1].job_id, first.id);
  EXPECT_EQ(rows[1].row_number, 2u);
}

TEST_P(StoreConformance, TouchWithinAJobKeepsTheLowestRowNumber) {
  Job job = create(2);
  WriteSpec wanted = spec(job);
  auto writing = writer(wanted);
  commit(*writing, wanted, lease(job, 2), {good(1001, "a"), good(1002, "b")}, true);
  commit(*writing, wanted, lease(job, 1), {good(1, "a")}, true);
  EXPECT_EQ(database_->rows()[0].row_number, 1u);
  EXPECT_EQ(outcomes(job.id, 1001, 1001), Outcomes{kIn});
  EXPECT_EQ(outcomes(job.id, 1, 1), Outcomes{kDup});
}

TEST_P(StoreConformance, PositionCountsEveryRowOnce) {
  Job job = create(2), other = create();
  WriteSpec wanted = spec(job, IdentityKind::position);
  auto writing = writer(wanted);
  Lease held = lease(job);
  EXPECT_EQ(commit(*writing, wanted, held, {good(1, "a"), good(2, "a"), good(3, "a")}).batch,
            counted(3, 0, 0, 0));
  // Delivered again under another split of the same job, and as it is in another job.
  EXPECT_EQ(commit(*writing, wanted, lease(job, 2), {good(2, "a"), good(3, "x"), good(4, "a")}).batch,
            counted(1, 0, 2, 0));
  EXPECT_EQ(run(other, spec(other, IdentityKind::position), {good(1, "a"), good(2, "a")}).batch,
            counted(2, 0, 0, 0));
  EXPECT_EQ(database_->rows().size(), 6u);
  EXPECT_EQ(database_->rows()[2].data, "{\"value\":\"a\"}") << "a known position keeps what is stored";
}

TEST_P(StoreConformance, TenantsAndPipelinesAreApart) {
  Job job = create();
  WriteSpec here = spec(job);
  run(job, here, {good(1, "a")});
  for (auto [tenant, pipeline] : {std::pair{"other", "people"}, std::pair{"default", "animals"}}) {
    NewJob made = new_job();
    made.tenant = tenant;
    made.pipeline = pipeline;
    Job there = jobs().create(made).value();
    EXPECT_EQ(run(there, spec(there), {good(1, "a")}).batch, counted(1, 0, 0, 0));
  }
  EXPECT_EQ(database_->rows().size(), 3u);
}

TEST_P(StoreConformance, MetadataAndOddTextAreKeptAsTheyAre) {
  Job job = create();
  TestRow row = good(1, "naïve ' \\\" 日本 \\u0001");
  row.metadata = "{\"extra\":[1,2]}";
  run(job, spec(job), {row});
  EXPECT_EQ(database_->rows()[0].data, row.data);
  EXPECT_EQ(database_->rows()[0].metadata, row.metadata);
}

TEST_P(StoreConformance, ARowThatSomebodyDeletedIsStoredAgain) {
  for (OnDuplicate on_duplicate : {OnDuplicate::touch, OnDuplicate::skip}) {
    Job first = create(), second = create();
    run(first, spec(first), {good(1, "a"), good(2, "b")});
    database_->query("DELETE FROM ingested_data WHERE row_number = 2");
    EXPECT_EQ(
        run(second, spec(second, IdentityKind::content, on_duplicate), {good(1, "a"), good(2, "b")}).batch,
        counted(1, 0, 1, 0));
    EXPECT_EQ(database_->rows().size(), 2u);
    database_->query("DELETE FROM ingested_data");
  }
}

}  // namespace
}  // namespace sluice
