// The PostgreSQL store: the conformance suite of its port, and what is PostgreSQL's own. Needs a server:
// tools/with_postgres.sh COMMAND gives it one; without, these tests are skipped.
#include "adapters/store_postgres.h"

#include <gtest/gtest.h>

#include "adapters/store_postgres_under_test.h"

namespace sluice {
namespace {

StoreFactory with(const PostgresOptions& options) {
  return [=]() -> std::unique_ptr<StoreUnderTest> {
    if (test_postgres().empty()) return nullptr;
    return make_postgres_under_test(options);
  };
}

INSTANTIATE_TEST_SUITE_P(Postgres, StoreConformance, testing::Values(with({})));
// Every commit by two sessions at once.
INSTANTIATE_TEST_SUITE_P(PostgresLanes, StoreConformance, testing::Values(with({.lane_rows = 0})));

}  // namespace
}  // namespace sluice
