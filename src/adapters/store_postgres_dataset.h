// A dataset (the rows of one tenant's pipeline) in PostgreSQL: where its rows are, and who may change them.
#pragma once

#include <cstdint>
#include <string>

namespace sluice {

// "BETWEEN '…' AND '…'": the ids of its rows, which lie side by side.
std::string postgres_ids_of_dataset(std::int32_t dataset);

// The statement that takes its lock until the transaction's end: with the others that commit to it, or alone.
enum class PgDatasetLock : bool { shared, alone };
std::string lock_postgres_dataset(std::int32_t dataset, PgDatasetLock how);

}  // namespace sluice
