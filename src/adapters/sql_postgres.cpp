#include "adapters/sql_postgres.h"

#include "adapters/pg_binary.h"

namespace sluice {
namespace {

// Numbers carry their type, so that they may stand in any expression; the type of a text is found from where
// it stands.
PgParams pg_params(const SqlParams& params) {
  PgParams converted;
  for (const SqlValue& value : params) {
    switch (value.kind) {
      case SqlValue::Kind::null: converted.null(); break;
      case SqlValue::Kind::integer:
        converted.text(std::to_string(value.number), static_cast<Oid>(PgType::int8));
        break;
      case SqlValue::Kind::boolean:
        converted.text(value.number != 0 ? "t" : "f", static_cast<Oid>(PgType::boolean));
        break;
      case SqlValue::Kind::text: converted.text(value.characters); break;
    }
  }
  return converted;
}

std::string bytes_of(std::string_view escaped) {
  std::size_t size = 0;
  std::unique_ptr<unsigned char, decltype(&PQfreemem)> bytes(
      PQunescapeBytea(reinterpret_cast<const unsigned char*>(escaped.data()), &size), &PQfreemem);
  return bytes ? std::string(reinterpret_cast<const char*>(bytes.get()), size) : std::string();
}

Result<SqlRows> run_on(PgConnection& connection, std::string_view sql, const SqlParams& params,
                       std::string_view now) {
  auto found = TRY(connection.query(sql_with_now(sql, now), pg_params(params)));
  const int columns = PQnfields(found.get());
  std::vector<SqlRows::Cell> cells;
  cells.reserve(static_cast<std::size_t>(found.rows()) * static_cast<std::size_t>(columns));
  for (int row = 0; row < found.rows(); ++row)
    for (int column = 0; column < columns; ++column) {
      if (found.is_null(row, column))
        cells.emplace_back();
      else if (PQftype(found.get(), column) == static_cast<Oid>(PgType::bytea))
        cells.emplace_back(bytes_of(found.text(row, column)));
      else
        cells.emplace_back(found.text(row, column));
    }
  return SqlRows(static_cast<std::size_t>(columns), std::move(cells), found.affected());
}

class PostgresSession final : public SqlSession {
 public:
  PostgresSession(PgConnection& connection, std::string now)
      : connection_(connection), now_(std::move(now)) {}
  Result<SqlRows> run(std::string_view sql, const SqlParams& params) override {
    return run_on(connection_, sql, params, now_);
  }
  Result<> notify(SqlChannel channel) override {
    return connection_.execute("NOTIFY " + std::string(postgres_channel(channel)));
  }

 private:
  PgConnection& connection_;
  const std::string now_;
};

}  // namespace

std::string_view postgres_channel(SqlChannel channel) {
  return channel == SqlChannel::queue ? "sluice_queue" : "sluice_events";
}

Result<SqlRows> PostgresSql::read(std::string_view sql, const SqlParams& params) {
  return pool_.run<SqlRows>([&](PgConnection& connection) { return run_on(connection, sql, params, now()); });
}

Result<> PostgresSql::in_transaction(const std::function<Result<>(SqlSession&)>& work) {
  return pool_.transact<void>([&](PgConnection& connection) -> Result<> {
    PostgresSession session(connection, now());
    return work(session);
  });
}

Result<> PostgresSql::ready() {
  const std::function<Result<>(PgConnection&)> ask = [](PgConnection& connection) -> Result<> {
    auto asked = TRY(connection.select("SELECT current_setting('transaction_read_only') = 'off'"));
    if (asked.yes(0, 0)) return {};
    return fail(ErrorKind::unavailable, "this PostgreSQL server takes no writes: is it a standby?", true);
  };
  return pool_.try_once<void>(ask);
}

}  // namespace sluice
