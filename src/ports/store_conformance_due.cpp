// Conformance: which splits are to be queued (JobStore::take_due).
#include <algorithm>
#include <random>
#include <set>
#include <thread>
#include <tuple>

#include "ports/store_conformance.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;
constexpr std::size_t kMany = 1000;

// "3/2": split 2 of the test's third job.
Texts names_of(const std::vector<DueSplit>& due) {
  Texts names;
  for (const DueSplit& split : due)
    names.push_back(std::to_string(std::stoull(split.job_id.substr(24), nullptr, 16)) + "/" +
                    std::to_string(split.split_number));
  return names;
}

TEST_P(StoreConformance, ADueSplitIsTakenOnce) {
  NewJob wanted = new_job(0);
  wanted.tenant = "acme";
  wanted.priority = 3;
  Job job = jobs().create(wanted).value();
  create();  // made with its splits: worked on by whoever made it
  auto due = jobs().take_due(kMany, kMany, kLong).value();
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].tenant, "acme");
  EXPECT_EQ(due[0].job_id, job.id);
  EXPECT_EQ(due[0].split_number, kPlanningSplit);
  EXPECT_EQ(due[0].priority, 3);
  const std::uint64_t first = due[0].generation;
  EXPECT_TRUE(jobs().take_due(kMany, kMany, kLong).value().empty()) << "it is queued";
  due = jobs().take_due(kMany, kMany, 0ms).value();
  ASSERT_EQ(due.size(), 1u) << "and lost";
  EXPECT_GT(due[0].generation, first);

  Lease planning = lease(job, kPlanningSplit);
  EXPECT_TRUE(jobs().take_due(kMany, kMany, 0ms).value().empty()) << "it is worked on";
  ASSERT_TRUE(jobs().plan(planning, "{}", new_job(2).splits));
  EXPECT_EQ(names_of(jobs().take_due(kMany, kMany, kLong).value()), (Texts{"1/1", "1/2"}));
  WriteSpec to = spec(job);
  commit(*writer(to), to, lease(job, 1), {good(1, "a")}, true);
  EXPECT_EQ(names_of(jobs().take_due(kMany, kMany, 0ms).value()), Texts{"1/2"}) << "1/1 is done";
  ASSERT_TRUE(jobs().end(job.id, JobStatus::failed, "no"));
  EXPECT_TRUE(jobs().take_due(kMany, kMany, 0ms).value().empty()) << "the job has ended";
  ASSERT_TRUE(jobs().reopen(job.id));
  EXPECT_EQ(names_of(jobs().take_due(kMany, kMany, kLong).value()), Texts{"1/2"}) << "it is open again";
}

TEST_P(StoreConformance, WhatWasGivenBackIsDueAgain) {
  jobs().create(new_job(0)).value();
  std::uint64_t generation = 0;
  auto take = [&](const char* why) {
    auto due = jobs().take_due(kMany, kMany, kLong).value();
    ASSERT_EQ(due.size(), 1u) << why;
    EXPECT_GT(due[0].generation, generation) << why;
    generation = due[0].generation;
  };
  Job job = jobs().get(test_job_id(1)).value();
  take("new");
  ASSERT_TRUE(jobs().release(lease(job, kPlanningSplit)));
  take("released");
  ASSERT_TRUE(jobs().hand_back(lease(job, kPlanningSplit), 0ms));
  take("handed back");
  ASSERT_TRUE(jobs().lease(job.id, kPlanningSplit, "dead", 0ms, nullptr));
  take("its lease has run out");
  ASSERT_TRUE(jobs().defer(lease(job, kPlanningSplit), 0ms, "no"));
  take("put off, and the time is over");
  ASSERT_TRUE(jobs().defer(lease(job, kPlanningSplit), kLong, "no"));
  EXPECT_TRUE(jobs().take_due(kMany, kMany, 0ms).value().empty()) << "put off";
}

TEST_P(StoreConformance, ADelayedJobWaitsForItsTime) {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  NewJob later = new_job(0), past = new_job(0);
  later.not_before_ms = now + kLong.count();
  past.not_before_ms = now - kLong.count();
  jobs().create(later).value();
  jobs().create(past).value();
  EXPECT_EQ(names_of(jobs().take_due(kMany, kMany, 0ms).value()), Texts{"2/0"});
  auto early = jobs().lease(later.id, kPlanningSplit, "worker", kLong, nullptr);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().kind, ErrorKind::conflict);
  EXPECT_TRUE(early.error().retryable);
}

