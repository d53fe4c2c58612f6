// Stored rows of a pipeline, as JSON documents: those of ingested_data, and those in a table of their own, of
// which ingested_data has the identity only.
#include <array>
#include <charconv>
#include <cstdio>

#include "adapters/sql_queries.h"
#include "base/uuid.h"

namespace sluice {
namespace {

std::string quoted(std::string_view text, char mark) {
  std::string whole(1, mark);
  for (char c : text) {
    if (c == mark) whole += mark;
    whole += c;
  }
  return whole + mark;
}
std::string name(std::string_view identifier) { return quoted(identifier, '"'); }
std::string literal(std::string_view text) { return quoted(text, '\''); }

// What differs between the two databases.
struct Source {
  std::string table;     // "" : rows are documents
  std::string document;  // an expression over d (ingested_data) and t (the table), JSON
};

// Which rows: a condition on d, and its parameters.
struct Dataset {
  std::int64_t number = 0;
  std::string rows;
  SqlParams params;
};

Dataset dataset_of(SqlDialect dialect, std::int64_t number, const std::string& tenant,
                   const std::string& pipeline) {
  if (dialect == SqlDialect::sqlite) return {number, "d.tenant = $1 AND d.pipeline = $2", {tenant, pipeline}};
  // The rows of a dataset lie side by side: its number is the first part of their ids.
  auto id = [](std::int64_t first_part) {
    std::array<char, 40> text;
    std::snprintf(text.data(), text.size(), "%08llx-0000-0000-0000-000000000000",
                  static_cast<unsigned long long>(first_part));
    return std::string(text.data());
  };
  return {number, "d.id >= $1 AND d.id < $2", {id(number), id(number + 1)}};
}

// Tables of the user's that hold rows of sluice's: those with a column sluice_id.
Result<std::vector<std::string>> tables_of_rows(SqlDatabase& database) {
  auto rows = TRY(database.read(
      database.dialect() == SqlDialect::sqlite
          ? "SELECT m.name FROM sqlite_schema m WHERE m.type = 'table' AND EXISTS (SELECT 1 FROM "
            "pragma_table_info(m.name) c WHERE c.name = 'sluice_id') ORDER BY 1"
          : "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE a.attname = "
            "'sluice_id' AND a.atttypid = 'uuid'::regtype AND NOT a.attisdropped AND c.relkind IN ('r', 'p') "
            "AND NOT c.relispartition AND pg_table_is_visible(c.oid) "
            "AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1"));
  std::vector<std::string> tables;
  for (std::size_t row = 0; row < rows.size(); ++row) tables.push_back(rows.text(row, 0));
  return tables;
}

// The table of the pipeline's rows; "" where they are documents. The store does not know it by name, so it is
// the one in which rows of the pipeline are found.
Result<std::string> table_of(SqlDatabase& database, const Dataset& dataset) {
  const bool sqlite = database.dialect() == SqlDialect::sqlite;
  std::string probe;
  for (const std::string& table : TRY(tables_of_rows(database)))
    probe += (probe.empty() ? "SELECT " : " UNION ALL SELECT ") + literal(table) + " AS name " +
             (sqlite ? "FROM one JOIN " + name(table) + " t ON t.sluice_id = one.id"
                     : "WHERE EXISTS (SELECT 1 FROM " + name(table) +
                           " d WHERE d.sluice_id >= $1 AND d.sluice_id < $2)");
  if (probe.empty()) return std::string();
  // In SQLite some of its rows are looked at, the newest of them first: it may have got its table later.
  if (sqlite)
    probe =
        "WITH one AS (SELECT d.id AS id FROM (SELECT row_id FROM row_identities WHERE dataset = $1 LIMIT "
        "100) some JOIN ingested_data d ON d.id = some.row_id WHERE d.data IS NULL ORDER BY d.id DESC "
        "LIMIT 1) " +
        probe;
  const auto rows =
      TRY(database.read(probe + " LIMIT 1", sqlite ? SqlParams{dataset.number} : dataset.params));
  return rows.empty() ? std::string() : rows.text(0, 0);
}

// SQLite has no function that makes JSON of a row.
Result<std::string> sqlite_document(SqlDatabase& database, const std::string& table) {
  auto columns = TRY(database.read(
      "SELECT name, type FROM pragma_table_info($1) WHERE name <> 'sluice_id' ORDER BY cid", {table}));
  constexpr std::size_t kTogether = 40;  // an expression must not be nested a thousand deep
  std::string document = "'{'";
  for (std::size_t row = 0; row < columns.size(); ++row) {
    const std::string& column = columns.text(row, 0);
    const std::string value = "t." + name(column);
    if (row % kTogether == 0) document += row == 0 ? " || (''" : ") || (''";
    document += " || " + literal(row == 0 ? "" : ",") + " || json_quote(" + literal(column) + ") || ':' || ";
    // How tables are made: store_sqlite_target.cpp.
    if (columns.text(row, 1) == "INTEGER")
      document +=
          "CASE " + value + " WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE json_quote(" + value + ") END";
    else if (columns.text(row, 1) == "ANY")
      document +=
          "CASE typeof(" + value + ") WHEN 'text' THEN " + value + " ELSE json_quote(" + value + ") END";
    else
      document += "json_quote(" + value + ")";
  }
  return document + (columns.empty() ? "" : ")") + " || '}'";
}

Result<Source> source_of(SqlDatabase& database, const Dataset& dataset) {
  Source source;
  source.table = TRY(table_of(database, dataset));
  source.document = "d.data";
  if (source.table.empty()) return source;
  const std::string of_table = database.dialect() == SqlDialect::sqlite
                                   ? TRY(sqlite_document(database, source.table))
                                   : "to_jsonb(t) - 'sluice_id'";
  source.document = "CASE WHEN d.data IS NULL THEN " + of_table + " ELSE d.data END";
  return source;
}

// A field of the document as text: of a string its characters, of everything else its JSON; NULL for null.
std::string field_text(SqlDialect dialect, const std::string& document, std::size_t parameter) {
  const std::string field = "$" + std::to_string(parameter);
  if (dialect == SqlDialect::postgres) return "(" + document + ") ->> CAST(" + field + " AS text)";
  return "(SELECT CASE e.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'null' THEN NULL "
         "ELSE CAST(e.value AS text) END FROM json_each(" +
         document + ") e WHERE e.key = " + field + ")";
}

// The parameter for `id > $n`.
Result<SqlValue> after_value(SqlDialect dialect, const std::string& after) {
  if (dialect == SqlDialect::postgres && uuid_bytes(after)) return SqlValue(after);
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(after.data(), after.data() + after.size(), number);
  if (dialect == SqlDialect::sqlite && error == std::errc() && end == after.data() + after.size())
    return SqlValue(number);
  return fail(ErrorKind::usage, "\"" + after +
                                    "\" is not the id of a row. Take the one that the last page "
                                    "ended with.");
}

}  // namespace

Result<std::vector<DataRow>> SqlQueryStore::rows(
    const std::string& tenant, const std::string& pipeline,
    const std::vector<std::pair<std::string, std::string>>& equal, const std::string& after,
    std::size_t limit) {
  std::vector<DataRow> found;
  const SqlDialect dialect = database_.dialect();
  const auto known =
      TRY(database_.read("SELECT id FROM datasets WHERE tenant = $1 AND pipeline = $2", {tenant, pipeline}));
  if (known.empty()) return found;
  const Dataset dataset = dataset_of(dialect, known.integer(0, 0), tenant, pipeline);
  const Source source = TRY(source_of(database_, dataset));
  SqlParams params = dataset.params;
  std::string where = dataset.rows;
  if (!after.empty()) {
    params.push_back(TRY(after_value(dialect, after)));
    where += " AND d.id > $" + std::to_string(params.size());
  }
  for (const auto& [field, value] : equal) {
    params.emplace_back(field);
    where += " AND " + field_text(dialect, source.document, params.size());
    params.emplace_back(value);
    where += " = $" + std::to_string(params.size());
  }
  params.emplace_back(limit);
  const auto page = TRY(database_.scan(
      "SELECT d.id, coalesce(" + source.document + ", '{}'), " +
          (dialect == SqlDialect::sqlite ? "lower(hex(d.content_hash))" : "encode(d.content_hash, 'hex')") +
          ", d.job_id, d.row_number, " + database_.milliseconds("d.created_at") + ", " +
          database_.milliseconds("d.updated_at") + " FROM ingested_data d" +
          (source.table.empty() ? "" : " LEFT JOIN " + name(source.table) + " t ON t.sluice_id = d.id") +
          " WHERE " + where + " ORDER BY d.id LIMIT $" + std::to_string(params.size()),
      params));
  for (std::size_t row = 0; row < page.size(); ++row)
    found.push_back({.id = page.text(row, 0),
                     .data = page.text(row, 1),
                     .content_hash = page.text(row, 2),
                     .job_id = page.text(row, 3),
                     .row_number = page.whole(row, 4),
                     .created_at = sql_time_text(page.integer(row, 5)),
                     .updated_at = sql_time_text(page.integer(row, 6))});
  return found;
}

}  // namespace sluice
