// JobStatistics on either database: sums over ingestion_jobs and ingestion_events. Thread-safe.
#pragma once

#include <map>

#include "adapters/sql_database.h"
#include "ports/job_statistics.h"

namespace sluice {

class SqlJobStatistics final : public JobStatistics {
 public:
  explicit SqlJobStatistics(SqlDatabase& database) : database_(database) {}
  Result<std::uint64_t> waiting(const std::string& tenant, std::uint64_t most) override;
  Result<Backlog> backlog() override;
  Result<std::vector<IntervalStatistics>> series(const StatisticsQuestion& question) override;

 private:
  using Intervals = std::map<std::int64_t, IntervalStatistics>;
  Result<SqlRows> in_intervals(const StatisticsQuestion& question, const std::string& table,
                               const std::string& time, const std::string& sums, const std::string& where);
  Result<> add_accepted(const StatisticsQuestion& question, Intervals& intervals);
  Result<> add_started(const StatisticsQuestion& question, Intervals& intervals);
  Result<> add_ended(const StatisticsQuestion& question, Intervals& intervals);
  Result<> add_rows(const StatisticsQuestion& question, Intervals& intervals);

  SqlDatabase& database_;
};

}  // namespace sluice
