// The protocol of copying, on a real SQLite store and a real server of documents (tools/with_mongo.sh starts
// one; without it these tests are skipped): two copiers and the commits that change a group, in every order
// of their steps, with a fault at each step. Whatever happened, the next copier makes the document what the
// store says, and at no moment does a document go back. SLUICE_INTERLEAVINGS=all tries all of them; else a
// sample, which SLUICE_INTERLEAVINGS=NUMBER varies.
#include "jobs/copy_groups.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <semaphore>
#include <thread>

#include "adapters/group_documents_mongo.h"
#include "adapters/mongo_under_test.h"
#include "adapters/sqlite_connection.h"
#include "adapters/store_sqlite.h"
#include "base/log.h"
#include "jobs/node_test_support.h"
#include "ports/forwarding_store.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

const AggregateSpec kStates = {.name = "states",
                               .by = {"name"},
                               .measures = {{"population", AggregateFunction::sum, "population", true}}};

// A copier in a thread of its own that takes a step when it is told to.
class Stepper {
 public:
  template <class Work>
  explicit Stepper(Work work)
      : thread_([this, work = std::move(work)] {
          go_.acquire();
          if (!ended_) work(*this);
          ended_ = true;
          arrived_.release();
        }) {}
  ~Stepper() { let_run(); }

  void step() {  // to the next gate, or to the end
    if (ended_) return;
    go_.release();
    arrived_.acquire();
  }
  void let_run() {
    while (!ended_) step();
  }
  void gate() {  // called by the work, before a step
    arrived_.release();
    go_.acquire();
  }

 private:
  std::atomic<bool> ended_ = false;
  std::binary_semaphore go_{0}, arrived_{0};
  std::jthread thread_;
};

// What goes wrong with one copier: at its step number `step` (0 reads, 1 writes, 2 takes the marks away),
// before it is done or after.
struct Fault {
  int step = -1;
  bool done = false;
};
constexpr Fault kFaults[] = {{}, {0, true}, {1, false}, {1, true}, {2, false}, {2, true}};

std::unexpected<Error> broken_off() { return fail(ErrorKind::unavailable, "broken off", true); }

template <class Call>
auto at_step(Stepper& stepper, const Fault& fault, int step, const Call& call) -> decltype(call()) {
  stepper.gate();
  if (fault.step == step && !fault.done) return broken_off();
  auto result = call();
  if (fault.step == step) return broken_off();
  return result;
}

class SteppedCopies : public GroupCopies {
 public:
  SteppedCopies(GroupCopies& copies, Stepper& stepper, const Fault& fault)
      : copies_(copies), stepper_(stepper), fault_(fault) {}
  // As if the other's hold had just run out: it must not be what copies rest on.
  Result<std::optional<std::string>> hold(const std::string&, std::chrono::milliseconds) override {
    return "store";
  }
  Result<std::vector<ChangedAggregate>> changed() override { return copies_.changed(); }
  Result<std::vector<ChangedGroup>> changed_groups(const ChangedAggregate& aggregate,
                                                   std::size_t limit) override {
    return at_step(stepper_, fault_, 0, [&] { return copies_.changed_groups(aggregate, limit); });
  }
  Result<> copied(const ChangedAggregate& aggregate, std::span<const ChangedGroup> groups) override {
    return at_step(stepper_, fault_, 2, [&] { return copies_.copied(aggregate, groups); });
  }
  Result<> mark_all() override { return copies_.mark_all(); }

 private:
  GroupCopies& copies_;
  Stepper& stepper_;
  const Fault fault_;
};

class SteppedDocuments : public GroupDocuments {
 public:
  SteppedDocuments(GroupDocuments& documents, Stepper& stepper, const Fault& fault)
      : documents_(documents), stepper_(stepper), fault_(fault) {}
  Result<bool> belongs_to(const std::string&) override { return true; }
  Result<> give_to(const std::string&) override { return {}; }
  Result<> put(const ChangedAggregate& aggregate, std::span<const ChangedGroup> groups) override {
    return at_step(stepper_, fault_, 1, [&] { return documents_.put(aggregate, groups); });
  }

 private:
  GroupDocuments& documents_;
  Stepper& stepper_;
  const Fault fault_;
};

