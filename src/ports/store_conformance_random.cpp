// Conformance: hundreds of random commits of several jobs at once, against a plain model of the contract.
#include <algorithm>
#include <random>

#include "ports/store_conformance.h"

namespace sluice {
namespace {

// What the contract says becomes of a row, written down as slowly and plainly as can be.
class Model {
 public:
  Model(IdentityKind identity, OnDuplicate on_duplicate, bool unique)
      : identity_(identity), on_duplicate_(on_duplicate), unique_(unique) {}

  Outcome apply(const Job& job, const WriteSpec& spec, const TestRow& row) {
    if (row.bad) return Outcome::rejected;
    std::string name(identity_of(spec, row).view());
    auto stored = rows_.find(name);
    if (stored == rows_.end()) {
      if (taken(job, name, row)) return Outcome::rejected;
      hold(job, name, row);
      rows_[name] = {row.data, job.id, job.sequence, row.number};
      return Outcome::inserted;
    }
    Outcome outcome = known(job, name, row, stored->second);
    if (outcome != Outcome::rejected) hold(job, name, row);
    return outcome;
  }

  // data, job, row number of every stored row, sorted.
  std::vector<std::vector<std::string>> table() const {
    std::vector<std::vector<std::string>> table;
    for (const auto& [name, row] : rows_) table.push_back({row.data, row.job_id, std::to_string(row.number)});
    std::ranges::sort(table);
    return table;
  }

 private:
  struct Row {
    std::string data, job_id;
    std::int64_t sequence;
    std::uint64_t number;
  };

  Outcome known(const Job& job, const std::string& name, const TestRow& row, Row& stored) {
    if (identity_ != IdentityKind::key) {
      if (on_duplicate_ == OnDuplicate::skip) return Outcome::duplicate;
      stored.number = stored.job_id == job.id ? std::min(stored.number, row.number) : row.number;
      stored.job_id = job.id;
      stored.sequence = job.sequence;
      return Outcome::duplicate;
    }
    const bool equal = stored.data == row.data;
    if (on_duplicate_ == OnDuplicate::skip) return equal ? Outcome::duplicate : Outcome::rejected;
    if (std::pair(job.sequence, row.number) < std::pair(stored.sequence, stored.number))
      return Outcome::duplicate;
    if (!equal && taken(job, name, row)) return Outcome::rejected;
    stored = {row.data, job.id, job.sequence, row.number};
    return equal ? Outcome::duplicate : Outcome::updated;
  }
  bool taken(const Job& job, const std::string& name, const TestRow& row) const {
    if (!unique_) return false;
    for (std::size_t i = 0; i < row.unique.size(); ++i) {
      auto held = held_.find({job.id, i, row.unique[i]});
      if (row.unique[i].empty() || held == held_.end()) continue;
      if (identity_ != IdentityKind::key || held->second != name) return true;
    }
    return false;
  }
  void hold(const Job& job, const std::string& name, const TestRow& row) {
    for (std::size_t i = 0; i < row.unique.size(); ++i)
      if (!row.unique[i].empty()) held_.try_emplace({job.id, i, row.unique[i]}, name);
  }

