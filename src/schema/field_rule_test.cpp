#include "schema/field_rule.h"

#include <gtest/gtest.h>

#include <random>

#include "base/decimal.h"
#include "schema/number_text.h"

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

TEST(FieldRule, NumberSpellings) {
  Checker german(R"({"type": "number", "decimalChar": ",", "groupChar": "."})");
  EXPECT_EQ(german.text("1.234,50"), "number:1234.5");
  EXPECT_EQ(german.text("-1.234.567"), "number:-1234567");
  EXPECT_EQ(german.text("1,5"), "number:1.5");
  EXPECT_EQ(german.text("1,5.0"), "type-error: '1,5.0' is not a number.");
  EXPECT_EQ(german.text(".5"), "type-error: '.5' is not a number.");
  Checker money(R"({"type": "number", "bareNumber": false, "groupChar": ","})");
  EXPECT_EQ(money.text("$ 1,234.50"), "number:1234.5");
  EXPECT_EQ(money.text("-$5"), "number:-5");
  EXPECT_EQ(money.text("95%"), "number:95");
  EXPECT_EQ(money.text("EUR"), "type-error: 'EUR' is not a number.");
  EXPECT_EQ(money.text("(95)"), "type-error: '(95)' is not a number.");
  Checker whole(R"({"type": "integer", "bareNumber": false, "groupChar": " "})");
  EXPECT_EQ(whole.text("1 234 km"), "number:1234");
  Checker range(R"({"type": "number", "constraints": {"minimum": "-0.5", "exclusiveMaximum": 1e25}})");
  EXPECT_EQ(range.text("-0.50"), "number:-0.5");
  EXPECT_EQ(
      range.text("-0.500000000000000000000001"),
      "constraint-error minimum: '-0.500000000000000000000001' is too small; it must be at least -0.5.");
  EXPECT_EQ(range.text("9999999999999999999999999"), "number:9999999999999999999999999");
  EXPECT_EQ(range.text("1e25"),
            "constraint-error exclusiveMaximum: '1e25' is too large; it must be less than 1e+25.");
  Checker year(R"({"type": "year", "constraints": {"minimum": 1900}})");
  EXPECT_EQ(year.text("2024"), "number:2024");
  EXPECT_EQ(year.text("24"), "type-error: '24' is not a year of four digits.");
  EXPECT_EQ(year.text(" 2024"), "type-error: ' 2024' is not a year of four digits. [2024]");
  EXPECT_EQ(year.text(" -933"), "type-error: ' -933' is not a year of four digits.");
  EXPECT_EQ(year.check(Cell::number("2024")), "number:2024");
  EXPECT_EQ(year.text("1899"), "constraint-error minimum: '1899' is too small; it must be at least 1900.");
}

TEST(FieldRule, Booleans) {
  Checker rule(R"({"type": "boolean"})");
  EXPECT_EQ(rule.text("1"), "boolean:true");
  EXPECT_EQ(rule.text("FALSE"), "boolean:false");
  EXPECT_EQ(rule.check(Cell::boolean(true)), "boolean:true");
  EXPECT_EQ(rule.text("yes"), "type-error: 'yes' is neither true nor false (true, false). [true]");
  EXPECT_EQ(rule.check(Cell::number("1")), "type-error: 1 is a number, but this field holds true or false.");
  Checker german(R"({"type": "boolean", "trueValues": ["ja"], "falseValues": ["nein"]})");
  EXPECT_EQ(german.text("ja"), "boolean:true");
  EXPECT_EQ(german.text("JA"), "type-error: 'JA' is neither true nor false (ja, nein). [ja]");
  EXPECT_EQ(german.text("true"), "type-error: 'true' is neither true nor false (ja, nein). [ja]");
}

