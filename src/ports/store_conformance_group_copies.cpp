// Conformance: which groups wait to be copied to another database.
#include <set>

#include "ports/store_conformance.h"

namespace sluice {
namespace {

// What waits to be copied, as "key: rows total, version".
std::vector<std::string> to_copy(Store& store) {
  std::vector<std::string> texts;
  const auto aggregates = store.group_copies().changed().value();
  for (const ChangedAggregate& aggregate : aggregates) {
    const auto groups = store.group_copies().changed_groups(aggregate, 1000).value();
    for (const ChangedGroup& changed : groups)
      texts.push_back(aggregate.tenant + "/" + aggregate.spec.name + " " + changed.group.by.at(0) + ": " +
                      std::to_string(changed.group.rows) + " " + changed.group.measures.at(3) + ", " +
                      std::to_string(changed.version));
  }
  std::ranges::sort(texts);
  return texts;
}
void copied_all(Store& store) {
  const auto aggregates = store.group_copies().changed().value();
  for (const ChangedAggregate& aggregate : aggregates) {
    const auto groups = store.group_copies().changed_groups(aggregate, 1000).value();
    ASSERT_TRUE(store.group_copies().copied(aggregate, groups));
  }
}

TEST_P(StoreConformance, AChangedGroupIsMarkedUntilItIsCopied) {
  const Job first = create();
  run(first, with_aggregate(spec(first)), {row_of(1, "a", "TX", 5), row_of(2, "b", "CA", 7)});
  const auto both = to_copy(*store_);
  ASSERT_EQ(both.size(), 2u);
  EXPECT_TRUE(both[0].starts_with("default/by_value \"CA\": 1 7, ")) << both[0];
  copied_all(*store_);
  EXPECT_TRUE(store_->group_copies().changed().value().empty());

  const Job second = create();
  run(second, with_aggregate(spec(second)), {row_of(1, "c", "TX", 1)});
  const auto one = to_copy(*store_);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_TRUE(one[0].starts_with("default/by_value \"TX\": 2 6, ")) << one[0];
}

TEST_P(StoreConformance, AGroupThatChangesWhileItIsCopiedStaysMarked) {
  const Job first = create(), second = create();
  run(first, with_aggregate(spec(first)), {row_of(1, "a", "TX", 5)});
  const auto aggregate = store_->group_copies().changed().value().at(0);
  const auto before = store_->group_copies().changed_groups(aggregate, 10).value();
  run(second, with_aggregate(spec(second)), {row_of(1, "b", "TX", 1)});
  ASSERT_TRUE(store_->group_copies().copied(aggregate, before));
  const auto after = store_->group_copies().changed_groups(aggregate, 10).value();
  ASSERT_EQ(after.size(), 1u);
  EXPECT_GT(after[0].version, before[0].version);
  EXPECT_EQ(after[0].hash, before[0].hash);
}

TEST_P(StoreConformance, TheVersionOfAGroupRisesThroughItsRemoval) {
  const Job first = create(), second = create();
  const auto version = [&] {
    const auto aggregate = store_->group_copies().changed().value().at(0);
    const auto group = store_->group_copies().changed_groups(aggregate, 10).value().at(0);
    EXPECT_TRUE(store_->group_copies().copied(aggregate, std::span(&group, 1)));
    return std::pair(group.version, group.group.rows);
  };
  run(first, with_aggregate(spec(first)), {row_of(1, "a", "TX", 5)});
  const auto there = version();
  EXPECT_EQ(there.second, 1);
  ASSERT_TRUE(jobs().remove(first.id, KeepRows::no, DespiteDuplicates::no));
  const auto gone = version();
  EXPECT_EQ(gone.second, 0);
  EXPECT_GT(gone.first, there.first);
  EXPECT_EQ(groups(), std::vector<std::string>());
  run(second, with_aggregate(spec(second)), {row_of(1, "a", "TX", 5)});
  const auto again = version();
  EXPECT_EQ(again.second, 1);
  EXPECT_GT(again.first, gone.first);
}

TEST_P(StoreConformance, AValueThatIsToBeLookedUpIsNotCopiedBefore) {
  const Job first = create(), second = create();
  run(first, with_aggregate(spec(first)), {row_of(1, "a", "TX", 5), row_of(2, "b", "TX", 3)});
  run(second, with_aggregate(spec(second)), {row_of(1, "c", "TX", 9)});
  ASSERT_TRUE(jobs().remove(second.id, KeepRows::no, DespiteDuplicates::no));  // its greatest goes
  const auto aggregate = store_->group_copies().changed().value().at(0);
  EXPECT_TRUE(aggregate.to_look_up);
  EXPECT_TRUE(store_->group_copies().changed_groups(aggregate, 10).value().empty());
  ASSERT_TRUE(store_->aggregates().look_up("default", aggregate.spec));
  EXPECT_FALSE(store_->group_copies().changed().value().at(0).to_look_up);
  const auto group = store_->group_copies().changed_groups(aggregate, 10).value().at(0);
  EXPECT_EQ(group.group.measures, (std::vector<std::string>{"5", "3", "2", "8"}));
}

TEST_P(StoreConformance, EveryGroupIsCopiedAgainWhereItsCopiesAreGone) {
  const Job first = create();
  run(first, with_aggregate(spec(first)), {row_of(1, "a", "TX", 5), row_of(2, "b", "CA", 7)});
  const auto aggregate = store_->group_copies().changed().value().at(0);
  const auto before = store_->group_copies().changed_groups(aggregate, 10).value();
  copied_all(*store_);
  ASSERT_TRUE(store_->group_copies().mark_all());
  const auto again = store_->group_copies().changed_groups(aggregate, 10).value();
  ASSERT_EQ(again.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(again[i].hash, before[i].hash);
    EXPECT_GT(again[i].version, before[i].version);  // whatever a copy has now is older
    EXPECT_EQ(again[i].group.measures, before[i].group.measures);
  }
  copied_all(*store_);
  // What is made anew and was wrong changed with that.
  (void)database_->query("DELETE FROM ingested_data WHERE row_number = 2");
  ASSERT_TRUE(
      store_->aggregates().rebuild("default", *store_->aggregates().get("default", "by_value").value()));
  const auto wrong = to_copy(*store_);
  ASSERT_EQ(wrong.size(), 1u);
  EXPECT_TRUE(wrong[0].starts_with("default/by_value \"CA\": 0 ")) << wrong[0];
}

TEST_P(StoreConformance, GroupsAreTakenInTurns) {
  const Job first = create();
  run(first, with_aggregate(spec(first)),
      {row_of(1, "a", "TX", 5), row_of(2, "b", "CA", 7), row_of(3, "c", "NY", 7)});
  const auto aggregate = store_->group_copies().changed().value().at(0);
  std::set<std::string> told;
  for (int i = 0; i < 3; ++i)  // none of them is copied, as if each had changed again
    told.insert(store_->group_copies().changed_groups(aggregate, 1).value().at(0).hash);
  EXPECT_EQ(told.size(), 3u);
}

TEST_P(StoreConformance, OneAtATimeCopiesGroups) {
  GroupCopies& copies = store_->group_copies();
  const auto store = copies.hold("first", kLong).value();
  ASSERT_TRUE(store);
  EXPECT_FALSE(copies.hold("second", kLong).value());
  EXPECT_EQ(copies.hold("first", std::chrono::milliseconds(0)).value(), store);  // gives it back
  EXPECT_EQ(copies.hold("second", kLong).value(), store);
  EXPECT_EQ(database_->open()->group_copies().hold("second", kLong).value(), store);
}

}  // namespace
}  // namespace sluice
