// Groups are what their rows make of them, whatever came and went, and in which transactions.
#include "adapters/aggregate_delta.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "base/decimal.h"

namespace sluice {
namespace {

const AggregateSpec kSales{"sales",
                           {"country", "open"},
                           {{"first", AggregateFunction::min, "day", false},
                            {"largest", AggregateFunction::max, "amount", true},
                            {"orders", AggregateFunction::count, "", false},
                            {"total", AggregateFunction::sum, "amount", true}}};

std::map<std::string, GroupState> groups_of(const AggregateSpec& spec, const AggregateDeltas& deltas) {
  std::map<std::string, GroupState> groups;
  for (const auto& [key, delta] : deltas.groups(0))
    apply(spec, delta, groups.try_emplace(key, spec).first->second);
  return groups;
}

TEST(AggregateDeltas, RowsAreGroupedByTheirValuesAsTheyStandThere) {
  const std::vector<AggregateSpec> specs{kSales};
  AggregateDeltas deltas(specs);
  for (const char* row :
       {R"({"amount":10,"country":"DE","day":"2024-01-02","open":true})",
        R"({"amount":"12345678901234567890.5","country":"DE","day":"2024-01-01","open":true})",
        R"({"amount": 1000000000000000000000, "country": "D\"E", "open": false})",
        R"({"amount":1e+21,"country":"D\"E","open":false,"other":{"country":"x"}})", R"({"day":"x"})"})
    ASSERT_TRUE(deltas.add(row)) << row;
  const auto groups = groups_of(kSales, deltas);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups.at(R"(["DE",true])").values,
            (std::vector<std::string>{R"("2024-01-01")", R"("12345678901234567890.5")", "2",
                                      R"("12345678901234567900.5")"}));
  EXPECT_EQ(groups.at(R"(["D\"E",false])").values, (std::vector<std::string>{"null", "1e+21", "2", "2e+21"}));
  EXPECT_EQ(groups.at("[null,null]").values, (std::vector<std::string>{R"("x")", "null", "1", "0"}));
}

TEST(AggregateDeltas, TextIsComparedAsItReads) {
  const AggregateMeasure text{"first", AggregateFunction::min, "day", false};
  const AggregateMeasure number{"first", AggregateFunction::min, "day", true};
  EXPECT_LT(compare_values(text, R"("\u0001")", R"("A")"), 0);  // the backslash stands behind the letters
  EXPECT_LT(compare_values(text, R"("10")", R"("9")"), 0);
  EXPECT_GT(compare_values(number, R"("10000000000000000000000.5")", "9"), 0);
  EXPECT_LT(compare_values(number, "-10", "-9.5"), 0);
  EXPECT_EQ(compare_values(number, "1e+21", R"("1000000000000000000000")"), 0);
}

TEST(AggregateDeltas, SumsMayBeLongerThanWhatIsSummed) {
  const std::vector<AggregateSpec> specs{kSales};
  GroupState state(kSales);
  for (const char* amount : {"\"9e+399\"", "\"8e+399\"", "1", "\"-1.7e+400\""}) {
    AggregateDeltas deltas(specs);
    const auto added = deltas.add(R"({"amount":)" + std::string(amount) + "}");
    if (std::string(amount).starts_with("\"-1.7")) {
      ASSERT_FALSE(added);
      EXPECT_NE(added.error().message.find("'sales' cannot sum up"), std::string::npos)
          << added.error().message;
      break;
    }
    ASSERT_TRUE(added);
    apply(kSales, deltas.groups(0).begin()->second, state);
  }
  EXPECT_EQ(state.values[3], "\"17" + std::string(398, '0') + "1\"");
}

TEST(AggregateDeltas, ListsAndObjectsAreNoValues) {
  const std::vector<AggregateSpec> specs{kSales};
  AggregateDeltas deltas(specs);
  ASSERT_TRUE(deltas.add(R"({"country":["a","b"],"day":{"x":[1]},"open":true})"));
  const auto groups = groups_of(kSales, deltas);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups.begin()->first, "[null,true]");
  EXPECT_EQ(groups.begin()->second.values[0], "null");
}

TEST(AggregateDeltas, ARowThatIsNoObjectIsSaid) {
  const std::vector<AggregateSpec> specs{kSales};
  AggregateDeltas deltas(specs);
  for (const char* row : {"", "[]", "{", R"({"amount")", "null"}) EXPECT_FALSE(deltas.add(row)) << row;
}

// Rows come and go in transactions of any size; what is kept is compared with the rows themselves.
TEST(AggregateDeltas, GroupsAreWhatTheirRowsMakeOfThem) {
  std::mt19937_64 random(20240611);
  auto below = [&](std::uint64_t bound) { return random() % bound; };
  const std::vector<AggregateSpec> specs{kSales};
  std::size_t stale_groups = 0;
  for (int round = 0; round < 100; ++round) {
    std::vector<std::string> stored;
    std::map<std::string, GroupState> groups;
    AggregateDeltas deltas(specs);
    for (int transaction = 0; transaction < 30; ++transaction) {
      deltas.clear();
      const std::size_t there = stored.size();
      for (std::uint64_t i = below(4); i > 0; --i) {
        std::string row = "{";
        if (below(6) != 0) row += "\"amount\":" + std::to_string(static_cast<int>(below(9)) - 4) + ".5,";
        if (below(6) != 0) row += "\"day\":\"2024-01-0" + std::to_string(below(9)) + "\",";
        row += "\"country\":\"" + std::string(1, static_cast<char>('A' + below(2))) + "\"}";
        ASSERT_TRUE(deltas.add(row));
        stored.push_back(std::move(row));
      }
      // A row goes by its own, or for another that comes in its place.
      for (std::uint64_t i = below(3); i > 0 && there >= 3; --i) {
        const std::size_t at = below(there - i);
        ASSERT_TRUE(deltas.remove(stored[at]));
        stored.erase(stored.begin() + static_cast<std::ptrdiff_t>(at));
      }
      for (const auto& [key, delta] : deltas.groups(0)) {
        GroupState& state = groups.try_emplace(key, kSales).first->second;
        apply(kSales, delta, state);
        if (state.rows == 0) groups.erase(key);
      }
      AggregateDeltas all(specs);
      for (const std::string& row : stored) ASSERT_TRUE(all.add(row));
      const auto expected = groups_of(kSales, all);
      ASSERT_EQ(groups.size(), expected.size());
      for (auto& [key, state] : groups) {
        const GroupState& right = expected.at(key);
        EXPECT_EQ(state.rows, right.rows);
        for (std::size_t i = 0; i < state.values.size(); ++i) {
          if (!state.stale[i]) {
            EXPECT_EQ(state.values[i], right.values[i]) << kSales.measures[i].name << " of " << key;
          }
        }
        stale_groups += std::ranges::find(state.stale, true) != state.stale.end();
        if (below(3) == 0) state = right;  // looked up in the rows that are stored
      }
    }
  }
  EXPECT_GT(stale_groups, 100u);
}

}  // namespace
}  // namespace sluice
