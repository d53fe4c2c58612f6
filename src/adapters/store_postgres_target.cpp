#include "adapters/store_postgres_target.h"

#include <algorithm>
#include <array>

#include "adapters/pg_binary.h"
#include "adapters/service_tables.h"

namespace sluice {
namespace {

constexpr std::string_view kLink = "sluice_id";
constexpr std::size_t kTargetPieceBytes = 128 * 1024;

constexpr std::array<std::string_view, 13> kOwnTables = {
    "ingestion_jobs",    "ingestion_splits",  "ingestion_lanes", "ingested_data",     "datasets",
    "row_outcomes",      "validation_errors", "pipelines",       "job_unique_values", "audit_log",
    "schema_migrations", "idempotency_keys",  "ingestion_events"};

// The type a column is made with, and others of the user's that hold the same values without loss.
struct SqlType {
  std::string_view made;
  std::array<std::string_view, 3> also;
};

SqlType sql_type(ColumnType type) {
  switch (type) {
    case ColumnType::integer: return {"numeric", {"bigint", "integer", "smallint"}};
    case ColumnType::number: return {"numeric", {}};
    case ColumnType::boolean: return {"boolean", {}};
    case ColumnType::date: return {"date", {}};
    case ColumnType::time: return {"time without time zone", {}};
    case ColumnType::datetime: return {"timestamp with time zone", {}};
    case ColumnType::json: return {"jsonb", {"json", "", ""}};
    case ColumnType::text: break;
  }
  return {"text", {"character varying", "", ""}};
}

Result<> check_names(const TargetTable& target) {
  auto refuse = [&](const std::string& why) {
    return fail(ErrorKind::usage, "table " + target.name + ": " + why);
  };
  if (target.name.starts_with("pg_") || std::ranges::count(kOwnTables, target.name) != 0 ||
      std::ranges::count(kServiceTableNames, target.name) != 0)
    return refuse("this name is used by the store itself. Choose another `table:`.");
  constexpr std::size_t kLongest = 63;  // NAMEDATALEN - 1: longer names are cut in silence
  if (target.name.size() > kLongest)
    return refuse("PostgreSQL's names have at most 63 bytes. Choose a shorter one.");
  for (std::size_t i = 0; i < target.columns.size(); ++i) {
    const std::string& name = target.columns[i].name;
    if (name == kLink)
      return refuse("the column name " + name + " is used by the store itself. Rename the field.");
    if (name.size() > kLongest)
      return refuse("the column name " + name +
                    " is longer than the 63 bytes that PostgreSQL allows. Rename the field.");
    for (std::size_t k = 0; k < i; ++k)
      if (name == target.columns[k].name)
        return refuse("two columns have the name " + name + ". Rename one of the fields.");
  }
  return {};
}

struct ExistingColumn {
  std::string name, type;
  bool needs_value = false;  // NOT NULL without a default
};

Result<std::vector<ExistingColumn>> existing_columns(PgConnection& connection, const std::string& table) {
  auto found = TRY(connection.query(
      "SELECT attname, format_type(atttypid, NULL), attnotnull AND NOT atthasdef AND attidentity = '' "
      "FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY "
      "attnum",
      PgParams().text(pg_quoted(table))));
  std::vector<ExistingColumn> columns;
  for (int row = 0; row < found.rows(); ++row)
    columns.push_back({std::string(found.text(row, 0)), std::string(found.text(row, 1)), found.yes(row, 2)});
  return columns;
}

Result<> create(PgConnection& connection, const TargetTable& target) {
  std::string sql =
      "CREATE TABLE " + pg_quoted(target.name) + " (" + std::string(kLink) + " uuid PRIMARY KEY";
  for (const TargetColumn& column : target.columns)
    sql += ", " + pg_quoted(column.name) + " " + std::string(sql_type(column.type).made);
  return connection.execute(sql + ")");
}

Result<> fit(PgConnection& connection, const TargetTable& target, const std::vector<ExistingColumn>& there) {
  auto refuse = [&](const std::string& why) {
    return fail(ErrorKind::usage, "table " + target.name + " exists already, but " + why);
  };
  auto find = [&](std::string_view name) { return std::ranges::find(there, name, &ExistingColumn::name); };
  if (find(kLink) == there.end())
    return refuse("was not made by sluice: it has no column " + std::string(kLink) +
                  ". Choose another `table:`.");
  for (const TargetColumn& column : target.columns) {
    const SqlType wanted = sql_type(column.type);
    auto found = find(column.name);
    if (found == there.end()) {
      TRY(connection.execute("ALTER TABLE " + pg_quoted(target.name) + " ADD COLUMN " +
                             pg_quoted(column.name) + " " + std::string(wanted.made)));
    } else if (found->type != wanted.made && std::ranges::count(wanted.also, found->type) == 0) {
      return refuse("its column " + found->name + " is of type " + found->type + ", and the schema wants " +
                    std::string(wanted.made) + ". If every value fits, this makes it so: ALTER TABLE " +
                    pg_quoted(target.name) + " ALTER COLUMN " + pg_quoted(column.name) + " TYPE " +
                    std::string(wanted.made) + " USING " + pg_quoted(column.name) +
                    "::" + std::string(wanted.made) + "; otherwise choose another `table:`.");
    }
  }
  for (const ExistingColumn& column : there) {
    const bool filled =
        column.name == kLink || std::ranges::count(target.columns, column.name, &TargetColumn::name);
    if (!filled && column.needs_value)
      return refuse("its column " + column.name +
                    " must have a value, and the schema has no such field. If it may be empty: ALTER TABLE " +
                    pg_quoted(target.name) + " ALTER COLUMN " + pg_quoted(column.name) + " DROP NOT NULL");
  }
  return {};
}

// One field of COPY's text format.
void append_text(std::string& out, std::string_view text) {
  for (char c : text) {
    switch (c) {
      case '\\': out += "\\\\"; break;
      case '\t': out += "\\t"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      default: out += c;
    }
  }
}

}  // namespace

Result<> make_postgres_target(PgConnection& connection, const TargetTable& target) {
  TRY(check_names(target));
  // Two nodes that start at once must not both make it.
  TRY(connection.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                       PgParams().text("sluice table " + target.name)));
  auto there = TRY(existing_columns(connection, target.name));
  return there.empty() ? create(connection, target) : fit(connection, target, there);
}