TEST_P(StoreConformance, ATenantHasSoManyPlaces) {
  auto planned = [&](const std::string& tenant, std::uint32_t splits) {
    NewJob wanted = new_job(0);
    wanted.tenant = tenant;
    Job job = jobs().create(wanted).value();
    EXPECT_TRUE(jobs().plan(lease(job, kPlanningSplit), "{}", new_job(splits).splits));
    next_job_--;
    return job;
  };
  Job first = planned("one", 5);
  planned("two", 2);
  EXPECT_EQ(names_of(jobs().take_due(3, kMany, kLong).value()), (Texts{"1/1", "2/1", "1/2", "2/2", "1/3"}));
  EXPECT_TRUE(jobs().take_due(3, kMany, kLong).value().empty()) << "three are queued";
  Lease working = lease(first, 1);
  lease(first, 4);
  EXPECT_EQ(jobs().take_due(4, kMany, kLong).value().size(), 0u) << "two queued, two worked on";
  EXPECT_EQ(names_of(jobs().take_due(5, kMany, kLong).value()), Texts{"1/5"});
  ASSERT_TRUE(jobs().release(working));
  EXPECT_TRUE(jobs().take_due(4, kMany, kLong).value().empty());
  WriteSpec to = spec(first);
  commit(*writer(to), to, lease(first, 2), {good(1001, "a")}, true);
  EXPECT_EQ(names_of(jobs().take_due(4, kMany, kLong).value()), Texts{"1/1"}) << "a place has become free";
}

TEST_P(StoreConformance, APipelineHasSoManyPlacesWhoeverTakes) {
  auto planned = [&](const std::string& pipeline, std::uint32_t most, std::uint32_t splits) {
    NewJob wanted = new_job(0);
    wanted.pipeline = pipeline;
    wanted.most_splits = most;
    Job job = jobs().create(wanted).value();
    EXPECT_TRUE(jobs().plan(lease(job, kPlanningSplit), "{}", new_job(splits).splits));
    next_job_--;
    return job;
  };
  Job first = planned("slow", 2, 3);
  for (int i = 0; i < 4; ++i) planned("slow", 2, 1);
  planned("free", 0, 2);
  EXPECT_EQ(names_of(jobs().take_due(4, kMany, kLong).value()), (Texts{"1/1", "2/1", "6/1", "6/2"}))
      << "those that wait for their pipeline take no place of others";
  EXPECT_TRUE(jobs().take_due(kMany, kMany, kLong).value().empty());
  Lease working = lease(first, 1);
  auto elsewhere = database_->open();
  EXPECT_TRUE(elsewhere->jobs().take_due(kMany, kMany, kLong).value().empty()) << "it is worked on";
  WriteSpec to = spec(first);
  commit(*writer(to), to, working, {good(1, "a")}, true);
  EXPECT_EQ(names_of(elsewhere->jobs().take_due(kMany, kMany, kLong).value()), Texts{"1/2"});
}

