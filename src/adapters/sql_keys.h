// KeyStore on either database.
#pragma once

#include "adapters/sql_database.h"
#include "ports/key_store.h"

namespace sluice {

class SqlKeyStore final : public KeyStore {
 public:
  explicit SqlKeyStore(SqlDatabase& database) : database_(database) {}

  Result<> add(const ApiKey& key) override;
  Result<std::optional<ApiKey>> find(const std::string& digest) override;
  Result<std::vector<ApiKey>> list(const std::string& tenant) override;
  Result<> revoke(const std::string& tenant, const std::string& id) override;
  Result<> used(const std::string& id) override;
  Result<bool> any() override;

 private:
  SqlDatabase& database_;
};

}  // namespace sluice