class StoreWithCopies : public ForwardingStore {
 public:
  StoreWithCopies(Store& store, GroupCopies& copies) : ForwardingStore(store), copies_(copies) {}
  GroupCopies& group_copies() override { return copies_; }

 private:
  GroupCopies& copies_;
};

class CopyGroups : public NodeTest {
 protected:
  void SetUp() override {
    if (test_mongo().empty()) GTEST_SKIP() << "no MongoDB server: run it under tools/with_mongo.sh";
    set_log_level(LogLevel::error);  // faults are made on purpose
    store_ = std::move(*open_store_sqlite(folder_ / "copied.db", {.durability = SqliteDurability::none}));
    raw_.emplace(*SqliteConnection::open(folder_ / "copied.db", SqliteAccess::read_write_create, 60'000));
    database_.emplace();
    documents_ = std::move(open_mongo_documents(database_->url())).value();
    sql("INSERT INTO aggregate_definitions (tenant, name, pipeline, definition) VALUES ('default', 'states', "
        "'states', '" +
        definition_of(kStates) + "')");
  }
  void TearDown() override { raw_.reset(); }

  void sql(const std::string& text) {
    auto done = raw_->execute(text);
    ASSERT_TRUE(done) << done.error().message;
  }
  // As a commit leaves a group behind, which the stores' own tests look at.
  void change(const std::string& state, int rows, int population) {
    sql("INSERT INTO aggregate_groups (tenant, name, group_hash, group_key, rows, measures, updated_at_ms) "
        "VALUES "
        "('default', 'states', '" +
        state + "', '[\"" + state + "\"]', " + std::to_string(rows) +
        ", '{\"population\":" + std::to_string(population) +
        "}', 1) ON CONFLICT (tenant, name, group_hash) DO UPDATE SET rows = excluded.rows, measures = "
        "excluded.measures, version = version + 1, changed = true");
  }
  Json document(const std::string& state) {
    const Json found = database_->find("states", {{"_id", "default/" + state}});
    return found.empty() ? Json() : found.at(0);
  }
  // The document's population; -1: gone, or never there.
  static int population(const Json& document) {
    return document.is_object() ? document.value("population", -1) : -1;
  }
  void copy_everything() {
    GroupCopier copier(*store_, *documents_);
    Result<bool> more = true;
    while (more && *more) more = copier.copy();
    ASSERT_TRUE(more) << more.error().message;
  }

  std::optional<SqliteConnection> raw_;
  std::optional<MongoDatabase> database_;
  std::unique_ptr<GroupDocuments> documents_;
};

class Interleavings : public CopyGroups {
 protected:
  // 'a' and 'b' are steps of the two copiers, 'c' is the next change.
  void run(const std::string& order, const Fault& fault, const std::string& state) {
    const std::pair<int, int> changes[] = {{1, 10}, {0, 0}, {2, 30}};  // rows, population
    change(state, 1, 5);
    auto work = [this](const Fault& what) {
      return [this, what](Stepper& stepper) {
        SteppedCopies copies(store_->group_copies(), stepper, what);
        SteppedDocuments documents(*documents_, stepper, what);
        StoreWithCopies store(*store_, copies);
        (void)GroupCopier(store, documents).copy();
      };
    };
    int changed = 0;
    std::int64_t version = 0;
    {
      Stepper a(work(fault)), b(work({}));
      a.step();  // both have seen that there is something to copy
      b.step();
      for (const char actor : order) {
        if (actor == 'c') {
          change(state, changes[changed].first, changes[changed].second);
          ++changed;
        } else {
          (actor == 'a' ? a : b).step();
        }
        const Json now = document(state);
        if (!now.is_object()) continue;
        const auto its = now.at("_sluice").at("version").get<std::int64_t>();
        ASSERT_GE(its, version) << "a document went back";
        version = its;
      }
    }
    copy_everything();
    ASSERT_EQ(population(document(state)), 30);
    ASSERT_EQ(document(state).at("_sluice").at("version"), 4);
    ASSERT_TRUE(store_->group_copies().changed().value().empty());
  }
};

TEST_F(Interleavings, OfTwoCopiersAndTheChangesOfAGroup) {
  copy_everything();  // the documents belong to this store from now on
  const char* asked = std::getenv("SLUICE_INTERLEAVINGS");
  const std::string which = asked == nullptr ? "1" : asked;
  const std::size_t every = which == "all" ? 1 : 43, from = which == "all" ? 0 : std::stoul(which) % every;
  std::string order = "aaabbbccc";
  std::size_t number = 0, tried = 0;
  do {
    for (const Fault& fault : kFaults) {
      if (number++ % every != from) continue;
      SCOPED_TRACE(order + ", fault at step " + std::to_string(fault.step) +
                   (fault.done ? ", done" : ", not done"));
      run(order, fault, "state" + std::to_string(number));
      ++tried;
      if (HasFatalFailure()) return;
    }
  } while (std::ranges::next_permutation(order).found);
  EXPECT_EQ(number, 1680 * std::size(kFaults));
  EXPECT_GE(tried, number / every);
  std::printf("%zu of %zu interleavings\n", tried, number);
}

TEST_F(CopyGroups, AGroupThatIsGoneIsNoDocumentOfItsFieldsAnyMore) {
  change("TX", 1, 5);
  copy_everything();
  EXPECT_EQ(population(document("TX")), 5);
  change("TX", 0, 0);
  copy_everything();
  EXPECT_EQ(population(document("TX")), -1);
  EXPECT_TRUE(document("TX").contains("deletedAt"));
}

TEST_F(CopyGroups, WhatWasLostThereIsCopiedAgain) {
  for (int i = 0; i < 1200; ++i) change("S" + std::to_string(i), 1, i);
  copy_everything();
  EXPECT_EQ(population(document("S1199")), 1199);
  ASSERT_TRUE(database_->client().write(R"({"dropDatabase":1})"));
  copy_everything();
  EXPECT_EQ(population(document("S0")), 0);
  EXPECT_EQ(population(document("S1199")), 1199);
}

TEST_F(CopyGroups, AnotherStoreDoesNotWriteThere) {
  change("TX", 1, 5);
  copy_everything();
  auto other = std::move(*open_store_sqlite(folder_ / "other.db", {}));
  GroupCopier copier(*other, *documents_);
  auto refused = copier.copy();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::conflict) << refused.error().message;
}

TEST_F(CopyGroups, OneCopiesAtATimeAndAnotherGoesOnWhenItEnds) {
  change("TX", 1, 5);
  std::optional<GroupCopier> first(std::in_place, *store_, *documents_);
  ASSERT_TRUE(first->copy());
  change("TX", 1, 6);
  GroupCopier second(*store_, *documents_);
  EXPECT_FALSE(second.copy().value());
  EXPECT_EQ(population(document("TX")), 5);
  first.reset();
  ASSERT_TRUE(second.copy());
  EXPECT_EQ(population(document("TX")), 6);
}

// Tells who waits for it that something was written.
class ToldDocuments : public GroupDocuments {
 public:
  explicit ToldDocuments(GroupDocuments& documents) : documents_(documents) {}
  Result<bool> belongs_to(const std::string& store) override { return documents_.belongs_to(store); }
  Result<> give_to(const std::string& store) override { return documents_.give_to(store); }
  Result<> put(const ChangedAggregate& aggregate, std::span<const ChangedGroup> groups) override {
    auto done = documents_.put(aggregate, groups);
    const std::lock_guard lock(mutex_);
    written_.notify_all();
    return done;
  }
  template <class Predicate>
  bool wait_until(const Predicate& predicate) {
    std::unique_lock lock(mutex_);
    return written_.wait_for(lock, std::chrono::seconds(60), predicate);
  }

 private:
  GroupDocuments& documents_;
  std::mutex mutex_;
  std::condition_variable written_;
};

TEST_F(CopyGroups, AThreadCopiesWhatComesAndOutlastsAServerThatIsAway) {
  const std::string control = std::getenv("SLUICE_TEST_MONGO_CONTROL");
  ToldDocuments documents(*documents_);
  GroupCopierThread thread(*store_, documents);
  change("TX", 1, 5);
  EXPECT_TRUE(documents.wait_until([&] { return population(document("TX")) == 5; }));
  ASSERT_EQ(std::system((control + " kill").c_str()), 0);
  change("TX", 1, 6);
  ASSERT_EQ(std::system((control + " start").c_str()), 0);
  EXPECT_TRUE(documents.wait_until([&] { return population(document("TX")) == 6; }));
}

}  // namespace
}  // namespace sluice