TEST(FieldRule, TextFormats) {
  Checker text(R"({"type": "string"})");
  EXPECT_EQ(text.check(Cell::number("12")), "type-error: 12 is a number, but this field holds text.");
  EXPECT_EQ(text.check(Cell::json("[1]")), "type-error: [1] is a list, but this field holds text.");
  Checker umlauts(R"({"constraints": {"minLength": 3, "maxLength": 3}})");
  EXPECT_EQ(umlauts.text("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"),
            "string:\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
  Checker email(R"({"format": "email"})");
  for (const char* good : {"a@b.de", "first.last+tag@sub.example.co.uk", "o'neil@example.org",
                           "x@b\xC3\xBC"
                           "cher.example",
                           "1@2.com", "a-b_c@d-e.fr"})
    EXPECT_EQ(email.text(good), std::string("string:") + good);
  for (const char* bad :
       {"not-an-email", "user@@example..com", "a@b", ".a@b.de", "a.@b.de", "a..b@c.de", "a@-b.de", "a@b-.de",
        "@b.de", "a@", "a@b.1", "a b@c.de", "a@b.de.", "a@b_c.de", "a@b,de", "<a@b.de>"})
    EXPECT_TRUE(email.text(bad).starts_with("type-error: ")) << bad;
  EXPECT_EQ(email.text("user@@example..com"),
            "type-error: 'user@@example..com' is not an e-mail address. [user@example.com]");
  EXPECT_EQ(email.text("ann @example,com"),
            "type-error: 'ann @example,com' is not an e-mail address. [ann@example.com]");
  EXPECT_EQ(email.text("\xC3\x84RGER@B\xC3\x9C"
                       "CHER.de"),
            "string:\xC3\xA4rger@b\xC3\xBC"
            "cher.de");
  EXPECT_EQ(Checker(R"({"format": "email"})", Normalise::no).text("A@B.de"), "string:A@B.de");
  Checker uri(R"({"format": "uri"})");
  for (const char* good : {"http://www.test.com", "https://a.b/c?d=e#f", "mailto:a@b.de",
                           "urn:isbn:0451450523", "file:///x", "http://[::1]:80/"})
    EXPECT_EQ(uri.text(good), std::string("string:") + good);
  EXPECT_EQ(uri.text("www.test.com"),
            "type-error: 'www.test.com' is not a web address (URI). [https://www.test.com]");
  EXPECT_EQ(uri.text("http://a.b/c d"),
            "type-error: 'http://a.b/c d' is not a web address (URI). [http://a.b/c%20d]");
  EXPECT_TRUE(uri.text("http://").starts_with("type-error"));
  Checker binary(R"({"format": "binary"})");
  EXPECT_EQ(binary.text("aGVsbG8="), "string:aGVsbG8=");
  EXPECT_EQ(binary.text("aGVsbG8"), "type-error: 'aGVsbG8' is not binary data in base64. [aGVsbG8=]");
  EXPECT_TRUE(binary.text("a=b=").starts_with("type-error"));
  Checker uuid(R"({"format": "uuid"})");
  EXPECT_EQ(uuid.text("f81d4fae-7dec-11d0-A765-00a0c91e6bf6"), "string:f81d4fae-7dec-11d0-A765-00a0c91e6bf6");
  EXPECT_TRUE(
      uuid.text("{f81d4fae7dec11d0a76500a0c91e6bf6}").ends_with("[f81d4fae-7dec-11d0-a765-00a0c91e6bf6]"));
}

TEST(FieldRule, PatternsAndEnums) {
  Checker zip(R"({"constraints": {"pattern": "[0-9]{5}"}})");
  EXPECT_EQ(zip.text("00501"), "string:00501");
  EXPECT_EQ(zip.text("005011"),
            "constraint-error pattern: '005011' does not have the expected form ([0-9]{5}).");
  EXPECT_TRUE(zip.text("501").ends_with("([0-9]{5}). [00501]"));  // a spreadsheet took the zeros
  EXPECT_TRUE(zip.text("0 2118").ends_with("[02118]"));
  EXPECT_TRUE(zip.text("12,345").ends_with("([0-9]{5})."));  // 12345, or 12.345? Not evident
  EXPECT_TRUE(zip.text("1234a").ends_with("([0-9]{5})."));
  Checker code(R"({"constraints": {"pattern": "[A-Z]{2}", "enum": ["CA", "NY"]}})");
  EXPECT_TRUE(code.text("ca").ends_with("[CA]"));
  EXPECT_TRUE(code.text("tx").ends_with("'CA', 'NY'."));  // in capitals the enum would not have it
  EXPECT_TRUE(Checker(R"({"constraints": {"minLength": 4}})").text("17").ends_with("[0017]"));
  EXPECT_TRUE(Checker(R"({"constraints": {"pattern": "\\d+\\.\\d"}})").text("1,5").ends_with("[1.5]"));
  EXPECT_EQ(Checker(R"({"constraints": {"pattern": "\\i\\c*"}})").text("a-b.c"), "string:a-b.c");
  EXPECT_NE(Checker(R"({"constraints": {"pattern": "(?=a)b"}})").error().find("look-ahead"),
            std::string::npos);
  Checker state(R"({"constraints": {"enum": ["Texas", "Ohio"]}})");
  EXPECT_EQ(state.text("Texsa"),
            "constraint-error enum: 'Texsa' is not one of the allowed values: 'Texas', 'Ohio'. [Texas]");
  Checker grade(R"({"type": "number", "constraints": {"enum": ["1.50", 2]}})");
  EXPECT_EQ(grade.text("1.5"), "number:1.5");
  EXPECT_EQ(grade.text("2.00"), "number:2");
  EXPECT_EQ(grade.text("3"), "constraint-error enum: '3' is not one of the allowed values: '1.50', 2.");
  EXPECT_EQ(Checker(R"({"type": "array", "constraints": {"enum": [[1, 2]]}})").text("[1,2]"), "json:[1,2]");
  EXPECT_EQ(Checker(R"({"type": "string", "categories": [{"value": "a", "label": "A"}]})").text("b"),
            "constraint-error categories: 'b' is not one of the allowed values: 'a'.");
  EXPECT_TRUE(Checker(R"({"type": "integer", "constraints": {"enum": ["x"]}})")
                  .error()
                  .starts_with("Field 'f': enum has a value"));
  EXPECT_TRUE(Checker(R"({"type": "date", "constraints": {"minimum": "soon"}})")
                  .error()
                  .starts_with("Field 'f': minimum is no value"));
  EXPECT_TRUE(Checker(R"({"type": "date", "format": "YYYY"})")
                  .error()
                  .starts_with("Field 'f': 'YYYY' is not a format of type date."));
}

TEST(FieldRule, MissingValues) {
  EXPECT_EQ(Checker(R"({"type": "integer"})", Normalise::yes, R"(["", "-"])").text("-"), "null:");
  EXPECT_EQ(Checker(R"({"type": "integer", "missingValues": ["x"]})").text(""),
            "type-error: '' is not a whole number.");
  EXPECT_EQ(Checker(R"({"type": "string"})", Normalise::no).text(""), "string:");
  EXPECT_EQ(Checker(R"({"type": "integer"})", Normalise::no).text(""), "null:");
  Checker required(R"({"type": "integer", "constraints": {"required": true}})", Normalise::yes, R"(["NA"])");
  EXPECT_EQ(required.text("NA"),
            "constraint-error required: 'NA' means that there is no value, but this field must have one.");
  EXPECT_EQ(required.check(Cell()),
            "constraint-error required: This field must have a value, but it is blank.");
}

TEST(FieldRule, TimesAndDurations) {
  Checker any(R"({"type": "date", "format": "any"})");
  EXPECT_EQ(any.text("03/04/2024"),
            "type-error: '03/04/2024' can be two days: 2024-04-03 or 2024-03-04; say which is meant by date: "
            "{fields: [f], formats: [\"%d/%m/%Y\"]} "
            "(day first) or [\"%m/%d/%Y\"] (month first) in the pipeline's transform.");
  EXPECT_EQ(Checker(R"({"type": "date", "format": "any", "dateOrder": "mdy"})").text("03/04/2024"),
            "string:2024-03-04");
  EXPECT_EQ(Checker(R"({"type": "date", "format": "%d/%m/%Y"})", Normalise::no).text("03/04/2024"),
            "string:03/04/2024");
  Checker late(
      R"({"type": "date", "format": "%d/%m/%Y", "constraints": {"minimum": "01/02/2024", "maximum": "2024-12-31"}})");
  EXPECT_EQ(late.text("01/02/2024"), "string:2024-02-01");
  EXPECT_EQ(late.text("31/01/2024"),
            "constraint-error minimum: '31/01/2024' is too small; it must be at least 01/02/2024.");
  Checker moment(R"({"type": "datetime", "constraints": {"maximum": "2024-02-28T10:00:00Z"}})");
  EXPECT_EQ(moment.text("2024-02-28T12:00:00+02:00"), "string:2024-02-28T10:00:00Z");
  EXPECT_TRUE(moment.text("2024-02-28T10:00:00.5Z").starts_with("constraint-error maximum"));
  EXPECT_EQ(moment.text("2024-02-28 10:00"),
            "type-error: '2024-02-28 10:00' is not a date with a time of the form YYYY-MM-DDThh:mm:ss. "
            "[2024-02-28T10:00:00]");
  EXPECT_EQ(Checker(R"({"type": "yearmonth"})").text("2024-02"), "string:2024-02");
  EXPECT_EQ(Checker(R"({"type": "yearmonth"})").text("2/2024"),
            "type-error: '2/2024' is not a month of the form YYYY-MM. [2024-02]");
  Checker duration(R"({"type": "duration", "constraints": {"minimum": "P1M", "maximum": "P2Y"}})");
  for (const char* good : {"P1M", "P31D", "P1Y2M3DT4H5M6.5S", "P2Y", "P730D", "P8W", "PT2000H"})
    EXPECT_EQ(duration.text(good), std::string("string:") + good);
  for (const char* bad : {"P", "PT", "1Y", "P1S", "PT1Y", "P1.5Y", "P1D2M", "P1W2D", "-P", "P1", "PT1.5H3S",
                          "P1234567890D", "P33333333333333333333333333D"})
    EXPECT_TRUE(duration.text(bad).starts_with("type-error")) << duration.text(bad);
  EXPECT_TRUE(duration.text("P27D").starts_with("constraint-error minimum: 'P27D' is too small"));
  EXPECT_TRUE(duration.text("P30D").starts_with(
      "constraint-error minimum: 'P30D' does not keep within the limit in every month"));
  EXPECT_TRUE(duration.text("P732D").starts_with("constraint-error maximum"));
  EXPECT_EQ(Checker(R"({"type": "duration"})").text("-PT0.5H"), "string:-PT0.5H");
}

TEST(FieldRule, Structures) {
  Checker object(R"({"type": "object", "constraints": {"minLength": 1}})");
  EXPECT_EQ(object.text(R"( {"a": 1} )"), R"(json:{"a": 1})");
  EXPECT_EQ(object.check(Cell::json(R"({"a":1})")), R"(json:{"a":1})");
  EXPECT_EQ(object.text("{}"), "constraint-error minLength: '{}' has 0 members; at least 1 is needed.");
  EXPECT_EQ(object.text("[1]"), "type-error: '[1]' is not a JSON object ({…}).");
  EXPECT_EQ(object.text("{a}"), "type-error: '{a}' is not a JSON object ({…}).");
  EXPECT_EQ(Checker(R"({"type": "array"})").text("[90,60]"), "json:[90,60]");
  Checker list(
      R"({"type": "list", "delimiter": ";", "itemType": "number", "constraints": {"maxLength": 3}})");
  EXPECT_EQ(list.text("1;2.50;3"), "json:[1,2.5,3]");
  EXPECT_EQ(list.text("1;x"), "type-error: In the list: 'x' is not a number.");
  EXPECT_EQ(list.text("1;2;3;4"),
            "constraint-error maxLength: '1;2;3;4' has 4 items; at most 3 are allowed.");
  EXPECT_EQ(list.check(Cell::json("[1,2]")), "json:[1,2]");
  Checker numbers(R"({"type": "list", "itemType": "number"})");
  EXPECT_EQ(numbers.text("1.50,4E400"), R"(json:[1.5,"4e+400"])") << "beyond what JSON numbers carry";
  EXPECT_EQ(numbers.check(Cell::json(R"([1.5,"4e+400"])")), R"(json:[1.5,"4e+400"])");
  EXPECT_EQ(Checker(R"({"type": "list"})").text("a\"b,,c"), R"(json:["a\"b","","c"])");
  EXPECT_EQ(Checker(R"({"type": "any"})").check(Cell::number("1.0")), "number:1.0");
  Checker point(R"({"type": "geopoint"})");
  EXPECT_EQ(point.text("90.50, 45.50"), "string:90.5,45.5");
  EXPECT_EQ(point.text("1e2,.5"), "string:100,0.5");
  EXPECT_TRUE(point.text("45,100").ends_with("[100,45]"));
  EXPECT_TRUE(point.text("200,200").starts_with("type-error: '200,200' is no place on earth"));
  EXPECT_EQ(Checker(R"({"type": "geopoint", "format": "array"})").text("[90, 45]"), "json:[90, 45]");
  EXPECT_TRUE(
      Checker(R"({"type": "geopoint", "format": "array"})").text("[90, 100]").starts_with("type-error"));
  EXPECT_EQ(Checker(R"({"type": "geopoint", "format": "object"})").text(R"({"lon": 1, "lat": 2})"),
            R"(json:{"lon": 1, "lat": 2})");
  Checker geo(R"({"type": "geojson"})");
  for (const char* good : {R"({"type":"Point","coordinates":[1,2]})",
                           R"({"type":"Polygon","coordinates":[[[1,2],[3,4],[5,6],[1,2]]]})",
                           R"({"type":"Feature","geometry":null,"properties":null})",
                           R"({"type":"FeatureCollection","features":[]})"})
    EXPECT_EQ(geo.text(good), std::string("json:") + good);
  for (const char* bad : {R"({"type":"Point"})", R"({"type":"Point","coordinates":[[1,2]]})",
                          R"({"type":"Thing"})", "[]", R"({"type":"Feature","geometry":null})"})
    EXPECT_TRUE(geo.text(bad).starts_with("type-error")) << bad;
  EXPECT_TRUE(Checker(R"({"type": "geojson", "format": "topojson"})")
                  .text(R"({"type":"Topology","objects":{},"arcs":[]})")
                  .starts_with("json:"));
}