PostgresTarget::PostgresTarget(const WriteSpec& spec) : spec_(spec) {
  copy_ = "COPY " + pg_quoted(spec.target.name) + " (" + std::string(kLink);
  for (const TargetColumn& column : spec.target.columns) copy_ += ", " + pg_quoted(column.name);
  copy_ += ") FROM STDIN";
}

Result<> PostgresTarget::put(PgConnection& connection, const RowDecisions& decisions,
                             std::span<const std::uint32_t> groups, std::span<const UuidBytes> ids) {
  std::string piece;
  std::size_t next = 0;
  auto produce = [&]() -> std::string_view {
    piece.clear();
    for (; next < groups.size() && piece.size() < kTargetPieceBytes; ++next) {
      const PreparedRow& row = decisions.row_of(decisions.groups()[groups[next]]);
      piece += uuid_text(ids[groups[next]]);
      for (std::size_t i = 0; i < spec_.target.columns.size(); ++i) {
        piece += '\t';
        if (i >= row.typed.size() || row.typed[i].is_null())
          piece += "\\N";
        else
          append_text(piece, row.typed[i].text());
      }
      piece += '\n';
    }
    return piece;
  };
  TRY(connection.copy_in(copy_, produce));
  return {};
}

Result<> PostgresTarget::remove(PgConnection& connection, std::string id_array) {
  TRY(connection.query(
      "DELETE FROM " + pg_quoted(spec_.target.name) + " WHERE " + std::string(kLink) + " = ANY($1)",
      PgParams().binary(std::move(id_array), static_cast<Oid>(PgArrayType::uuid))));
  return {};
}

}  // namespace sluice
