#include "schema/field_rule.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using Json = nlohmann::json;

// One rule made from a field's descriptor, and what it says about cells.
class Checker {
 public:
  explicit Checker(const char* field, Normalise normalise = Normalise::yes, const char* missing = R"([""])") {
    Json named = Json::parse(field);
    named["name"] = "f";
    auto schema =
        parse_table_schema({{"fields", Json::array({named})}, {"missingValues", Json::parse(missing)}});
    if (!schema) {
      error_ = schema.error().message;
      return;
    }
    auto rule = FieldRule::compile(schema->fields[0], *schema, normalise);
    if (rule)
      rule_ = *std::move(rule);
    else
      error_ = rule.error().message;
  }

  // "kind:text" of the cell afterwards, or "code constraint: message [suggestion]".
  std::string check(Cell cell) {
    if (!rule_) return "no rule: " + error_;
    std::vector<Issue> issues;
    if (rule_->check(cell, arena_, issues)) {
      static constexpr const char* kKinds[] = {"missing", "null", "string", "number", "boolean", "json"};
      EXPECT_TRUE(issues.empty());
      return std::string(kKinds[static_cast<int>(cell.kind)]) + ":" + std::string(cell.text());
    }
    EXPECT_FALSE(issues.empty());
    const Issue& issue = issues.at(0);
    return std::string(name_of(issue.code)) + (issue.constraint.empty() ? "" : " " + issue.constraint) +
           ": " + issue.message + (issue.suggestion.empty() ? "" : " [" + issue.suggestion + "]");
  }
  std::string text(std::string_view value) { return check(Cell::string(value)); }
  const std::string& error() const { return error_; }

 private:
  Arena arena_;
  std::unique_ptr<FieldRule> rule_;
  std::string error_;
};

TEST(FieldRule, Integers) {
  Checker rule(R"({"type": "integer"})");
  EXPECT_EQ(rule.text("12"), "number:12");
  EXPECT_EQ(rule.text("-0"), "number:0");
  EXPECT_EQ(rule.text("+7"), "number:7");
  EXPECT_EQ(rule.text("00501"), "number:501");
  EXPECT_EQ(rule.text("12345678901234567890123456789"), "number:12345678901234567890123456789");
  EXPECT_EQ(rule.text(""), "null:");
  EXPECT_EQ(rule.text("12,3x"), "type-error: '12,3x' is not a whole number.");
  EXPECT_EQ(rule.text("12.0"), "type-error: '12.0' is not a whole number. [12]");
  EXPECT_EQ(rule.text(" 12"), "type-error: ' 12' is not a whole number. [12]");
  EXPECT_EQ(rule.text("1,234"), "type-error: '1,234' is not a whole number. [1234]");
  EXPECT_EQ(rule.check(Cell::number("1.0")), "number:1");
  EXPECT_EQ(rule.check(Cell::number("1e3")), "number:1000");
  EXPECT_EQ(rule.check(Cell::number("1.5")), "type-error: 1.5 is not a whole number.");
  EXPECT_EQ(rule.check(Cell::boolean(true)),
            "type-error: true is true or false, but this field holds whole numbers.");
}

TEST(FieldRule, Numbers) {
  Checker rule(R"({"type": "number"})");
  EXPECT_EQ(rule.text("12.50"), "number:12.5");
  EXPECT_EQ(rule.text("12.5"), "number:12.5");
  EXPECT_EQ(rule.text("1e3"), "number:1000");
  EXPECT_EQ(rule.text("0.0000001"), "number:1e-7");
  EXPECT_EQ(rule.text("12,3x"), "type-error: '12,3x' is not a number.");
  EXPECT_EQ(rule.text("12,30"), "type-error: '12,30' is not a number. [12.30]");
  EXPECT_EQ(rule.text("1,234"), "type-error: '1,234' is not a number.");
  EXPECT_EQ(rule.text("1,234.50"), "type-error: '1,234.50' is not a number. [1234.50]");
  EXPECT_EQ(rule.text("1.234,5"), "type-error: '1.234,5' is not a number. [1234.5]");
  EXPECT_EQ(rule.text("$12.50"), "type-error: '$12.50' is not a number. [12.50]");
  EXPECT_EQ(rule.text("NaN"),
            "type-error: 'NaN' is not a number that can be stored; leave the cell blank, or add it to "
            "missingValues.");
}

TEST(FieldRule, DatesAndText) {
  Checker date(R"({"type": "date"})");
  EXPECT_EQ(date.text("2024-02-28"), "string:2024-02-28");
  EXPECT_EQ(date.text("2024-02-30"), "type-error: '2024-02-30' is not a day of the calendar. [2024-02-29]");
  EXPECT_EQ(date.text("28 Feb 2024"),
            "type-error: '28 Feb 2024' is not a date of the form YYYY-MM-DD. [2024-02-28]");
  Checker state(R"({"constraints": {"maxLength": 2}})");
  EXPECT_EQ(state.text("TX"), "string:TX");
  EXPECT_EQ(state.text("TXX"), "constraint-error maxLength: 'TXX' has 3 characters; at most 2 are allowed.");
  Checker email(R"({"format": "email", "constraints": {"required": true}})");
  EXPECT_EQ(email.text("Ann@Example.COM"), "string:ann@example.com");
  EXPECT_EQ(email.text(""), "constraint-error required: This field must have a value, but it is blank.");
}

}  // namespace
}  // namespace sluice
