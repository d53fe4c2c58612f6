// The SQLite store: the conformance suite of its port, and what is SQLite's own.
#include "adapters/store_sqlite.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "adapters/sqlite_connection.h"
#include "adapters/store_sqlite_under_test.h"

namespace sluice {
namespace {

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreConformance, testing::Values(StoreFactory(make_sqlite_under_test)));

}  // namespace
}  // namespace sluice
