// The aggregates of a pipeline in SQLite: rows are added up while they are written, and their groups changed
// when all else of the transaction is done. Inside the caller's transaction, by the one thread that holds the
// gate.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/aggregate_delta.h"
#include "adapters/sqlite_connection.h"

namespace sluice {

// Those that a pipeline's rows are in.
Result<std::vector<AggregateSpec>> aggregates_of_sqlite_pipeline(const SqliteConnection& connection,
                                                                 const std::string& tenant,
                                                                 const std::string& pipeline);

class SqliteAggregates {
 public:
  // Once for each of a pipeline, which then has in it what the pipeline has stored. usage, where another
  // pipeline says something else of an aggregate of that name, or this one did before.
  static Result<> declare(SqliteConnection& writer, const std::string& tenant, const std::string& pipeline,
                          const std::vector<AggregateSpec>& specs);
  static Result<std::unique_ptr<SqliteAggregates>> open(SqliteConnection& writer, const std::string& tenant,
                                                        std::vector<AggregateSpec> specs);

  AggregateDeltas& deltas() { return deltas_; }
  Result<> apply(std::int64_t now);  // and the deltas are empty again

 private:
  SqliteAggregates(const std::string& tenant, std::vector<AggregateSpec> specs)
      : tenant_(tenant), specs_(std::move(specs)), deltas_(specs_) {}
  Result<> add_stored(SqliteConnection& writer, const std::string& pipeline);
  Result<> change(const AggregateSpec& spec, const std::string& hash, const std::string& key,
                  const GroupDelta& delta, std::int64_t now);

  const std::string tenant_;
  const std::vector<AggregateSpec> specs_;
  AggregateDeltas deltas_;
  SqliteStatement find_, put_;
};

}  // namespace sluice
