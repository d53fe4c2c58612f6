// SqlDatabase on PostgreSQL: each statement or transaction on some connection of the pool. Nothing outlives
// its transaction, so that a pooler in transaction mode may stand between.
#pragma once

#include "adapters/pg_pool.h"
#include "adapters/sql_database.h"

namespace sluice {

class PostgresSql final : public SqlDatabase {
 public:
  explicit PostgresSql(PgPool& pool) : pool_(pool) {}

  SqlDialect dialect() const override { return SqlDialect::postgres; }
  Result<SqlRows> read(std::string_view sql, const SqlParams& params) override;
  Result<SqlRows> scan(std::string_view sql, const SqlParams& params) override { return read(sql, params); }
  using SqlDatabase::read;
  Result<> ready() override;

 private:
  Result<> in_transaction(const std::function<Result<>(SqlSession&)>& work) override;
  PgPool& pool_;
};

std::string_view postgres_channel(SqlChannel channel);  // its name in LISTEN and NOTIFY

}  // namespace sluice
