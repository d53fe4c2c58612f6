// A PostgreSQL database that the conformance suite runs on. Test-only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/store_postgres.h"
#include "ports/store_conformance.h"

namespace sluice {

// The server that tests may use: what tools/with_postgres.sh puts into the environment; "" where there is
// none.
std::string test_postgres();

// A fresh database on that server, dropped with this.
class PostgresDatabase {
 public:
  PostgresDatabase();
  ~PostgresDatabase();
  const std::string& url() const { return url_; }
  // Cells as text, NULL as "∅", jsonb in compact form.
  std::vector<std::vector<std::string>> query(const std::string& sql) const;

 private:
  std::string name_, url_;
};

std::unique_ptr<StoreUnderTest> make_postgres_under_test(
    const PostgresOptions& options,
    const std::string& prepare = "");  // SQL, once the tables are there

}  // namespace sluice
