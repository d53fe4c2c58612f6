// Conformance: groups that were set by hand are what the stored rows and that make of them.
#include <atomic>
#include <random>
#include <thread>

#include "ports/store_conformance.h"

namespace sluice {
namespace {

const AggregateSpec& totals() {
  static const AggregateSpec spec{"totals", {"value"}, {{"total", AggregateFunction::sum, "n", true}}};
  return spec;
}
DeclaredAggregate totals_of(const WriteSpec& writing) { return {totals(), {writing.pipeline}}; }

WriteSpec adding(WriteSpec spec) {
  spec.aggregates = {totals()};
  return spec;
}

TestRow total_row(std::uint64_t number, const std::string& value, const std::string& n) {
  return {.number = number, .data = R"({"n":)" + n + R"(,"value":")" + value + R"("})"};
}

GroupSetting set_to(const std::string& value, const std::string& sum,
                    ExpectedGroup expected = ExpectedGroup::any) {
  return {.by = {"\"" + value + "\""}, .sums = {{sum}}, .expected = expected};
}
GroupSetting set_without(const std::string& value, ExpectedGroup expected = ExpectedGroup::any) {
  return {.by = {"\"" + value + "\""}, .sums = {}, .expected = expected};
}

// "TX 5", by value.
std::vector<std::string> totals_shown(Store& store, const std::string& tenant = "default") {
  std::vector<std::string> texts;
  const auto groups = store.aggregates().groups(tenant, totals(), {}).value();
  for (const AggregateGroup& group : groups)
    texts.push_back(group.by.at(0).substr(1, group.by[0].size() - 2) + " " + group.measures.at(0));
  return texts;
}
using TotalTexts = std::vector<std::string>;

AggregateCheck made_anew(Store& store) {
  return store.aggregates()
      .rebuild("default", store.aggregates().get("default", "totals").value().value())
      .value();
}

TEST_P(StoreConformance, AGroupIsSetBeforeThereAreRowsAndLaterRowsAddToIt) {
  const Job job = create();
  const WriteSpec writing = adding(spec(job, IdentityKind::position));
  AggregateStore& store = store_->aggregates();
  const auto made = store.set("default", totals_of(writing), set_to("TX", "100")).value();
  EXPECT_FALSE(made.was_there);
  EXPECT_EQ(made.now.measures, TotalTexts{"100"});
  EXPECT_EQ(made.now.by, TotalTexts{R"("TX")"});
  EXPECT_EQ(made.now.updated_at, store.groups("default", totals(), {}).value().at(0).updated_at);
  ASSERT_TRUE(store.get("default", "totals").value()) << "it is declared by that";
  run(job, writing, {total_row(1, "TX", "0.5"), total_row(2, "CA", "7")});
  EXPECT_EQ(totals_shown(*store_), (TotalTexts{"CA 7", "TX 100.5"}));
  (void)database_->query("UPDATE aggregate_groups SET changed = false");
  const auto set = store.set("default", totals_of(writing), set_to("TX", "3")).value();
  EXPECT_EQ(number("SELECT count(*) FROM aggregate_groups WHERE changed"), "1") << "to be copied elsewhere";
  EXPECT_TRUE(set.was_there);
  EXPECT_EQ(totals_shown(*store_), (TotalTexts{"CA 7", "TX 3"}));
  EXPECT_EQ(made_anew(*store_).wrong, 0u);
  EXPECT_EQ(totals_shown(*store_), (TotalTexts{"CA 7", "TX 3"}));
}

TEST_P(StoreConformance, WhatIsExpectedOfAGroupIsDecidedWhereItIsSet) {
  const Job job = create();
  const WriteSpec writing = adding(spec(job, IdentityKind::position));
  const DeclaredAggregate aggregate = totals_of(writing);
  AggregateStore& store = store_->aggregates();
  run(job, writing, {total_row(1, "TX", "5"), total_row(2, "TX", "6")});
  auto there = store.set("default", aggregate, set_to("TX", "1", ExpectedGroup::absent));
  ASSERT_FALSE(there);
  EXPECT_EQ(there.error().kind, ErrorKind::conflict);
  auto missing = store.set("default", aggregate, set_without("CA", ExpectedGroup::present));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  EXPECT_EQ(totals_shown(*store_), TotalTexts{"TX 11"});
  EXPECT_FALSE(store.set("default", aggregate, set_to("CA", "1", ExpectedGroup::absent)).value().was_there);
  EXPECT_TRUE(store.set("default", aggregate, set_without("TX", ExpectedGroup::present)).value().was_there);
  EXPECT_FALSE(store.set("default", aggregate, set_without("TX", ExpectedGroup::present)));
  EXPECT_EQ(totals_shown(*store_), TotalTexts{"CA 1"});
  EXPECT_EQ(made_anew(*store_).wrong, 0u);
  EXPECT_EQ(totals_shown(*store_), TotalTexts{"CA 1"});
  // What comes later begins at nothing.
  const Job later = create();
  run(later, adding(spec(later, IdentityKind::position)), {total_row(1, "TX", "4")});
  EXPECT_EQ(totals_shown(*store_), (TotalTexts{"CA 1", "TX 4"}));
  EXPECT_FALSE(store.set("default", aggregate, set_to("TX", "9", ExpectedGroup::absent)));
  EXPECT_EQ(made_anew(*store_).wrong, 0u);
}

TEST_P(StoreConformance, RowsThatGoAreTakenFromWhatWasSet) {
  const Job first = create(), second = create();
  const WriteSpec writing = adding(spec(first, IdentityKind::position));
  AggregateStore& store = store_->aggregates();
  run(first, writing, {total_row(1, "TX", "5"), total_row(2, "TX", "6"), total_row(3, "CA", "1")});
  run(second, adding(spec(second, IdentityKind::position)), {total_row(1, "CA", "2")});
  (void)store.set("default", totals_of(writing), set_to("TX", "100")).value();
  (void)store.set("default", totals_of(writing), set_without("CA")).value();
  ASSERT_TRUE(jobs().remove(first.id, KeepRows::no, DespiteDuplicates::no));
  EXPECT_EQ(totals_shown(*store_), TotalTexts{"TX 89"}) << "what was set stays, less the rows";
  EXPECT_EQ(made_anew(*store_).wrong, 0u);
  EXPECT_EQ(totals_shown(*store_), TotalTexts{"TX 89"});
  (void)store.set("default", totals_of(writing), set_to("CA", "4")).value();
  ASSERT_TRUE(jobs().remove(second.id, KeepRows::no, DespiteDuplicates::no));
  EXPECT_EQ(totals_shown(*store_), (TotalTexts{"CA 2", "TX 89"}));
  EXPECT_EQ(made_anew(*store_).wrong, 0u);
  EXPECT_EQ(totals_shown(*store_), (TotalTexts{"CA 2", "TX 89"}));
}

TEST_P(StoreConformance, WhatWasSetOutlivesGroupsThatAreLost) {
  const Job job = create();
  const WriteSpec writing = adding(spec(job, IdentityKind::position));
  run(job, writing, {total_row(1, "TX", "5"), total_row(2, "CA", "1")});
  (void)store_->aggregates()
      .set("default", totals_of(writing), set_to("TX", "1234567890123456789.5"))
      .value();
  (void)store_->aggregates().set("default", totals_of(writing), set_without("CA")).value();
  const TotalTexts before = totals_shown(*store_);
  EXPECT_EQ(before, TotalTexts{R"(TX "1234567890123456789.5")"});
  (void)database_->query("DELETE FROM aggregate_groups");
  const AggregateCheck check = made_anew(*store_);
  EXPECT_EQ(check.rows, 2u);
  EXPECT_EQ(check.groups, 1u);
  EXPECT_EQ(check.wrong, 1u);
  EXPECT_EQ(totals_shown(*store_), before);
}

// A pipeline that had rows before it had the aggregate.
TEST_P(StoreConformance, SettingAGroupDeclaresTheAggregateWithWhatIsStored) {
  const Job before = create(), after = create();
  run(before, spec(before, IdentityKind::position), {total_row(1, "TX", "5"), total_row(2, "CA", "1")});
  const DeclaredAggregate aggregate = totals_of(spec(before));
  auto there = store_->aggregates().set("default", aggregate, set_to("TX", "1", ExpectedGroup::absent));
  ASSERT_FALSE(there);
  EXPECT_EQ(there.error().kind, ErrorKind::conflict);
  EXPECT_FALSE(store_->aggregates().get("default", "totals").value()) << "refused as a whole";
  (void)store_->aggregates().set("default", aggregate, set_to("TX", "100", ExpectedGroup::present)).value();
  EXPECT_EQ(totals_shown(*store_), (TotalTexts{"CA 1", "TX 100"}));
  run(after, adding(spec(after, IdentityKind::position)), {total_row(1, "TX", "1")});
  EXPECT_EQ(totals_shown(*store_), (TotalTexts{"CA 1", "TX 101"}));
  EXPECT_EQ(made_anew(*store_).wrong, 0u);
}

TEST_P(StoreConformance, OnlySumsOfWhatIsDeclaredAreSet) {
  const Job job = create();
  const WriteSpec writing = adding(spec(job, IdentityKind::position));
  AggregateStore& store = store_->aggregates();
  run(job, writing, {total_row(1, "TX", "5")});
  auto kind_of = [&](const DeclaredAggregate& aggregate, const GroupSetting& setting) {
    auto refused = store.set("default", aggregate, setting);
    return refused ? ErrorKind::internal : refused.error().kind;
  };
  DeclaredAggregate counting{aggregate_of_tests(), {writing.pipeline}};
  EXPECT_EQ(kind_of(counting, {.by = {R"("TX")"}, .sums = {{"1", "1", "1", "1"}}}), ErrorKind::usage);
  DeclaredAggregate another = totals_of(writing);
  another.spec.by = {"n"};
  EXPECT_EQ(kind_of(another, set_to("TX", "1")), ErrorKind::conflict);
  for (const char* sum : {"", "x", "1e999"})
    EXPECT_EQ(kind_of(totals_of(writing), set_to("TX", sum)), ErrorKind::usage);
  EXPECT_EQ(kind_of(totals_of(writing), {.by = {}, .sums = {{"1"}}}), ErrorKind::usage);
  EXPECT_EQ(kind_of(totals_of(writing), {.by = {R"("TX")"}, .sums = TotalTexts{}}), ErrorKind::usage);
  EXPECT_EQ(totals_shown(*store_), TotalTexts{"TX 5"});
}

TEST_P(StoreConformance, TenantsSetGroupsOfTheirOwn) {
  const Job job = create();
  const WriteSpec writing = adding(spec(job, IdentityKind::position));
  run(job, writing, {total_row(1, "TX", "5")});
  (void)store_->aggregates()
      .set("acme", totals_of(writing), set_to("TX", "7", ExpectedGroup::absent))
      .value();
  (void)store_->aggregates().set("default", totals_of(writing), set_to("TX", "6")).value();
  EXPECT_EQ(totals_shown(*store_), TotalTexts{"TX 6"});
  EXPECT_EQ(totals_shown(*store_, "acme"), TotalTexts{"TX 7"});
  (void)store_->aggregates().set("acme", totals_of(writing), set_without("TX")).value();
  EXPECT_EQ(totals_shown(*store_), TotalTexts{"TX 6"});
  EXPECT_EQ(totals_shown(*store_, "acme"), TotalTexts{});
  EXPECT_EQ(made_anew(*store_).wrong, 0u);
}

// Sessions that commit, one that sets, one that makes anew, all at once. What is set by hand hides what came
// before; whether rows and groups still fit is what making them anew says.
TEST_P(StoreConformance, SettingWhileOthersCommitLosesNothing) {
  constexpr int kThreads = 3, kCommits = 20, kRows = 6;
  std::vector<Job> made;
  for (int i = 0; i < kThreads; ++i) made.push_back(create());
  const DeclaredAggregate aggregate = totals_of(spec(made[0]));
  std::atomic<std::uint64_t> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (const Job& job : made)
      threads.emplace_back([&] {
        std::mt19937 random(static_cast<unsigned>(&job - made.data()));
        const WriteSpec writing = adding(spec(job, IdentityKind::position));
        auto rows_in = writer(writing);
        const Lease held = lease(job);
        std::uint64_t number = 1;
        for (int at = 0; at < kCommits; ++at) {
          std::vector<TestRow> rows;
          for (int i = 0; i < kRows; ++i)
            rows.push_back(total_row(number++, std::string(1, static_cast<char>('A' + random() % 3)), "1"));
          commit(*rows_in, writing, held, rows, at + 1 == kCommits);
        }
      });
    threads.emplace_back([&] {
      for (int at = 0; at < kCommits; ++at) {
        const std::string value(1, static_cast<char>('A' + at % 3));
        auto set = store_->aggregates().set(
            "default", aggregate,
            at % 4 == 3 ? set_without(value) : set_to(value, std::to_string(1000 * at)));
        EXPECT_TRUE(set) << set.error().message;
      }
    });
    threads.emplace_back([&] {
      for (int at = 0; at < 5; ++at) {
        auto declared = store_->aggregates().get("default", "totals");
        if (!declared || !*declared) continue;
        auto check = store_->aggregates().rebuild("default", **declared);
        if (check) wrong += check->wrong;
      }
    });
  }
  EXPECT_EQ(wrong, 0u);
  const AggregateCheck check = made_anew(*store_);
  EXPECT_EQ(check.rows, static_cast<std::uint64_t>(kThreads * kCommits * kRows));
  EXPECT_EQ(check.wrong, 0u);
}

}  // namespace
}  // namespace sluice
