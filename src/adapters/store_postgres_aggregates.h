// The aggregates of a pipeline in PostgreSQL: a session adds up rows while it writes them, and changes their
// groups as the last thing before COMMIT. Groups are locked in the order of their hashes, so that sessions
// which change the same ones wait for each other for a moment and never in a circle. Inside the caller's
// transaction, which holds the dataset's lock; one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/aggregate_delta.h"
#include "adapters/pg_connection.h"

namespace sluice {

// As a part of a statement with tenant and pipeline as parameters, "$1" and so on: text that changes when the
// pipeline's aggregates do; NULL for none.
std::string postgres_aggregates_of(const std::string& tenant, const std::string& pipeline);

class PostgresAggregates {
 public:
  // Once for each of a pipeline, which then has in it what the pipeline has stored; the dataset's commits
  // wait meanwhile. usage, where another pipeline says something else of an aggregate of that name, or this
  // one did before.
  static Result<> declare(PgConnection& connection, std::int32_t dataset, const std::string& tenant,
                          const std::string& pipeline, const std::vector<AggregateSpec>& specs);
  // Those that the pipeline's rows are in.
  static Result<std::unique_ptr<PostgresAggregates>> load(PgConnection& connection, const std::string& tenant,
                                                          const std::string& pipeline);

  AggregateDeltas& deltas() { return deltas_; }
  Result<> apply(PgConnection& connection);  // and the deltas are empty again

 private:
  PostgresAggregates(const std::string& tenant, std::vector<AggregateSpec> specs)
      : tenant_(tenant), specs_(std::move(specs)), deltas_(specs_) {}
  Result<> add_stored(PgConnection& connection, std::int32_t dataset, const std::string& pipeline);
  Result<> change(PgConnection& connection, const AggregateSpec& spec,
                  const std::vector<AggregateDeltas::HashedGroup>& changes);

  const std::string tenant_;
  const std::vector<AggregateSpec> specs_;
  AggregateDeltas deltas_;
};

}  // namespace sluice
