// SqlDatabase on SQLite: reads on the connection for short queries, writes through the gate, before batches.
#pragma once

#include "adapters/sql_database.h"
#include "adapters/store_sqlite_database.h"

namespace sluice {

class SqliteSql final : public SqlDatabase {
 public:
  explicit SqliteSql(SqliteDatabase& database) : database_(database) {}

  SqlDialect dialect() const override { return SqlDialect::sqlite; }
  Result<SqlRows> read(std::string_view sql, const SqlParams& params) override;
  Result<SqlRows> scan(std::string_view sql, const SqlParams& params) override;
  using SqlDatabase::read;
  Result<> ready() override;

 private:
  Result<> in_transaction(const std::function<Result<>(SqlSession&)>& work) override;
  SqliteDatabase& database_;
};

}  // namespace sluice
