// The rule of boolean fields. See rule.h.
#include <algorithm>

#include "schema/rule.h"

namespace sluice {
namespace {

class BooleanRule final : public Rule {
 public:
  BooleanRule(const Field& field, Normalise normalise) : Rule(field, normalise) {
    if (field_.true_values.empty()) field_.true_values = {"true", "True", "TRUE", "1"};
    if (field_.false_values.empty()) field_.false_values = {"false", "False", "FALSE", "0"};
  }

 private:
  bool cast(Cell& cell, Arena&, std::vector<Issue>& issues) const override {
    if (cell.kind == CellKind::boolean) return true;
    if (cell.kind != CellKind::string) return kind_error(cell, "true or false", issues);
    for (bool value : {true, false}) {
      const auto& spellings = value ? field_.true_values : field_.false_values;
      if (std::ranges::find(spellings, cell.text()) == spellings.end()) continue;
      cell = Cell::boolean(value);
      return true;
    }
    std::string message = shown(cell) + " is neither true nor false (" + field_.true_values.front() + ", " +
                          field_.false_values.front() + ").";
    return type_error(cell, std::move(message), suggestion(trimmed(cell.text())), issues);
  }

  std::string suggestion(std::string_view text) const {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    auto means = [&](const std::vector<std::string>& spellings,
                     std::initializer_list<std::string_view> usual) {
      for (const std::string& spelling : spellings)
        if (std::ranges::equal(spelling, lower,
                               [](char a, char b) { return (a >= 'A' && a <= 'Z' ? (a | 0x20) : a) == b; }))
          return true;
      return std::ranges::find(usual, lower) != usual.end();
    };
    if (means(field_.true_values, {"true", "t", "yes", "y", "on", "1"})) return field_.true_values.front();
    if (means(field_.false_values, {"false", "f", "no", "n", "off", "0"})) return field_.false_values.front();
    return {};
  }
};

}  // namespace

RuleResult make_boolean_rule(const Field& field, Normalise normalise) {
  return std::make_unique<BooleanRule>(field, normalise);
}

}  // namespace sluice
