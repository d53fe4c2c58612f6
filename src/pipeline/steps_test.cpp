// Every step: what it does to rows, what it refuses, and what its errors say.
#include "pipeline/steps.h"

#include "pipeline/test_rows.h"

namespace sluice {
namespace {

using test::Case;
using test::check;

TEST(Steps, Text) {
  for (const Case& c : {
           Case{"trim works without normalisation, on all White_Space",
                "normalise: false\ntransform: [{trim: [a]}]", "a|b\n \u00a0x\u3000 | y ",
                R"({"a":"x","b":" y "})"},
           Case{"lowercase", "transform: [{lowercase: [a, b]}]", "a|b|c\nABC-1|ÄÖ Σ|ABC",
                R"({"a":"abc-1","b":"äö σ","c":"ABC"})"},
           Case{"uppercase may lengthen", "transform: [{uppercase: a}]", "a\nstraße i",
                R"({"a":"STRASSE I"})"},
           Case{"numbers and nulls are left alone", "transform: [{uppercase: [a, b]}]", "a|b|c\n#1e5|∅|x",
                R"({"a":100000,"c":"x"})"},
       })
    check(c);
}

TEST(Steps, Columns) {
  for (const Case& c : {
           Case{"rename", "transform: [{rename: {E-mail: email}}]", "E-mail|x\na|b",
                R"({"email":"a","x":"b"})"},
           Case{"rename swaps", "transform: [{rename: {a: b, b: a}}]", "a|b\n1|2", R"({"a":"2","b":"1"})"},
           Case{"steps after it know the new name only", "transform: [{rename: {a: z}}, {uppercase: [a]}]",
                "a|b\n1|2",
                "error: transform.uppercase (line 2): there is no column 'a' at this point; did you mean "
                "'z'? Known: z, b."},
           Case{"rename onto a column that is there", "transform: [{rename: {a: b}}]", "a|b\n1|2",
                "error: transform.rename (line 2): 'a' cannot become 'b': there is such a column already; "
                "drop it first"},
           Case{"drop", "transform: [{drop: [ssn]}]", "ssn|x\n1|2", R"({"x":"2"})"},
           Case{"keep", "transform: [{keep: [b, a]}]", "a|b|c\n1|2|3", R"({"a":"1","b":"2"})"},
           Case{"select", "transform: [{select: {name: state, b: b}}]", "name|state|b\nAnn|Texas|2",
                R"({"b":"2","name":"Texas"})"},
           Case{"select takes a column twice, and each is its own from there on",
                "transform: [{select: {x: a, y: a}}, {uppercase: [y]}]", "a|b\nv|w", R"({"x":"v","y":"V"})"},
           Case{"select: a misspelt column", "transform: [{select: {name: stat}}]", "state|x\n1|2",
                "error: transform.select (line 2): there is no column 'stat' at this point; did you mean "
                "'state'? Known: state, x."},
           Case{"require: of a column that does not go on",
                "transform: [{require: [name, state]}, {select: {s: state}}]",
                "name|state\nAnn|Texas\n |Ohio\nBob|∅\n | ",
                "{\"s\":\"Texas\"}\n"
                "!constraint-error name#1 required\n"
                "!constraint-error state#2 required\n"
                "!blank-row"},
           Case{"objects: require what none of them has", "transform: [{require: [b]}]", "a\nX",
                "!constraint-error b#0 required", false},
           Case{"a misspelt column", "transform: [{drop: [emial]}]", "email|x\n1|2",
                "error: transform.drop (line 2): there is no column 'emial' at this point; did you mean "
                "'email'? Known: email, x."},
           Case{"objects: an absent member is no mistake",
                "transform: [{drop: [q]}, {rename: {r: s}}, {lowercase: [t]}]", "a\nX", R"({"a":"X"})",
                false},
           Case{"objects: old and new name in different rows", "transform: [{rename: {mail: email}}]",
                "mail|email\na|-\n-|b\nc|d",
                "{\"email\":\"a\"}\n{\"email\":\"b\"}\n"
                "!transform-error mail#1: The step 'rename' could not be applied to 'mail': the row has a "
                "'email' as well.",
                false},
       })
    check(c);
}

TEST(Steps, DefaultAndMap) {
  for (const Case& c : {
           Case{"default fills what is empty", "transform: [{default: {country: US}}]", "a|country\n1|\n2|DE",
                "{\"a\":\"1\",\"country\":\"US\"}\n{\"a\":\"2\",\"country\":\"DE\"}"},
           Case{"default makes a column", "transform: [{default: {n: 5, ok: true, zip: 0123}}]", "a\nx",
                R"({"a":"x","n":5,"ok":true,"zip":"0123"})"},
           Case{"map", "transform: [{map: {state: {Texas: TX, '': ZZ}}}]", "state\nTexas\nUtah\n",
                "{\"state\":\"TX\"}\n{\"state\":\"Utah\"}\n!blank-row"},
           Case{"map with else",
                "transform: [{map: {fields: [a, b], values: {y: true, n: false}, else: null}}]",
                "a|b|c\ny|n|1\n?|y|2", "{\"a\":true,\"b\":false,\"c\":\"1\"}\n{\"b\":true,\"c\":\"2\"}"},
           Case{"strict map suggests", "transform: [{map: {field: s, values: {Texas: TX}, strict: true}}]",
                "s\nTexaz",
                "!transform-error s#1: The step 'map' could not be applied to 's': 'Texaz' is not among the "
                "values it "
                "knows. (Texas)"},
       })
    check(c);
}

TEST(Steps, DateAndNumber) {
  for (const Case& c : {
           Case{"date patterns in turn",
                "transform: [{date: {fields: [d], formats: [iso, '%m/%d/%Y', '%d.%m.%Y']}}]",
                "d\n2024-02-03\n02/03/2024\n03.02.2024",
                "{\"d\":\"2024-02-03\"}\n{\"d\":\"2024-02-03\"}\n{\"d\":\"2024-02-03\"}"},
           Case{"any with an order", "transform: [{date: {field: d, order: dmy}}]",
                "d\n03/04/2024\n4 Mar 2024", "{\"d\":\"2024-04-03\"}\n{\"d\":\"2024-03-04\"}"},
           Case{"ambiguous", "transform: [{date: [d]}]", "d\n03/04/2024",
                "!transform-error d#1: The step 'date' could not be applied to 'd': '03/04/2024' may mean "
                "two days; say "
                "`order: dmy` or `order: mdy` in the step."},
           Case{"the schema's finding decides",
                "transform: [{date: [d]}]\nschema: {fields: [{name: d, type: date, "
                "format: any, dateOrder: mdy}]}",
                "d\n03/04/2024", R"({"d":"2024-03-04"})"},
           Case{"number", "transform: [{number: {fields: [n], decimal: ',', group: '.'}}]",
                "n\n1.234.567,50\n-3,0\n1,2,3\n1.50\n12.345",
                "{\"n\":1234567.5}\n{\"n\":-3}\n"
                "!transform-error n#1: The step 'number' could not be applied to 'n': '1,2,3' is not a "
                "number.\n"
                "!transform-error n#1: The step 'number' could not be applied to 'n': '1.50' is not a "
                "number.\n"
                "{\"n\":12345}"},
           Case{"number keeps every digit", "transform: [{number: n}]",
                "n\n0.10\n12345678901234567890.5\n0.1000000000000000055",
                "{\"n\":0.1}\n{\"n\":\"12345678901234567890.5\"}\n{\"n\":\"0.1000000000000000055\"}"},
       })
    check(c);
}

TEST(Steps, SplitAndReplace) {
  for (const Case& c : {
           Case{"split", "transform: [{split: {field: name, into: [first, last]}}]",
                "name|x\nMary  Ann Smith|1\nCher|2\n|3",
                "{\"first\":\"Mary\",\"last\":\"Ann "
                "Smith\",\"x\":\"1\"}\n{\"first\":\"Cher\",\"x\":\"2\"}\n{\"x\":\"3\"}"},
           Case{"split may keep, or name itself",
                "transform: [{split: {field: a, into: [b, c], separator: ', ', keep: true}}, "
                "{split: {field: c, into: [c, d], pattern: '[-/]'}}]",
                "a\nx, y/z", R"({"a":"x, y/z","b":"x","c":"y","d":"z"})"},
           Case{"exact split", "transform: [{split: {field: a, into: [b, c], separator: '-', exact: true}}]",
                "a\n1-2\n1-2-3\n1",
                "{\"b\":\"1\",\"c\":\"2\"}\n"
                "!transform-error a#1: The step 'split' could not be applied to 'a': '1-2-3' does not have 2 "
                "parts.\n"
                "!transform-error a#1: The step 'split' could not be applied to 'a': '1' does not have 2 "
                "parts."},
           Case{"replace a pattern", R"(transform: [{replace: {field: p, pattern: '\D', with: ''}}])",
                "p|x\n(555) 12-3|a\n--|b", "{\"p\":\"555123\",\"x\":\"a\"}\n{\"x\":\"b\"}"},
           Case{"replace with groups",
                R"(transform: [{replace: {field: p, pattern: '(\d+)-(\d+)', with: '\2-\1'}}])", "p\n1-22",
                R"({"p":"22-1"})"},
           Case{"replace text", "transform: [{replace: {fields: [p], text: a, with: aa}}]", "p\nbanana.",
                R"({"p":"baanaanaa."})"},
       })
    check(c);
}

TEST(Steps, ErrorsOfOneRowAreCollected) {
  check({"two steps and a type",
         "transform: [{number: [a]}, {date: {field: b, format: iso}}]\n"
         "schema: {fields: [{name: a, type: number, constraints: {required: true}}, {name: b}, {name: c, "
         "type: integer}]}",
         "a|b|c\nx|y|z",
         "!transform-error a#1: The step 'number' could not be applied to 'a': 'x' is not a number.; "
         "!transform-error b#2: The step 'date' could not be applied to 'b': 'y' is not a date in any of its "
         "formats.; "
         "!type-error c#3"});
}

TEST(Steps, WrongArgumentsSayWhatIsRight) {
  struct Wrong {
    const char* step;
    const char* says;
  };
  for (const Wrong& wrong : {
           Wrong{"lowercas: [a]", "unknown step 'lowercas'; did you mean 'lowercase'?"},
           Wrong{"lowercase: {a: b}", "expected a list of columns"},
           Wrong{"lowercase: []", "expected a list of columns"},
           Wrong{"rename: [a]", "expected a mapping of old names to new ones"},
           Wrong{"rename: {a: c, b: c}", "two columns cannot both become 'c'"},
           Wrong{"date: {fields: [a], formats: ['%Q']}", "'%Q' is no format"},
           Wrong{"date: {field: a, ordr: dmy}", "unknown key 'ordr'; did you mean 'order'?"},
           Wrong{"date: {formats: [any]}", "`fields:` is missing"},
           Wrong{"number: {field: a, decimal: ',', group: ','}", "cannot be the same"},
           Wrong{"map: {a: b}", "expected a mapping of values"},
           Wrong{"split: {field: a}", "`into:` is missing"},
           Wrong{"replace: {field: a, pattern: '(', with: ''}", "pattern: missing )"},
           Wrong{"replace: {field: a, with: ''}", "either `text:` or `pattern:`"},
           Wrong{R"(replace: {field: a, pattern: a, with: '\3'})", "with: Rewrite schema requests 3 matches"},
       }) {
    SCOPED_TRACE(wrong.step);
    auto spec = parse_pipeline("name: x\ntransform:\n  - " + std::string(wrong.step), "p.yaml");
    ASSERT_FALSE(spec);
    EXPECT_EQ(spec.error().message.rfind("p.yaml:3:5: transform", 0), 0u) << spec.error().message;
    EXPECT_NE(spec.error().message.find(wrong.says), std::string::npos) << spec.error().message;
  }
}

TEST(Steps, TheTableNamesEachOnce) {
  std::vector<std::string_view> names;
  for (const StepKind& kind : step_kinds()) {
    EXPECT_EQ(std::count(names.begin(), names.end(), kind.name), 0) << kind.name;
    EXPECT_FALSE(kind.argument.empty());
    names.push_back(kind.name);
  }
}

}  // namespace
}  // namespace sluice