  IdentityKind identity_;
  OnDuplicate on_duplicate_;
  bool unique_;
  std::map<std::string, Row> rows_;
  std::map<std::tuple<std::string, std::size_t, std::string>, std::string> held_;
};

struct Open {
  Job job;
  WriteSpec spec;
  Lease lease;
  std::unique_ptr<RowWriter> writer;
  std::uint64_t next_row = 1;
  RowCounts counts;
  std::map<std::uint64_t, Outcome> outcomes;
};

TestRow random_row(std::mt19937& random, std::uint64_t number) {
  auto pick = [&](int of) { return std::to_string(std::uniform_int_distribution(0, of - 1)(random)); };
  TestRow row;
  row.number = number;
  row.bad = std::uniform_int_distribution(0, 9)(random) == 0;
  row.key = pick(25);
  row.data = "{\"id\":\"" + row.key + "\",\"n\":" + pick(4) + ",\"value\":\"" + pick(3) + "\"}";
  row.unique = {pick(60), std::uniform_int_distribution(0, 1)(random) ? pick(60) : ""};
  return row;
}

TEST_P(StoreConformance, RandomCommitsAgreeWithAPlainModel) {
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  auto chance = [&](int in) { return std::uniform_int_distribution(0, in - 1)(random) == 0; };
  int round = 0;
  for (IdentityKind identity : {IdentityKind::content, IdentityKind::position, IdentityKind::key})
    for (OnDuplicate on_duplicate : {OnDuplicate::touch, OnDuplicate::update, OnDuplicate::skip})
      for (bool unique : {false, true}) {
        SCOPED_TRACE("identity " + std::to_string(int(identity)) + " on_duplicate " +
                     std::to_string(int(on_duplicate)) + " unique " + std::to_string(unique));
        const std::string tenant = "tenant" + std::to_string(round++);
        Model model(identity, on_duplicate, unique);
        std::vector<Open> open(3);
        for (Open& at : open) {
          NewJob made = new_job();
          made.tenant = tenant;
          at.job = jobs().create(made).value();
          at.spec = spec(at.job, identity, on_duplicate);
          at.spec.aggregates = {aggregate_of_tests()};
          if (unique) at.spec.unique_constraints = {"one", "two"};
          at.lease = lease(at.job);
          at.writer = writer(at.spec);
        }
        for (int commits = 0; commits < 40; ++commits) {
          Open& at = open[static_cast<std::size_t>(std::uniform_int_distribution(0, 2)(random))];
          std::vector<TestRow> rows;
          for (int n = std::uniform_int_distribution(0, 20)(random); n > 0; --n) {
            at.next_row += chance(8) ? 5 : 1;  // a resubmission leaves rows out
            rows.push_back(random_row(random, at.next_row));
          }
          if (chance(5)) {  // a zombie, which must leave no trace
            Lease lost = at.lease;
            at.lease = lease(at.job);
            ASSERT_FALSE(try_commit(*at.writer, at.spec, lost, rows));
          }
          if (chance(5) && !rows.empty() &&
              rows.back().bad) {  // a failure in the middle, then the same again
            database_->fail_at("validation_errors", rows.back().number);
            ASSERT_FALSE(try_commit(*at.writer, at.spec, at.lease, rows));
            database_->heal();
          }
          RowCounts expected;
          for (const TestRow& row : rows) {
            Outcome outcome = model.apply(at.job, at.spec, row);
            expected.add(outcome);
            at.outcomes[row.number] = outcome;
          }
          CommitReport report = commit(*at.writer, at.spec, at.lease, rows);
          at.counts += expected;
          ASSERT_EQ(report.batch, expected);
          ASSERT_EQ(report.job, at.counts);
        }
        auto table = database_->query("SELECT data, job_id, row_number FROM ingested_data WHERE tenant = '" +
                                      tenant + "'");
        std::ranges::sort(table);
        ASSERT_EQ(table, model.table());
        std::vector<std::string> data;
        for (const auto& row : table) data.push_back(row[0]);
        ASSERT_EQ(groups(tenant), groups_of(data));
        for (Open& at : open) {
          for (std::uint64_t row = 0; row <= at.next_row + 1; ++row) {
            auto expected = at.outcomes.contains(row) ? at.outcomes[row] : Outcome::none;
            ASSERT_EQ(queries().outcome(at.job.id, row).value(), expected) << "row " << row;
          }
          std::vector<std::uint64_t> rejected, expected;
          for (const StoredReject& reject : rejects(at.job.id)) rejected.push_back(reject.row.row_number);
          for (const auto& [row, outcome] : at.outcomes)
            if (outcome == Outcome::rejected) expected.push_back(row);
          ASSERT_EQ(rejected, expected);
          EXPECT_EQ(jobs().get(at.job.id).value().counts, at.counts);
        }
      }
}

}  // namespace
}  // namespace sluice