TEST_P(StoreConformance, TheBacklogIsWhatCouldBeDoneNow) {
  const auto backlog = [&] { return store_->statistics().backlog().value(); };
  EXPECT_EQ(backlog().jobs, 0u);
  NewJob wanted = new_job(0);
  wanted.file_size = 5'000;
  Job job = jobs().create(wanted).value();
  NewJob later = new_job(0);
  later.file_size = 70'000;
  later.not_before_ms = 32'503'680'000'000;  // in the year 3000
  jobs().create(later).value();
  EXPECT_EQ(backlog().jobs, 1u) << "the other one has time";
  EXPECT_EQ(backlog().bytes, 5'000u);
  EXPECT_EQ(backlog().unplanned_jobs, 1u);
  std::vector<Split> splits = new_job(2).splits;
  splits[0].begin.offset = 100;
  splits[0].end->offset = splits[1].begin.offset = 2'000;
  ASSERT_TRUE(jobs().plan(lease(job, kPlanningSplit), "{}", splits));
  next_job_--;
  EXPECT_EQ(backlog().unplanned_jobs, 0u);
  EXPECT_EQ(backlog().bytes, 1'900u + 3'000u);
  WriteSpec to = spec(job);
  auto writing = writer(to);
  commit(*writing, to, lease(job, 1), {good(1, "a")}, true);
  EXPECT_EQ(backlog().jobs, 1u);
  EXPECT_EQ(backlog().bytes, 3'000u);
  commit(*writing, to, lease(job, 2), {}, true);
  EXPECT_EQ(backlog().jobs, 0u);
  EXPECT_EQ(backlog().bytes, 0u);
}

TEST_P(StoreConformance, JobsOfEqualPriorityTakeTurns) {
  auto planned = [&](std::uint32_t splits, std::int32_t priority) {
    NewJob wanted = new_job(0);
    wanted.priority = priority;
    Job job = jobs().create(wanted).value();
    EXPECT_TRUE(jobs().plan(lease(job, kPlanningSplit), "{}", new_job(splits).splits));
    next_job_--;
    return job;
  };
  planned(4, 0);
  planned(2, 0);
  planned(1, -1);
  planned(2, 9);
  EXPECT_EQ(names_of(jobs().take_due(kMany, 4, kLong).value()), (Texts{"4/1", "4/2", "1/1", "2/1"}));
  planned(2, 0);
  // Splits that are queued already count as a turn of their job's.
  EXPECT_EQ(names_of(jobs().take_due(kMany, kMany, kLong).value()),
            (Texts{"5/1", "1/2", "2/2", "5/2", "1/3", "1/4", "3/1"}));
}

TEST_P(StoreConformance, NodesThatTakeAtOnceTakeEachOnce) {
  constexpr std::size_t kJobs = 20, kSplits = 5, kPlaces = 70;
  for (std::size_t i = 0; i < kJobs; ++i) {
    Job job = jobs().create(new_job(0)).value();
    ASSERT_TRUE(jobs().plan(lease(job, kPlanningSplit), "{}", new_job(kSplits).splits));
  }
  auto elsewhere = database_->open();
  std::vector<std::vector<DueSplit>> taken(4);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < taken.size(); ++i)
    threads.emplace_back([&, i] {
      JobStore& node = (i % 2 == 0 ? store_ : elsewhere)->jobs();
      for (;;) {
        auto due = node.take_due(kPlaces, 7, kLong);
        ASSERT_TRUE(due) << due.error().message;
        if (due->empty()) return;
        taken[i].insert(taken[i].end(), due->begin(), due->end());
      }
    });
  threads.clear();
  std::set<std::string> once;
  std::size_t count = 0;
  for (const auto& due : taken)
    for (const DueSplit& split : due) {
      once.insert(split.job_id + "/" + std::to_string(split.split_number));
      ++count;
    }
  EXPECT_EQ(count, kPlaces) << "of " << kJobs * kSplits;
  EXPECT_EQ(once.size(), kPlaces);
}

// The rule of take_due, in plain words: every split is looked at.
struct SplitInTurn {
  std::string tenant;
  std::int32_t priority = 0;
  std::size_t job = 0;  // jobs in the order in which they were made
  std::uint32_t number = 0;
  std::string pipeline;
  std::size_t most = 0;  // of the pipeline; 0: no limit
  bool due = true, under_way = false;
  std::size_t turn = 0;

  auto order() const { return std::tuple(-priority, turn, job); }
};

std::vector<SplitInTurn*> due_by_rule(std::vector<SplitInTurn>& splits, std::size_t places,
                                      std::size_t limit) {
  std::map<std::string, std::size_t> taken, of_pipeline;
  std::map<std::size_t, std::size_t> turns;
  for (const SplitInTurn& split : splits)
    if (split.under_way)
      ++taken[split.tenant], ++of_pipeline[split.tenant + split.pipeline], ++turns[split.job];
  std::vector<SplitInTurn*> idle, due;
  for (SplitInTurn& split : splits) {
    if (split.under_way || !split.due) continue;
    split.turn = ++turns[split.job];
    idle.push_back(&split);
  }
  auto before = [](const SplitInTurn* a, const SplitInTurn* b) { return a->order() < b->order(); };
  std::ranges::sort(idle, before);
  for (SplitInTurn* split : idle) {
    auto& others = of_pipeline[split->tenant + split->pipeline];
    if (split->most > 0 && others >= split->most) continue;
    if (taken[split->tenant] < places && due.size() < limit)
      ++taken[split->tenant], ++others, due.push_back(split);
  }
  return due;
}

TEST_P(StoreConformance, OfManyThoseAreTakenThatTheRuleNames) {
  constexpr std::size_t kJobs = 30, kRounds = 15;
  std::minstd_rand random(7);
  auto below = [&](unsigned bound) { return random() / 7 % bound; };
  std::vector<Job> made;
  std::vector<SplitInTurn> splits;
  for (std::size_t i = 0; i < kJobs; ++i) {
    NewJob wanted = new_job(0);
    wanted.tenant = std::string(1, static_cast<char>('a' + below(3)));
    wanted.priority = static_cast<std::int32_t>(below(2));
    wanted.pipeline = std::string(1, static_cast<char>('p' + below(3)));
    wanted.most_splits = static_cast<std::uint32_t>(wanted.pipeline[0] - 'p');  // 0, 1 and 2
    const bool later = below(4) == 0;
    if (later) wanted.not_before_ms = 32'503'680'000'000;  // in the year 3000
    made.push_back(jobs().create(wanted).value());
    const auto count = static_cast<std::uint32_t>(later ? 0 : 1 + below(4));
    if (later)
      splits.push_back(
          {wanted.tenant, wanted.priority, i, kPlanningSplit, wanted.pipeline, wanted.most_splits, false});
    else {
      ASSERT_TRUE(jobs().plan(lease(made.back(), kPlanningSplit), "{}", new_job(count).splits));
      next_job_--;
    }
    for (std::uint32_t number = 1; number <= count; ++number)
      splits.push_back({wanted.tenant, wanted.priority, i, number, wanted.pipeline, wanted.most_splits});
  }
  for (std::size_t round = 0; round < kRounds; ++round) {
    const std::size_t places = 1 + below(9), limit = 1 + below(12);
    Texts expected;
    for (SplitInTurn* split : due_by_rule(splits, places, limit)) {
      expected.push_back(std::to_string(split->job + 1) + "/" + std::to_string(split->number));
      split->under_way = true;
    }
    EXPECT_EQ(names_of(jobs().take_due(places, limit, kLong).value()), expected) << "round " << round;
    for (SplitInTurn& split : splits) {
      if (!split.under_way || below(3) != 0) continue;
      Lease working = lease(made[split.job], split.number);
      if (below(2) == 0) continue;  // it is worked on
      ASSERT_TRUE(jobs().release(working));
      split.under_way = false;
    }
  }
}

}  // namespace
}  // namespace sluice
