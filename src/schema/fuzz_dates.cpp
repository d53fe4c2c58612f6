// Fuzzes what reads a cell's bytes: DateFormat in every form, FieldRule::check of every type, the inference.
// What must hold: no crash; an accepted value is accepted again in its canonical form and does not change.
#include <cstdlib>

#include "schema/date_text.h"
#include "schema/field_rule.h"
#include "schema/inference.h"

using namespace sluice;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::unique_ptr<FieldRule>> make_rules() {
  static constexpr const char* kFields[] = {
      R"({"type": "string", "constraints": {"minLength": 2, "maxLength": 5, "pattern": "[a-z]*"}})",
      R"({"type": "string", "format": "email"})",
      R"({"type": "string", "format": "uri"})",
      R"({"type": "string", "format": "binary"})",
      R"({"type": "string", "format": "uuid"})",
      R"({"type": "number", "constraints": {"minimum": "-1.5", "maximum": 1e30}})",
      R"({"type": "number", "decimalChar": ",", "groupChar": ".", "bareNumber": false})",
      R"({"type": "integer", "constraints": {"enum": [1, 2, 30]}})",
      R"({"type": "integer", "bareNumber": false, "groupChar": " "})",
      R"({"type": "boolean"})",
      R"({"type": "object", "constraints": {"minLength": 1}})",
      R"({"type": "array"})",
      R"({"type": "list", "itemType": "number"})",
      R"({"type": "list", "delimiter": ";"})",
      R"({"type": "date"})",
      R"({"type": "date", "format": "any"})",
      R"({"type": "date", "format": "%d/%m/%y"})",
      R"({"type": "time", "format": "any"})",
      R"({"type": "datetime"})",
      R"({"type": "datetime", "format": "any", "dateOrder": "mdy"})",
      R"({"type": "year"})",
      R"({"type": "yearmonth"})",
      R"({"type": "duration", "constraints": {"minimum": "P1D"}})",
      R"({"type": "geopoint"})",
      R"({"type": "geopoint", "format": "array"})",
      R"({"type": "geopoint", "format": "object"})",
      R"({"type": "geojson"})",
      R"({"type": "geojson", "format": "topojson"})",
      R"({"type": "any"})"};
  std::vector<std::unique_ptr<FieldRule>> rules;
  for (const char* text : kFields) {
    nlohmann::json field = nlohmann::json::parse(text);
    field["name"] = "f";
    auto schema = parse_table_schema({{"fields", nlohmann::json::array({field})}});
    require(schema.has_value());
    auto rule = FieldRule::compile(schema->fields[0], *schema, Normalise::yes);
    require(rule.has_value());
    rules.push_back(*std::move(rule));
  }
  return rules;
}

bool rewrites_spelling(const Field& field) {
  return field.format.starts_with('%') || field.decimal_char != '.';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto rules = make_rules();
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto kind = static_cast<CellKind>(2 + data[0] % 4);
  if (kind == CellKind::boolean) text = data[0] & 4 ? "true" : "false";
  for (const auto& rule : rules) {
    Arena arena;
    std::vector<Issue> issues;
    Cell cell = Cell::of(kind, text);
    if (!rule->check(cell, arena, issues)) {
      require(!issues.empty() && !issues[0].message.empty());
      if (issues[0].code == RejectCode::type_error &&
          !issues[0].suggestion.empty()) {  // what is suggested has to pass
        std::string suggestion = issues[0].suggestion;
        Cell better = Cell::string(suggestion);
        std::vector<Issue> again;
        rule->check(better, arena, again);
        for (const Issue& issue : again) require(issue.code != RejectCode::type_error);
      }
      continue;
    }
    require(issues.empty());
    if (rewrites_spelling(rule->field())) continue;
    std::string first(cell.text());
    Cell second = Cell::of(cell.kind, first);
    require(rule->check(second, arena, issues));
    require(second.kind == cell.kind && second.text() == first);
  }
  SchemaInference inference;
  RowBatch batch(std::make_shared<Columns>(Columns{"c"}), 1);
  batch.info(batch.add_row()).row_number = 1;
  batch.cells(0)[0] = Cell::of(kind, text);
  inference.observe(batch);
  (void)inference.findings();
  TableSchema schema = inference.schema();
  auto rule = FieldRule::compile(schema.fields[0], schema, Normalise::yes);
  require(rule.has_value());
  if (size < 40) {
    auto format = DateFormat::compile(Temporal::datetime, text, DateOrder::unknown);
    std::string out;
    if (format) format->read(text, out);
  }
  return 0;
}