// The fast paths against base/decimal, over numbers of every shape.
TEST(FieldRule, NumbersAgreeWithTheDecimals) {
  Checker number(R"({"type": "number"})"), integer(R"({"type": "integer"})");
  std::uint32_t seed = 4711;
  std::mt19937 random(seed);
  auto digits = [&](std::size_t most) {
    std::string text;
    for (std::size_t i = random() % (most + 1); i > 0; --i)
      text += static_cast<char>(random() % 3 == 0 ? '0' : '0' + random() % 10);
    return text;
  };
  std::string scratch, previous = "0";
  for (int round = 0; round < 100000; ++round) {
    std::string text = std::string(random() % 4 == 0    ? "-"
                                   : random() % 20 == 0 ? "+"
                                                        : "") +
                       digits(random() % 8 == 0 ? 30 : 6);
    if (random() % 2) text += "." + digits(random() % 8 == 0 ? 30 : 6);
    if (random() % 6 == 0) text += "e" + std::string(random() % 2 ? "-" : "") + std::to_string(random() % 30);
    auto expected = canonical_decimal(text, scratch);
    std::string seen = number.text(text);
    if (text.empty()) continue;
    if (!expected) {
      ASSERT_TRUE(seen.starts_with("type-error")) << text << " seed " << seed;
      continue;
    }
    std::string canonical(*expected);
    ASSERT_EQ(seen, "number:" + canonical) << text << " seed " << seed;
    bool whole = text.find_first_of(".e") == std::string::npos;
    ASSERT_EQ(integer.text(text).starts_with("number:"), whole) << text << " seed " << seed;
    ASSERT_EQ(compare_canonical(canonical, previous),
              compare(*parse_decimal(canonical), *parse_decimal(previous)))
        << canonical << " " << previous;
    previous = canonical;
  }
}

}  // namespace
}  // namespace sluice
