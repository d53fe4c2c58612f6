// The conformance suites of the service's records beside jobs and rows: KeyStore, AuditLog, ScheduleStore,
// UploadStore, DeliveryStore. Test-only. A store's test writes
//   INSTANTIATE_TEST_SUITE_P(Sqlite, RecordsConformance,
//   testing::Values(StoreFactory(make_sqlite_under_test)));
// and links the object library sluice_store_conformance.
#pragma once

#include "ports/store_conformance.h"

namespace sluice {

class RecordsConformance : public testing::TestWithParam<StoreFactory> {
 protected:
  void SetUp() override;

  std::unique_ptr<StoreUnderTest> database_;
  std::unique_ptr<Store> store_, other_;  // two processes
};

}  // namespace sluice
