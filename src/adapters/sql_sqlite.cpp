#include "adapters/sql_sqlite.h"

namespace sluice {
namespace {

void bind(SqliteStatement& statement, int index, const SqlValue& value) {
  switch (value.kind) {
    case SqlValue::Kind::null: return statement.bind_null(index);
    case SqlValue::Kind::integer:
    case SqlValue::Kind::boolean: return statement.bind(index, value.number);
    case SqlValue::Kind::text: return statement.bind(index, std::string_view(value.characters));
  }
}

Result<SqlRows> run_on(SqliteConnection& connection, std::string_view sql, const SqlParams& params,
                       std::string_view now) {
  auto statement = TRY(SqliteStatement::prepare(connection, sql_with_now(sql, now)));
  for (std::size_t i = 0; i < params.size(); ++i) {
    const int index = statement.parameter("$" + std::to_string(i + 1));
    if (index != 0) bind(statement, index, params[i]);
  }
  const auto columns = static_cast<std::size_t>(statement.columns());
  std::vector<SqlRows::Cell> cells;
  while (TRY(statement.step()))
    for (int column = 0; column < statement.columns(); ++column) {
      if (statement.is_null(column))
        cells.emplace_back();
      else if (statement.is_blob(column))
        cells.emplace_back(statement.blob(column));
      else
        cells.emplace_back(statement.text(column));
    }
  return SqlRows(columns, std::move(cells), static_cast<std::uint64_t>(statement.changes()));
}

class SqliteSession final : public SqlSession {
 public:
  SqliteSession(SqliteConnection& connection, std::string now)
      : connection_(connection), now_(std::move(now)) {}
  Result<SqlRows> run(std::string_view sql, const SqlParams& params) override {
    return run_on(connection_, sql, params, now_);
  }
  Result<> notify(SqlChannel) override { return {}; }

 private:
  SqliteConnection& connection_;
  const std::string now_;
};

}  // namespace

Result<SqlRows> SqliteSql::read(std::string_view sql, const SqlParams& params) {
  std::lock_guard lock(database_.reader_mutex);
  return run_on(database_.reader, sql, params, now());
}

Result<SqlRows> SqliteSql::scan(std::string_view sql, const SqlParams& params) {
  auto reader = TRY(open_reader(database_.writer.path(), database_.options));
  return run_on(reader, sql, params, now());
}

Result<> SqliteSql::in_transaction(const std::function<Result<>(SqlSession&)>& work) {
  auto pass = database_.gate.control();
  auto transaction = TRY(SqliteTransaction::begin(database_.writer));
  SqliteSession session(database_.writer, now());
  TRY(work(session));
  return transaction.commit();
}

Result<> SqliteSql::ready() {
  // A write: a full disk and a folder that became read-only are not seen by looking.
  TRY(write("UPDATE service_state SET value = {now} WHERE name = 'ready'"));
  return {};
}

}  // namespace sluice
