// Conformance: a job is removed (JobStore::remove), with its rows or without.
#include <algorithm>
#include <thread>

#include "ports/store_conformance.h"

namespace sluice {
namespace {

using Texts = std::vector<std::string>;
constexpr const char* kOfJobs[] = {"validation_errors", "row_outcomes", "ingestion_splits",
                                   "job_unique_values"};

std::vector<std::string> data_of(const std::vector<StoredRow>& rows) {
  std::vector<std::string> data;
  for (const StoredRow& row : rows) data.push_back(*row.data);
  std::ranges::sort(data);
  return data;
}

std::string value(const std::string& text) { return "{\"value\":\"" + text + "\"}"; }

TEST_P(StoreConformance, AJobThatHasEndedIsRemovedWithWhatBelongsToIt) {
  Job job = create(), other = create();
  WriteSpec to = spec(job), beside = spec(other);
  to.unique_constraints = beside.unique_constraints = {"value"};
  beside.pipeline = "others";
  auto row = [](std::uint64_t number, const std::string& value) {
    TestRow made = good(number, value);
    made.unique = {value};
    return made;
  };
  Lease held = lease(job);
  auto writing = writer(to);
  commit(*writing, to, held, {row(1, "a"), bad(2)});
  commit(*writer(beside), beside, lease(other), {row(1, "a"), bad(2)});
  auto refused = jobs().remove(job.id, KeepRows::yes, DespiteDuplicates::yes);
  ASSERT_FALSE(refused) << "it has not ended";
  EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
  ASSERT_TRUE(jobs().end(job.id, JobStatus::failed, "no"));
  ASSERT_TRUE(jobs().remove(job.id, KeepRows::yes, DespiteDuplicates::no));
  EXPECT_EQ(jobs().get(job.id).error().kind, ErrorKind::not_found);
  EXPECT_EQ(jobs().splits(job.id).error().kind, ErrorKind::not_found);
  EXPECT_TRUE(rejects(job.id).empty());
  EXPECT_EQ(queries().outcome(job.id, 1).value(), Outcome::none);
  for (const char* table : kOfJobs)
    EXPECT_EQ(number("SELECT count(*) FROM " + std::string(table)), "1") << table << ": the other job's";
  EXPECT_EQ(database_->rows().size(), 2u) << "its rows are kept";
  EXPECT_EQ(try_commit(*writing, to, held, {good(3, "c")}).error().kind, ErrorKind::conflict);
  EXPECT_TRUE(jobs().remove(job.id, KeepRows::no, DespiteDuplicates::no)) << "again is no error";
  EXPECT_TRUE(jobs().remove("nothing", KeepRows::no, DespiteDuplicates::no));
  EXPECT_EQ(database_->rows().size(), 2u);
}

TEST_P(StoreConformance, AJobsOwnRowsGoAndComeAgain) {
  for (IdentityKind identity : {IdentityKind::content, IdentityKind::position, IdentityKind::key}) {
    auto rows = [](const std::string& last) {
      std::vector<TestRow> made = {good(1, "a"), good(2, "b"), good(3, last)};
      for (TestRow& row : made) row.key = row.data;
      return made;
    };
    Job first = create(), second = create();
    WriteSpec to = spec(first, identity, OnDuplicate::update);
    run(first, to, rows("c"));
    ASSERT_TRUE(jobs().remove(first.id, KeepRows::no, DespiteDuplicates::no));
    EXPECT_TRUE(database_->rows().empty());
    // The same and another, in another order: nothing that was remembered of the first is in the way.
    auto again = rows("d");
    std::swap(again[0].data, again[1].data);
    std::swap(again[0].key, again[1].key);
    EXPECT_EQ(run(second, spec(second, identity, OnDuplicate::update), again).batch, counted(3, 0, 0, 0));
    EXPECT_EQ(data_of(database_->rows()), (Texts{value("a"), value("b"), value("d")}));
    ASSERT_TRUE(jobs().remove(second.id, KeepRows::no, DespiteDuplicates::no));
    EXPECT_TRUE(database_->rows().empty());
  }
}

TEST_P(StoreConformance, RowsThatALaterJobTookOverAreThatOnes) {
  Job first = create(), second = create();
  run(first, spec(first), {good(1, "a"), good(2, "b"), good(3, "c")});
  run(second, spec(second), {good(1, "b"), good(2, "d")});
  std::string before = everything();
  auto refused = jobs().remove(first.id, KeepRows::no, DespiteDuplicates::no);
  ASSERT_FALSE(refused) << "a later job relies on rows of somebody";
  EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
  EXPECT_FALSE(refused.error().retryable);
  EXPECT_NE(refused.error().message.find(second.id), std::string::npos) << refused.error().message;
  EXPECT_EQ(everything(), before);
  ASSERT_TRUE(jobs().remove(first.id, KeepRows::no, DespiteDuplicates::yes));
  EXPECT_EQ(data_of(database_->rows()), (Texts{value("b"), value("d")}));
  EXPECT_EQ(queries().outcome(second.id, 1).value(), kDup);

  Job third = create(), fourth = create();
  WriteSpec three = spec(third, IdentityKind::key, OnDuplicate::update),
            four = spec(fourth, IdentityKind::key, OnDuplicate::update);
  three.pipeline = four.pipeline = "keyed";
  auto row = [](std::uint64_t number, const std::string& key, const std::string& content) {
    TestRow made = good(number, content);
    made.key = key;
    return made;
  };
  database_->query("UPDATE ingestion_jobs SET pipeline = 'keyed' WHERE id IN ('" + third.id + "', '" +
                   fourth.id + "')");
  run(third, three, {row(1, "A", "1"), row(2, "B", "2")});
  run(fourth, four, {row(1, "A", "3")});
  ASSERT_TRUE(jobs().remove(third.id, KeepRows::no, DespiteDuplicates::no)) << "updated is no duplicate";
  EXPECT_EQ(data_of(database_->rows()), (Texts{value("3"), value("b"), value("d")}));
}

TEST_P(StoreConformance, WhereNoRowIsLeftToGoNobodyIsAsked) {
  Job first = create(), second = create();
  run(first, spec(first), {good(1, "a")});
  run(second, spec(second), {good(1, "a")});
  EXPECT_TRUE(jobs().remove(first.id, KeepRows::no, DespiteDuplicates::no)) << "all are the later job's";
  EXPECT_EQ(database_->rows().size(), 1u);
  Job third = create();
  run(third, spec(third, IdentityKind::content, OnDuplicate::skip), {good(1, "a")});
  EXPECT_EQ(jobs().remove(second.id, KeepRows::no, DespiteDuplicates::no).error().kind, ErrorKind::conflict);
  EXPECT_TRUE(jobs().remove(second.id, KeepRows::yes, DespiteDuplicates::no)) << "nothing is lost";
  EXPECT_EQ(database_->rows().size(), 1u);
}

TEST_P(StoreConformance, DuplicatesOfAJobUnderWayCountToo) {
  Job first = create(), second = create();
  run(first, spec(first), {good(1, "a")});
  WriteSpec to = spec(second, IdentityKind::content, OnDuplicate::skip);
  commit(*writer(to), to, lease(second), {good(1, "a")});
  EXPECT_EQ(jobs().remove(first.id, KeepRows::no, DespiteDuplicates::no).error().kind, ErrorKind::conflict);
  EXPECT_TRUE(jobs().remove(first.id, KeepRows::no, DespiteDuplicates::yes));
  EXPECT_TRUE(database_->rows().empty());
}

TEST_P(StoreConformance, RowsInATableOfTheirOwnGoToo) {
  Job first = create(), second = create();
  WriteSpec one = spec(first), two = spec(second);
  one.target = {"animals", {{"name", ColumnType::text}}};
  two.target = {"other \"animals\"", {{"name", ColumnType::text}}};
  two.pipeline = "others";
  auto row = [](std::uint64_t number, const std::string& name) {
    TestRow made = good(number, name);
    made.typed = {Cell::string(name)};
    return made;
  };
  database_->query("UPDATE ingestion_jobs SET pipeline = 'others' WHERE id = '" + second.id + "'");
  run(first, one, {row(1, "ant"), row(2, "bee")});
  run(second, two, {row(1, "ant"), row(2, "cat")});
  ASSERT_TRUE(jobs().remove(first.id, KeepRows::no, DespiteDuplicates::no));
  EXPECT_EQ(number("SELECT count(*) FROM animals"), "0");
  EXPECT_EQ(number("SELECT count(*) FROM \"other \"\"animals\"\"\""), "2");
  ASSERT_TRUE(jobs().remove(second.id, KeepRows::no, DespiteDuplicates::no));
  EXPECT_EQ(number("SELECT count(*) FROM \"other \"\"animals\"\"\""), "0");
  EXPECT_TRUE(database_->rows().empty());
}

TEST_P(StoreConformance, AJobIsKeptWhileItsRejectsAreCorrected) {
  Job first = create();
  run(first, spec(first), {bad(1), bad(2)});
  Job child = create_child(first.id);
  auto refused = jobs().remove(first.id, KeepRows::yes, DespiteDuplicates::no);
  ASSERT_FALSE(refused) << "its rejects are what the child's rows are held against";
  EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
  EXPECT_NE(refused.error().message.find(child.id), std::string::npos) << refused.error().message;
  ASSERT_TRUE(jobs().end(child.id, JobStatus::failed, "no"));
  ASSERT_TRUE(jobs().remove(first.id, KeepRows::yes, DespiteDuplicates::no));
  EXPECT_EQ(jobs().reopen(child.id).error().kind, ErrorKind::conflict) << "they are gone";
  NewJob late = new_job();
  late.parent_job_id = first.id;
  EXPECT_EQ(jobs().create(late).error().kind, ErrorKind::not_found);
}

TEST_P(StoreConformance, ACorrectionGoesOnWithoutTheRoot) {
  Job first = create(), child = create_child(first.id);
  auto to = [&](const Job& job) {
    WriteSpec made = spec(job, IdentityKind::position);
    made.resolves_job_id = job.parent_job_id;
    return made;
  };
  run(first, to(first), {good(1, "a"), bad(2), bad(3)});
  run(child, to(child), {good(2, "b"), bad(3)});
  ASSERT_TRUE(jobs().remove(first.id, KeepRows::no, DespiteDuplicates::no));
  EXPECT_EQ(data_of(database_->rows()), Texts{value("b")});
  // What takes the place of the removed rows in the store is not taken for them.
  Job other = create();
  run(other, to(other), {good(1, "x"), good(2, "y"), good(3, "z")});
  Job grandchild = create_child(child.id);
  EXPECT_EQ(grandchild.root_job_id, first.id);
  EXPECT_EQ(run(grandchild, to(grandchild), {good(3, "c")}).batch, counted(1, 0, 0, 0));
  Job again = create_child(child.id);
  EXPECT_EQ(run(again, spec(again, IdentityKind::position), {good(1, "a"), good(2, "b")}).batch,
            counted(1, 0, 1, 0));
  EXPECT_EQ(database_->rows().size(), 6u);
}

// Whatever comes first: a row that a job counted as a duplicate is in the store.
TEST_P(StoreConformance, RemovalAndCommitsExcludeEachOther) {
  constexpr int kRounds = 8, kCommits = 10, kRows = 20;
  auto elsewhere = database_->open();
  for (int round = 0; round < kRounds; ++round) {
    auto rows = [&](int commit) {
      std::vector<TestRow> made;
      for (int i = commit * kRows; i < (commit + 1) * kRows; ++i)
        made.push_back(
            good(static_cast<std::uint64_t>(i) + 1, std::to_string(round) + "/" + std::to_string(i)));
      return made;
    };
    Job first = create(), second = create();
    database_->query("UPDATE ingestion_jobs SET pipeline = 'p" + std::to_string(round) + "' WHERE id IN ('" +
                     first.id + "', '" + second.id + "')");
    WriteSpec one = spec(first, IdentityKind::content, OnDuplicate::skip),
              two = spec(second, IdentityKind::content, OnDuplicate::skip);
    one.pipeline = two.pipeline = "p" + std::to_string(round);
    auto writing_one = writer(one);
    Lease lease_one = lease(first), lease_two = lease(second);
    for (int i = 0; i < kCommits; ++i) commit(*writing_one, one, lease_one, rows(i), i + 1 == kCommits);
    std::jthread removal([&] {
      auto done = elsewhere->jobs().remove(first.id, KeepRows::no, DespiteDuplicates::no);
      EXPECT_TRUE(done || done.error().kind == ErrorKind::conflict) << done.error().message;
    });
    auto writing_two = writer(two);
    RowCounts sum;
    for (int i = 0; i < kCommits; ++i)
      sum += commit(*writing_two, two, lease_two, rows(i), i + 1 == kCommits).batch;
    removal.join();
    EXPECT_EQ(number("SELECT count(*) FROM ingested_data WHERE pipeline = '" + one.pipeline + "'"),
              std::to_string(kCommits * kRows))
        << sum;
  }
}

}  // namespace
}  // namespace sluice
