// The rules of number, integer and year fields. Numbers stay the decimals that were written; none passes
// through a double. See rule.h.
//
// As the standard has it: an integer's text is XML Schema's xsd:integer (a sign and leading zeros are
// allowed, "1.0" is none), a number's is xsd:decimal, with an exponent too. A JSON number in an integer field
// counts by its value: 1.0 and 1 are the same number there. NaN and INF are numbers to the standard but to no
// store: rejected.
#include "schema/number_text.h"
#include "schema/rule.h"

namespace sluice {
namespace {

class NumberRule : public Rule {
 public:
  NumberRule(const Field& field, Normalise normalise)
      : Rule(field, normalise), spelling_{field.decimal_char, field.group_char, field.bare_number} {}

 protected:
  bool cast(Cell& cell, Arena& arena, std::vector<Issue>& issues) const override {
    if ((cell.kind == CellKind::string || cell.kind == CellKind::number) && plain_ &&
        is_plain_canonical(cell.text())) [[likely]] {
      cell.kind = CellKind::number;
      return true;
    }
    return cast_slowly(cell, arena, issues);
  }

  Order compare(std::string_view a, std::string_view b) const final {
    return exactly(compare_canonical(a, b));
  }

  NumberSpelling spelling_;
  bool plain_ = spelling_.is_default();

 private:
  bool cast_slowly(Cell& cell, Arena& arena, std::vector<Issue>& issues) const {
    if (cell.kind != CellKind::string && cell.kind != CellKind::number)
      return kind_error(cell, "numbers", issues);
    std::optional<std::string_view> plain = cell.text();
    if (cell.kind == CellKind::string) plain = spelling_.plain(cell.text(), arena);
    auto canonical = plain ? canonical_in(*plain, arena) : std::nullopt;
    if (!canonical) return no_number(cell, issues);
    cell = Cell::number(*canonical);
    return true;
  }

  bool no_number(const Cell& cell, std::vector<Issue>& issues) const {
    std::string_view text = trimmed(cell.text());
    if (text == "NaN" || text == "INF" || text == "-INF")
      return type_error(
          cell,
          shown(cell) +
              " is not a number that can be stored; leave the cell blank, or add it to missingValues.",
          {}, issues);
    std::string suggestion = plain_ ? mend_number(cell.text(), false) : std::string();
    return type_error(cell, shown(cell) + " is not a number.", std::move(suggestion), issues);
  }
};

class IntegerRule final : public Rule {
 public:
  IntegerRule(const Field& field, Normalise normalise)
      : Rule(field, normalise), spelling_{'.', field.group_char, field.bare_number} {}

 private:
  bool cast(Cell& cell, Arena& arena, std::vector<Issue>& issues) const override {
    bool text_or_number = cell.kind == CellKind::string || cell.kind == CellKind::number;
    if (text_or_number && plain_ && is_plain_canonical(cell.text()) && is_canonical_integer_fast(cell.text()))
        [[likely]] {
      cell.kind = CellKind::number;
      return true;
    }
    if (!text_or_number) return kind_error(cell, "whole numbers", issues);
    std::optional<std::string_view> plain = cell.text();
    if (cell.kind == CellKind::string) {
      plain = spelling_.plain(cell.text(), arena);
      if (plain && !is_integer_text(*plain)) plain.reset();
    }
    auto canonical = plain ? canonical_in(*plain, arena) : std::nullopt;
    if (!canonical || !is_canonical_integer(*canonical)) {
      std::string suggestion = plain_ ? mend_number(cell.text(), true) : std::string();
      return type_error(cell, shown(cell) + " is not a whole number.", std::move(suggestion), issues);
    }
    cell = Cell::number(*canonical);
    return true;
  }

  static bool is_canonical_integer_fast(std::string_view text) {
    return text.find('.') == std::string_view::npos;
  }

  Order compare(std::string_view a, std::string_view b) const override {
    return exactly(compare_canonical(a, b));
  }

  NumberSpelling spelling_;
  bool plain_ = spelling_.is_default();
};

// A calendar year: four digits, as the profile says. A JSON number counts by its value (0 to 9999).
class YearRule final : public Rule {
 public:
  using Rule::Rule;

 private:
  bool cast(Cell& cell, Arena& arena, std::vector<Issue>& issues) const override {
    if (cell.kind != CellKind::string && cell.kind != CellKind::number)
      return kind_error(cell, "years", issues);
    std::string_view text = cell.text();
    bool good = is_digits(text) && (cell.kind == CellKind::string ? text.size() == 4 : text.size() <= 4);
    if (!good) {
      std::string_view bare = trimmed(text);
      bool evident = bare != text && bare.size() == 4 && is_digits(bare);
      return type_error(cell, shown(cell) + " is not a year of four digits.",
                        evident ? std::string(bare) : "", issues);
    }
    cell = Cell::number(*canonical_in(text, arena));
    return true;
  }

  static bool is_digits(std::string_view text) {
    return is_integer_text(text) && text[0] != '-' && text[0] != '+';
  }

  Order compare(std::string_view a, std::string_view b) const override {
    return exactly(compare_canonical(a, b));
  }
};

}  // namespace

RuleResult make_number_rule(const Field& field, Normalise normalise) {
  if (field.type == FieldType::integer) return std::make_unique<IntegerRule>(field, normalise);
  if (field.type == FieldType::year) return std::make_unique<YearRule>(field, normalise);
  return std::make_unique<NumberRule>(field, normalise);
}

}  // namespace sluice
