// UploadStore on either database.
#pragma once

#include "adapters/sql_database.h"
#include "ports/upload_store.h"

namespace sluice {

class SqlUploadStore final : public UploadStore {
 public:
  explicit SqlUploadStore(SqlDatabase& database) : database_(database) {}

  Result<> add(const Upload& upload) override;
  Result<std::optional<Upload>> get(const std::string& tenant, const std::string& id) override;
  Result<> advance(const std::string& id, std::uint64_t from, std::uint64_t to,
                   const std::string& digest_state, std::int64_t expires_ms) override;
  Result<> set_length(const std::string& id, std::uint64_t length) override;
  Result<> finish(const std::string& id, const std::string& job_id) override;
  Result<> remove(const std::string& id) override;
  Result<std::vector<Upload>> expired(std::size_t limit) override;

 private:
  Result<std::vector<Upload>> select(const std::string& condition, const SqlParams& params);
  SqlDatabase& database_;
};

}  // namespace sluice
