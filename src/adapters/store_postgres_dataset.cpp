#include "adapters/store_postgres_dataset.h"

#include "base/uuid.h"

namespace sluice {
namespace {

// Namespace of the dataset locks in pg_locks: "sldt". In memory only, so that a commit pays next to nothing.
constexpr const char* kDatasetLocks = "1936483444";

}  // namespace

std::string postgres_ids_of_dataset(std::int32_t dataset) {
  UuidBytes first{}, last{};
  last.fill(0xFF);
  for (std::size_t i = 0; i < 4; ++i)
    first[i] = last[i] = static_cast<std::uint8_t>(static_cast<std::uint32_t>(dataset) >> (24 - 8 * i));
  return "BETWEEN '" + uuid_text(first) + "' AND '" + uuid_text(last) + "'";
}

std::string lock_postgres_dataset(std::int32_t dataset, PgDatasetLock how) {
  return std::string("SELECT pg_advisory_xact_lock") + (how == PgDatasetLock::shared ? "_shared(" : "(") +
         kDatasetLocks + ", " + std::to_string(dataset) + ")";
}

}  // namespace sluice
