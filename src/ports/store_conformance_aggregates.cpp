// Conformance: groups are what the stored rows make of them, whatever stored, replaced and removed these.
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "ports/store_conformance.h"

namespace sluice {

AggregateSpec aggregate_of_tests() {
  return {"by_value",
          {"value"},
          {{"greatest", AggregateFunction::max, "n", true},
           {"least", AggregateFunction::min, "n", true},
           {"rows_of_it", AggregateFunction::count, "", false},
           {"total", AggregateFunction::sum, "n", true}}};
}

std::vector<std::string> groups_of(const std::vector<std::string>& rows) {
  struct Group {
    int count = 0;
    std::vector<long> numbers;
  };
  std::map<std::string, Group> groups;
  for (const std::string& row : rows) {
    const auto json = nlohmann::json::parse(row);
    Group& group = groups[json.contains("value") ? json["value"].dump() : "null"];
    ++group.count;
    if (json.contains("n")) group.numbers.push_back(json["n"].get<long>());
  }
  std::vector<std::string> texts;
  for (auto& [value, group] : groups) {
    std::ranges::sort(group.numbers);
    long total = 0;
    for (long number : group.numbers) total += number;
    const bool any = !group.numbers.empty();
    texts.push_back(value + ": " + std::to_string(group.count) + " " + std::to_string(total) + " " +
                    (any ? std::to_string(group.numbers.front()) : "null") + " " +
                    (any ? std::to_string(group.numbers.back()) : "null"));
  }
  return texts;
}

std::vector<std::string> StoreConformance::groups(const std::string& tenant) {
  std::vector<std::string> texts;
  auto found = store_->aggregates().groups(tenant, aggregate_of_tests(), {.limit = 10'000});
  if (!found) throw std::runtime_error(found.error().message);
  for (const AggregateGroup& group : *found)
    texts.push_back(group.by.at(0) + ": " + group.measures.at(2) + " " + group.measures.at(3) + " " +
                    group.measures.at(1) + " " + group.measures.at(0));
  std::ranges::sort(texts);
  return texts;
}

TestRow row_of(std::uint64_t number, const std::string& key, const std::string& value, int n) {
  TestRow row{.number = number};
  row.key = key;
  row.data = "{\"id\":\"" + key + "\",\"n\":" + std::to_string(n) + ",\"value\":\"" + value + "\"}";
  return row;
}

WriteSpec with_aggregate(WriteSpec spec) {
  spec.aggregates = {aggregate_of_tests()};
  return spec;
}

namespace {

TEST_P(StoreConformance, RowsThatAJobOwnsLeaveTheGroupsWithIt) {
  const Job first = create(), second = create();
  run(first, with_aggregate(spec(first, IdentityKind::key, OnDuplicate::update)),
      {row_of(1, "a", "TX", 5), row_of(2, "b", "TX", 7), row_of(3, "c", "CA", 1)});
  run(second, with_aggregate(spec(second, IdentityKind::key, OnDuplicate::update)),
      {row_of(1, "b", "CA", 9), row_of(2, "d", "NY", -4)});
  EXPECT_EQ(groups(),
            (std::vector<std::string>{R"("CA": 2 10 1 9)", R"("NY": 1 -4 -4 -4)", R"("TX": 1 5 5 5)"}));
  ASSERT_TRUE(jobs().remove(second.id, KeepRows::no, DespiteDuplicates::no));
  EXPECT_EQ(groups(), (std::vector<std::string>{R"("CA": 1 1 1 1)", R"("TX": 1 5 5 5)"}));
  ASSERT_TRUE(jobs().remove(first.id, KeepRows::yes, DespiteDuplicates::no));
  EXPECT_EQ(groups().size(), 2u) << "the rows are still there";
}

TEST_P(StoreConformance, RowsInATableOfTheirOwnAreInTheGroups) {
  auto typed = [&](const Job& job) {
    WriteSpec made = with_aggregate(spec(job, IdentityKind::key, OnDuplicate::update));
    made.target = {"people_of_groups", {{"id", ColumnType::text}, {"n", ColumnType::integer}}};
    return made;
  };
  auto row = [&](std::uint64_t number, const std::string& key, const std::string& value, int n,
                 const char* text) {
    TestRow made = row_of(number, key, value, n);
    made.typed = {Cell::string(text), Cell::number("1")};
    return made;
  };
  const Job first = create(), second = create();
  run(first, typed(first), {row(1, "a", "TX", 5, "a"), row(2, "b", "TX", 7, "b")});
  run(second, typed(second), {row(1, "b", "CA", 7, "b")});
  EXPECT_EQ(groups(), (std::vector<std::string>{R"("CA": 1 7 7 7)", R"("TX": 1 5 5 5)"}));
  ASSERT_TRUE(jobs().remove(first.id, KeepRows::no, DespiteDuplicates::yes));
  EXPECT_EQ(groups(), (std::vector<std::string>{R"("CA": 1 7 7 7)"}));
  WriteSpec later = typed(create());
  later.aggregates.push_back({"another", {"value"}, {{"rows", AggregateFunction::count, "", false}}});
  auto refused = store_->open_writer(later);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  // Without the table the whole row is kept again.
  const Job third = create(), fourth = create();
  run(third, with_aggregate(spec(third, IdentityKind::key, OnDuplicate::update)), {row_of(1, "b", "CA", 8)});
  run(fourth, with_aggregate(spec(fourth, IdentityKind::key, OnDuplicate::update)),
      {row_of(1, "b", "CA", 9)});
  EXPECT_EQ(groups(), (std::vector<std::string>{R"("CA": 1 9 9 9)"}));
}

TEST_P(StoreConformance, AnAggregateThatComesLaterHasInItWhatWasStored) {
  const Job before = create(), under_way = create(), after = create();
  run(before, spec(before), {row_of(1, "a", "TX", 5), row_of(2, "b", "CA", 7)});
  WriteSpec old_plan = spec(under_way);
  auto old_writer = writer(old_plan);
  const Lease old_lease = lease(under_way);
  commit(*old_writer, old_plan, old_lease, {row_of(1, "c", "TX", 1)});
  run(after, with_aggregate(spec(after)), {row_of(1, "a", "TX", 5), row_of(2, "d", "TX", 2)});
  // A job that was planned when there was no aggregate adds to it all the same.
  commit(*old_writer, old_plan, old_lease, {row_of(2, "e", "NY", 3)}, true);
  EXPECT_EQ(groups(), (std::vector<std::string>{R"("CA": 1 7 7 7)", R"("NY": 1 3 3 3)", R"("TX": 3 8 1 5)"}));
}

TEST_P(StoreConformance, OneNameMeansOneAggregate) {
  const Job first = create(), second = create();
  run(first, with_aggregate(spec(first)), {row_of(1, "a", "TX", 5)});
  WriteSpec other = with_aggregate(spec(second));
  other.pipeline = "other";
  other.aggregates[0].measures.pop_back();
  auto refused = store_->open_writer(other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  EXPECT_NE(refused.error().message.find("'by_value'"), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("'" + spec(first).pipeline + "'"), std::string::npos);
  WriteSpec same = with_aggregate(spec(second));
  same.pipeline = "other";  // one that says the same adds to it
  run(second, same, {row_of(1, "a", "TX", 6)});
  EXPECT_EQ(groups(), (std::vector<std::string>{R"("TX": 2 11 5 6)"}));
  const auto declared = store_->aggregates().get("default", "by_value").value();
  ASSERT_TRUE(declared);
  EXPECT_EQ(declared->spec, aggregate_of_tests());
  EXPECT_EQ(declared->pipelines.size(), 2u);
  EXPECT_FALSE(store_->aggregates().get("default", "none").value());
}

// Few groups that all of them change, many times, in an order of their own.
TEST_P(StoreConformance, SessionsThatChangeTheSameGroupsDoNotLoseAnything) {
  constexpr int kThreads = 4, kCommits = 25, kRows = 12;
  std::vector<Job> made;
  for (int i = 0; i < kThreads; ++i) made.push_back(create());
  std::vector<std::vector<std::string>> stored(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread)
      threads.emplace_back([&, thread] {
        std::mt19937 random(static_cast<unsigned>(thread));
        const WriteSpec writing =
            with_aggregate(spec(made[static_cast<std::size_t>(thread)], IdentityKind::position));
        auto rows_in = writer(writing);
        const Lease held = lease(made[static_cast<std::size_t>(thread)]);
        std::uint64_t number = 1;
        for (int at = 0; at < kCommits; ++at) {
          std::vector<TestRow> rows;
          for (int i = 0; i < kRows; ++i)
            rows.push_back(row_of(number++, "x", std::string(1, static_cast<char>('A' + random() % 6)),
                                  static_cast<int>(random() % 100)));
          for (const TestRow& row : rows) stored[static_cast<std::size_t>(thread)].push_back(row.data);
          commit(*rows_in, writing, held, rows, at + 1 == kCommits);
        }
      });
  }
  std::vector<std::string> all;
  for (const auto& part : stored) all.insert(all.end(), part.begin(), part.end());
  EXPECT_EQ(groups(), groups_of(all));
}

TEST_P(StoreConformance, GroupsAreListedInAnyOrderPageByPage) {
  const Job job = create();
  std::vector<TestRow> rows;
  for (int i = 0; i < 40; ++i)
    rows.push_back(
        row_of(static_cast<std::uint64_t>(i) + 1, std::to_string(i), "v" + std::to_string(i % 20), i * i));
  rows.push_back({.number = 41, .data = R"({"id":"41"})", .key = "41"});  // without a value
  run(job, with_aggregate(spec(job, IdentityKind::position)), rows);
  auto ask = [&](AggregateQuestion question) {
    std::vector<std::string> names;
    question.limit = 7;
    while (true) {
      auto page = store_->aggregates().groups("default", aggregate_of_tests(), question).value();
      for (const AggregateGroup& group : page) names.push_back(group.by[0] + " " + group.measures[3]);
      if (page.size() < question.limit) return names;
      question.after = page.back().cursor;
    }
  };
  auto by_total = ask({.sort = "total", .descending = true});
  ASSERT_EQ(by_total.size(), 21u);
  EXPECT_EQ(by_total.front(), R"("v19" 1882)");  // 19² + 39²
  EXPECT_EQ(by_total[19], R"("v0" 400)");
  EXPECT_EQ(by_total[20], "null 0");
  auto rising = ask({.sort = "total"});
  std::ranges::reverse(rising);
  EXPECT_EQ(rising, by_total);
  auto by_name = ask({});
  EXPECT_EQ(by_name[0], R"("v0" 400)");
  EXPECT_EQ(by_name[2], R"("v10" 1000)");
  EXPECT_EQ(ask({.sort = "value"}), by_name);
  EXPECT_EQ(ask({.equal = {{"value", "v10"}}}), (std::vector<std::string>{R"("v10" 1000)"}));
  EXPECT_EQ(ask({.equal = {{"value", ""}}}), (std::vector<std::string>{"null 0"}));
  EXPECT_EQ(ask({.equal = {{"value", "v99"}}}).size(), 0u);
  for (const AggregateQuestion& wrong :
       {AggregateQuestion{.sort = "totl"}, AggregateQuestion{.equal = {{"totl", ""}}},
        AggregateQuestion{.after = "x"}}) {
    auto refused = store_->aggregates().groups("default", aggregate_of_tests(), wrong);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::usage) << refused.error().message;
  }
}

TEST_P(StoreConformance, GroupsAreMadeAnewFromTheRows) {
  const Job job = create();
  run(job, with_aggregate(spec(job)),
      {row_of(1, "a", "TX", 5), row_of(2, "b", "TX", 7), row_of(3, "c", "CA", 1)});
  const auto declared = *store_->aggregates().get("default", "by_value").value();
  auto right = store_->aggregates().rebuild("default", declared).value();
  EXPECT_EQ(right.rows, 3u);
  EXPECT_EQ(right.groups, 2u);
  EXPECT_EQ(right.wrong, 0u);
  // Past the program.
  (void)database_->query("DELETE FROM ingested_data WHERE row_number <> 2");
  auto wrong = store_->aggregates().rebuild("default", declared).value();
  EXPECT_EQ(wrong.rows, 1u);
  EXPECT_EQ(wrong.wrong, 2u);
  EXPECT_EQ(groups(), (std::vector<std::string>{R"("TX": 1 7 7 7)"}));
  // What comes to a group that was taken away begins it anew.
  const Job later = create();
  run(later, with_aggregate(spec(later)), {row_of(1, "d", "CA", 2)});
  EXPECT_EQ(groups(), (std::vector<std::string>{R"("CA": 1 2 2 2)", R"("TX": 1 7 7 7)"}));
}

}  // namespace
}  // namespace sluice
