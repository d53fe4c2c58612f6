// RowWriter on PostgreSQL.
#pragma once

#include <memory>

#include "adapters/pg_pool.h"
#include "adapters/store_postgres.h"
#include "ports/store.h"

namespace sluice {

Result<std::unique_ptr<RowWriter>> open_postgres_row_writer(PgPool& pool, const WriteSpec& spec,
                                                            const PostgresOptions& options);

}  // namespace sluice
