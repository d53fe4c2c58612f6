// The rules of object, array, list and any fields. See rule.h.
#include <algorithm>

#include "base/decimal.h"
#include "schema/rule.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

std::uint64_t members_of(const Cell& cell) {
  Json value = Json::parse(cell.text(), nullptr, false);
  return value.is_structured() ? value.size() : 0;
}

// A JSON object or array: as JSON source has it, or written as JSON in a text.
class JsonRule final : public Rule {
 public:
  using Rule::Rule;

 private:
  bool cast(Cell& cell, Arena&, std::vector<Issue>& issues) const override {
    bool object = field_.type == FieldType::object;
    if (cell.kind != CellKind::string && cell.kind != CellKind::json)
      return kind_error(cell, object ? "objects" : "lists", issues);
    std::string_view text = trimmed(cell.text());
    bool good = text.starts_with(object ? '{' : '[') && (cell.kind == CellKind::json || Json::accept(text));
    if (!good)
      return type_error(
          cell, shown(cell) + (object ? " is not a JSON object ({…})." : " is not a JSON array ([…])."), {},
          issues);
    cell = Cell::json(text);
    return true;
  }
  std::uint64_t length(const Cell& cell) const override { return members_of(cell); }
  std::string_view length_unit() const override {
    return field_.type == FieldType::object ? "members" : "items";
  }
};

class AnyRule final : public Rule {
 public:
  using Rule::Rule;

 private:
  bool keeps_missing_text() const override { return true; }
  bool cast(Cell&, Arena&, std::vector<Issue>&) const override { return true; }
};

// Values of one type between delimiters in a text; becomes a JSON array. A JSON array is taken as it is when
// its items are of the type.
class ListRule final : public Rule {
 public:
  ListRule(const Field& field, Normalise normalise, std::unique_ptr<FieldRule> item)
      : Rule(field, normalise), item_(std::move(item)) {}

 private:
  bool cast(Cell& cell, Arena& arena, std::vector<Issue>& issues) const override {
    if (cell.kind == CellKind::json) return cast_json(cell, arena, issues);
    if (cell.kind != CellKind::string) return kind_error(cell, "lists", issues);
    std::string json = "[";
    std::string_view rest = cell.text();
    while (true) {
      std::size_t end = std::min(rest.find(field_.delimiter), rest.size());
      Cell item = Cell::string(rest.substr(0, end));
      if (!append(json, cell, item, arena, issues)) return false;
      if (end == rest.size()) break;
      rest.remove_prefix(end + field_.delimiter.size());
    }
    json += ']';
    cell = Cell::json(arena.copy(json));
    return true;
  }

  bool cast_json(Cell& cell, Arena& arena, std::vector<Issue>& issues) const {
    Json value = Json::parse(cell.text(), nullptr, false);
    if (!value.is_array()) return kind_error(cell, "lists", issues);
    std::string ignored;
    for (const Json& member : value) {
      std::string text = member.is_string() ? member.get<std::string>()
                                            : member.dump(-1, ' ', false, Json::error_handler_t::replace);
      Cell item = member.is_string()    ? Cell::string(text)
                  : member.is_boolean() ? Cell::boolean(member.get<bool>())
                  : member.is_number()  ? Cell::number(text)
                                        : Cell::json(text);
      if (!append(ignored, cell, item, arena, issues)) return false;
    }
    return true;
  }

  bool append(std::string& json, const Cell& whole, Cell item, Arena& arena,
              std::vector<Issue>& issues) const {
    std::vector<Issue> found;
    if (!item_->check(item, arena, found))
      return type_error(whole, "In the list: " + found.front().message, {}, issues);
    if (json.size() > 1) json += ',';
    // A number that JSON does not carry exactly is a text there, as in the row's own canonical form.
    if (item.kind == CellKind::string ||
        (item.kind == CellKind::number && !is_exact_json_number(item.text())))
      json += Json(item.text()).dump(-1, ' ', false, Json::error_handler_t::replace);
    else
      json += item.text();
    return true;
  }

  std::uint64_t length(const Cell& cell) const override { return members_of(cell); }
  std::string_view length_unit() const override { return "items"; }

  std::unique_ptr<FieldRule> item_;
};

FieldType item_type(std::string_view name) {
  for (FieldType type : {FieldType::integer, FieldType::boolean, FieldType::number, FieldType::datetime,
                         FieldType::date, FieldType::time})
    if (name == name_of(type)) return type;
  return FieldType::string;
}

}  // namespace

RuleResult make_json_rule(const Field& field, Normalise normalise) {
  if (field.type == FieldType::any) return std::make_unique<AnyRule>(field, normalise);
  return std::make_unique<JsonRule>(field, normalise);
}

RuleResult make_list_rule(const Field& field, const TableSchema&, Normalise normalise) {
  Field item;
  item.name = field.name;
  item.type = item_type(field.item_type);
  item.missing_values.emplace();  // "1,,2" has a blank item, not a missing one
  TableSchema none;
  std::unique_ptr<FieldRule> rule = TRY(FieldRule::compile(item, none, Normalise::yes));
  return std::make_unique<ListRule>(field, normalise, std::move(rule));
}

}  // namespace sluice
