// Rule: what the rules of all types share: blanks, constraints, messages. A type's rule only casts, and says
// how its values are ordered and how long they are. Made by FieldRule::compile; immutable, any thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "schema/field_rule.h"

namespace re2 {
class RE2;
}

namespace sluice {

class JsonSchema;

class Rule : public FieldRule {
 public:
  Rule(const Field& field, Normalise normalise);
  ~Rule() override;

  bool check(Cell& cell, Arena& arena, std::vector<Issue>& issues) const final;
  const Field& field() const final { return field_; }

  // Casts bounds and enumerations by the rule's own cast. Called once, by compile.
  Result<> compile_constraints(const TableSchema& schema);

 protected:
  // Turns the cell (never null, never a missing value) into the type's canonical form, or says why it is
  // none.
  virtual bool cast(Cell& cell, Arena& arena, std::vector<Issue>& issues) const = 0;
  // Order of two cast values, -1, 0 or 1: the least and the most it can be. They differ only for durations,
  // where a month is sometimes more and sometimes less than thirty days.
  struct Order {
    int least, most;
  };
  virtual Order compare(std::string_view a, std::string_view b) const { return exactly(a.compare(b)); }
  static Order exactly(int order) { return {(order > 0) - (order < 0), (order > 0) - (order < 0)}; }
  virtual std::uint64_t length(const Cell& cell) const;
  virtual std::string_view length_unit() const { return "characters"; }
  // Text types keep a missing value as it was written where nothing is normalised, and dates keep their
  // spelling.
  virtual bool keeps_spelling() const { return false; }
  virtual bool keeps_missing_text() const { return false; }
  // The texts of bounds where the schema's own spelling may also be ISO 8601 (dates with a pattern).
  virtual bool cast_bound(Cell& cell, Arena& arena, std::vector<Issue>& issues) const {
    return cast(cell, arena, issues);
  }

  bool type_error(const Cell& cell, std::string message, std::string suggestion,
                  std::vector<Issue>& issues) const;
  // "12 is a number, but this field holds text." for a JSON value of another type.
  bool kind_error(const Cell& cell, std::string_view wanted, std::vector<Issue>& issues) const;

  Field field_;
  Normalise normalise_;

 private:
  struct Bound {
    std::string_view constraint;
    std::string text;   // cast
    std::string shown;  // as the schema has it
    bool lower = false, exclusive = false;
  };

  bool is_missing(std::string_view text) const;
  bool check_constraints(const Cell& written, const Cell& cell, std::vector<Issue>& issues) const;
  bool check_each(const Cell& written, const Cell& cell, std::vector<Issue>& issues) const;
  bool passes(const std::string& text) const;
  void suggest(const Cell& written, std::span<Issue> issues) const;
  bool check_lengths(const Cell& written, const Cell& cell, std::vector<Issue>& issues) const;
  bool check_bounds(const Cell& written, const Cell& cell, std::vector<Issue>& issues) const;
  bool check_members(const Cell& written, const Cell& cell, std::vector<Issue>& issues) const;
  Result<> add_bound(std::string_view constraint, const std::optional<nlohmann::json>& value, bool lower,
                     bool exclusive);
  Result<> add_members(std::string_view constraint, const std::vector<nlohmann::json>& values);
  Result<> compile_pattern();

  std::vector<std::string> missing_values_;
  std::size_t longest_missing_ = 0;
  bool only_required_ = true;  // no constraint beyond `required`
  std::unique_ptr<re2::RE2> pattern_;
  std::unique_ptr<JsonSchema> json_schema_;
  std::vector<Bound> bounds_;
  std::string_view members_constraint_;  // "enum" or "categories"
  std::vector<std::string> members_;     // cast, sorted
  std::vector<std::string> members_shown_;
  std::vector<nlohmann::json> json_members_;
};

// One issue with value and message; the value is cut as Issue asks.
Issue make_issue(RejectCode code, const Field& field, const Cell& cell, std::string message,
                 std::string suggestion = {}, std::string_view constraint = {});
// The value as messages show it: 'text', 12, true; long ones are cut.
std::string shown(const Cell& cell);
std::string_view trimmed(std::string_view text);

using RuleResult = Result<std::unique_ptr<Rule>>;
RuleResult make_string_rule(const Field& field, Normalise normalise);
RuleResult make_number_rule(const Field& field, Normalise normalise);  // number, integer, year
RuleResult make_boolean_rule(const Field& field, Normalise normalise);
RuleResult make_date_rule(const Field& field, Normalise normalise);  // date, time, datetime
RuleResult make_yearmonth_rule(const Field& field, Normalise normalise);
RuleResult make_duration_rule(const Field& field, Normalise normalise);
RuleResult make_json_rule(const Field& field, Normalise normalise);  // object, array, any
RuleResult make_list_rule(const Field& field, const TableSchema& schema, Normalise normalise);
RuleResult make_geo_rule(const Field& field, Normalise normalise);  // geopoint, geojson

}  // namespace sluice
