// QueryStore on either database: rejects, outcomes, kept pipelines, stored rows. Thread-safe; on SQLite reads
// never wait for a batch.
#pragma once

#include "adapters/sql_database.h"
#include "ports/store.h"

namespace sluice {

class SqlQueryStore final : public QueryStore {
 public:
  explicit SqlQueryStore(SqlDatabase& database) : database_(database) {}

  Result<> each_reject(const std::string& job_id,
                       const std::function<bool(const StoredReject&)>& visit) override;
  Result<Outcome> outcome(const std::string& job_id, std::uint64_t row_number) override;
  Result<std::optional<KeptPipeline>> pipeline(const std::string& tenant, const std::string& name) override;
  Result<> keep_pipeline(const std::string& tenant, const KeptPipeline& pipeline) override;
  Result<std::vector<KeptPipeline>> pipelines(const std::string& tenant) override;
  Result<> remove_pipeline(const std::string& tenant, const std::string& name) override;
  Result<std::vector<RowOutcome>> outcomes(const std::string& job_id, std::uint64_t from,
                                           std::optional<Outcome> only, std::size_t limit) override;
  Result<std::vector<RejectGroup>> reject_groups(const std::string& job_id,
                                                 const RejectFilter& filter) override;
  Result<std::vector<StoredReject>> rejects(const std::string& job_id, const RejectFilter& filter,
                                            std::uint64_t after, std::size_t limit) override;
  Result<std::vector<DataRow>> rows(const std::string& tenant, const std::string& pipeline,
                                    const std::vector<std::pair<std::string, std::string>>& equal,
                                    const std::string& after, std::size_t limit) override;

 private:
  Result<std::vector<KeptPipeline>> select_pipelines(const std::string& condition, const SqlParams& params);
  SqlDatabase& database_;
};

}  // namespace sluice
