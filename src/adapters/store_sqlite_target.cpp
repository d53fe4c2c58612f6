#include "adapters/store_sqlite_target.h"

#include <strings.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "adapters/service_tables.h"
#include "base/decimal.h"

namespace sluice {
namespace {

// Tables are STRICT. Numbers are ANY: a 64-bit integer is stored as INTEGER, a decimal that a double holds
// exactly as REAL, every other one as TEXT with all its digits; nothing is rounded in silence.
std::string_view sql_type(ColumnType type) {
  switch (type) {
    case ColumnType::integer:
    case ColumnType::number: return "ANY";
    case ColumnType::boolean: return "INTEGER";
    case ColumnType::text:
    case ColumnType::date:
    case ColumnType::time:
    case ColumnType::datetime:
    case ColumnType::json: break;
  }
  return "TEXT";
}

constexpr std::string_view kLink = "sluice_id";

constexpr std::array<std::string_view, 11> kOwnTables = {
    "ingestion_jobs",    "ingestion_splits", "ingested_data",     "datasets",
    "row_identities",    "row_outcomes",     "validation_errors", "pipelines",
    "job_unique_values", "idempotency_keys", "ingestion_events"};

bool same_name(std::string_view a, std::string_view b) {  // as SQLite compares names: ASCII case ignored
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

Result<> check_names(const TargetTable& target) {
  auto refuse = [&](const std::string& why) {
    return fail(ErrorKind::usage, "table " + target.name + ": " + why);
  };
  if (target.name.starts_with("sqlite_") || target.name == "schema_migrations" ||
      std::ranges::any_of(kOwnTables, [&](auto own) { return same_name(own, target.name); }) ||
      std::ranges::any_of(kServiceTableNames, [&](auto own) { return same_name(own, target.name); }))
    return refuse("this name is used by the store itself. Choose another `table:`.");
  for (std::size_t i = 0; i < target.columns.size(); ++i) {
    const std::string& name = target.columns[i].name;
    if (same_name(name, kLink))
      return refuse("the column name " + name + " is used by the store itself. Rename the field.");
    for (std::size_t k = 0; k < i; ++k)
      if (same_name(name, target.columns[k].name))
        return refuse(
            "the columns " + target.columns[k].name + " and " + name +
            " differ only in the case of their letters, which SQLite does not tell apart. Rename one.");
  }
  return {};
}

struct ExistingColumn {
  std::string name, type;
  bool needs_value = false;  // NOT NULL without a default
};

Result<std::vector<ExistingColumn>> existing_columns(SqliteConnection& writer, const std::string& table) {
  auto select = TRY(SqliteStatement::prepare(
      writer,
      "SELECT name, type, \"notnull\" AND dflt_value IS NULL AND pk = 0 FROM pragma_table_xinfo(?1)"));
  select.bind(1, table);
  std::vector<ExistingColumn> columns;
  while (TRY(select.step()))
    columns.push_back({std::string(select.text(0)), std::string(select.text(1)), select.integer(2) != 0});
  return columns;
}

Result<> create(SqliteConnection& writer, const TargetTable& target) {
  std::string sql = "CREATE TABLE " + sqlite_quoted(target.name) + " (" + std::string(kLink) +
                    " INTEGER PRIMARY KEY REFERENCES ingested_data (id) ON DELETE CASCADE";
  for (const TargetColumn& column : target.columns)
    sql += ", " + sqlite_quoted(column.name) + " " + std::string(sql_type(column.type));
  return writer.execute(sql + ") STRICT");
}

Result<> fit(SqliteConnection& writer, const TargetTable& target, const std::vector<ExistingColumn>& there) {
  auto refuse = [&](const std::string& why) {
    return fail(ErrorKind::usage, "table " + target.name + " exists already in " + writer.path() + ", but " +
                                      why + " Choose another `table:`, or change or drop that one.");
  };
  auto find = [&](std::string_view name) {
    return std::ranges::find_if(there,
                                [&](const ExistingColumn& column) { return same_name(column.name, name); });
  };
  if (find(kLink) == there.end())
    return refuse("was not made by sluice: it has no column " + std::string(kLink) + ".");
  for (const TargetColumn& column : target.columns) {
    auto found = find(column.name);
    if (found == there.end()) {
      TRY(writer.execute("ALTER TABLE " + sqlite_quoted(target.name) + " ADD COLUMN " +
                         sqlite_quoted(column.name) + " " + std::string(sql_type(column.type))));
    } else if (found->type != sql_type(column.type)) {
      return refuse("its column " + found->name + " is of type " + found->type + ", and the schema wants " +
                    std::string(sql_type(column.type)) + ".");
    }
  }
  for (const ExistingColumn& column : there) {
    bool filled =
        same_name(column.name, kLink) || std::ranges::any_of(target.columns, [&](const TargetColumn& wanted) {
          return same_name(wanted.name, column.name);
        });
    if (!filled && column.needs_value)
      return refuse("its column " + column.name + " must have a value, and the schema has no such field.");
  }
  return {};
}

void bind_number(SqliteStatement& statement, int index, std::string_view text) {
  const char* end = text.data() + text.size();
  std::int64_t whole = 0;
  if (auto [at, error] = std::from_chars(text.data(), end, whole); error == std::errc() && at == end)
    return statement.bind(index, whole);
  double real = 0;
  if (auto [at, error] = std::from_chars(text.data(), end, real);
      error == std::errc() && at == end && is_exact_json_number(text))
    return statement.bind(index, real);
  statement.bind(index, text);
}

void bind_cell(SqliteStatement& statement, int index, ColumnType type, const Cell& cell) {
  if (cell.is_null()) return statement.bind_null(index);
  if (type == ColumnType::boolean) return statement.bind(index, std::int64_t{cell.text() == "true"});
  if (sql_type(type) == "ANY") return bind_number(statement, index, cell.text());
  statement.bind(index, cell.text());
}

}  // namespace

Result<> make_sqlite_target(SqliteConnection& writer, const TargetTable& target) {
  TRY(check_names(target));
  auto there = TRY(existing_columns(writer, target.name));
  return there.empty() ? create(writer, target) : fit(writer, target, there);
}

Result<> SqliteTarget::prepare(SqliteConnection& writer, const TargetTable& target) {
  std::string names(kLink), values = "?1";
  for (std::size_t i = 0; i < target.columns.size(); ++i) {
    names += ", " + sqlite_quoted(target.columns[i].name);
    values += ", ?" + std::to_string(i + 2);
  }
  put_ = TRY(SqliteStatement::prepare(writer, "INSERT OR REPLACE INTO " + sqlite_quoted(target.name) + " (" +
                                                  names + ") VALUES (" + values + ")"));
  columns_ = &target.columns;
  return {};
}

Result<> SqliteTarget::put(std::int64_t row_id, const PreparedRow& row) {
  put_.bind(1, row_id);
  for (std::size_t i = 0; i < columns_->size(); ++i)
    bind_cell(put_, static_cast<int>(i) + 2, (*columns_)[i].type,
              i < row.typed.size() ? row.typed[i] : Cell::null());
  return put_.run();
}

}  // namespace sluice
