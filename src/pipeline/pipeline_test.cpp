// Rows through a whole pipeline: normalisation, the order of checks, policies, identity, what rejects show.
#include "pipeline/pipeline.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <random>
#include <thread>

#include "pipeline/test_rows.h"

namespace sluice {
namespace {

using test::Case;
using test::check;
using test::outcome_text;
using test::pipeline_of;
using test::prepare;
using test::rows_of;

TEST(Pipeline, WithoutSchema) {
  for (const Case& c : {
           Case{"columns are text, zeros kept", "", "zip|n\n00501| 7 ", R"({"n":"7","zip":"00501"})"},
           Case{"null and empty are left out", "", "a|b|c\n1||∅", R"({"a":"1"})"},
           Case{"blank rows", "", "a|b\n | \n∅|\n1|", "!blank-row\n!blank-row\n{\"a\":\"1\"}"},
           Case{"a blank row is blank whatever its width", "missing_cells: reject", "a|b|c\n\n|||\n,",
                "!blank-row\n!blank-row\n!missing-cell b#2"},
           Case{"JSON keeps its kinds", "", "a|b|c\n#1.50|{\"y\": [1, 2.0],\"x\":null}|-",
                R"({"a":1.5,"b":{"x":null,"y":[1,2]}})", false},
           Case{"a short row", "", "a|b|c\n1|2", "!missing-cell c#3"},
           Case{"a short row filled up", "missing_cells: null", "a|b|c\n1|2", R"({"a":"1","b":"2"})"},
           Case{"a long row", "", "a|b\n1|2|3", "!extra-cell column_3#3"},
           Case{"a long row kept", "extra_fields: keep", "a|column_3\n1|2|3|",
                R"({"a":"1","column_3":"2"} + {"column_3_2":"3"})"},
           Case{"a long row cut", "extra_fields: drop", "a|b\n1|2|3", R"({"a":"1","b":"2"})"},
           Case{"U+0000 and broken JSON", "", "a|b\n{\"k\":1,\"k\":2}|x", "!type-error a#1"},
       })
    check(c);
}

TEST(Pipeline, Normalisation) {
  for (const Case& c : {
           Case{"off: blanks stay", "normalise: false", "a|b\n x |", R"({"a":" x ","b":""})"},
           Case{"off: all blank is still a blank row", "normalise: false", "a|b\n  |", "!blank-row"},
           Case{"off: casts still work, missing is null there",
                "normalise: false\n"
                "schema: {missingValues: ['', NA], fields: [{name: n, type: integer}, {name: s}]}",
                "n|s\n12|\nNA|NA\n|x", "{\"n\":12,\"s\":\"\"}\n{\"s\":\"NA\"}\n{\"s\":\"x\"}"},
           Case{"missing values before the steps",
                "transform: [{default: {a: none}}]\nschema: {missingValues: ['', '-', 'n/a'], "
                "fields: [{name: a}, {name: b}]}",
                "a|b\n - |n/a\n|x", "{\"a\":\"none\"}\n{\"a\":\"none\",\"b\":\"x\"}"},
           Case{"a field's own list follows its column",
                "transform: [{rename: {A: a}}]\n"
                "schema: {fields: [{name: a, missingValues: ['99']}, {name: b}]}",
                "A|b\n99|99\n|x", "{\"b\":\"99\"}\n{\"a\":\"\",\"b\":\"x\"}"},
           Case{
               "canonical values",
               "schema: {fields: [{name: e, format: email}, {name: d, type: date}, {name: n, type: number}]}",
               "e|d|n\n Ab@Example.COM |2024-02-03|0100.50",
               R"({"d":"2024-02-03","e":"ab@example.com","n":100.5})"},
           Case{"null after the steps is a blank row", "transform: [{drop: [b]}]", "a|b\n|x", "!blank-row"},
       })
    check(c);
}

TEST(Pipeline, SchemaAndExtraFields) {
  const char* kSchema =
      "schema: {fields: [{name: id, type: integer, constraints: {required: true}}, {name: email}]}\n";
  auto with = [&](const char* more) { return std::string(kSchema) + more; };
  std::string keep = with("extra_fields: keep"), drop = with("extra_fields: drop"), reject = with("");
  for (const Case& c : {
           Case{"reject names the field", reject.c_str(), "id|E-mail|email\n1|x|y\n2||y",
                "!extra-cell E-mail#2\n{\"email\":\"y\",\"id\":2}"},
           Case{"keep", keep.c_str(), "id|fax|tel\n1|x|\n2||", "{\"id\":1} + {\"fax\":\"x\"}\n{\"id\":2}"},
           Case{"drop", drop.c_str(), "id|fax\n1|x", "{\"id\":1}"},
           Case{"required", reject.c_str(), "id|email\n|y", "!constraint-error id#1 required"},
           Case{"a required field without a column is one error", reject.c_str(), "Id|email\n1|y",
                "error: the schema does not fit the file: the field 'id' is required, but there is no column "
                "'id' at this point; "
                "did you mean 'Id'? Known: Id, email. Rename the column with `transform: [{rename: {…}}]`, "
                "or correct the schema."},
           Case{"objects: the row is a reject", reject.c_str(), "email\ny", "!constraint-error id#0 required",
                false},
           Case{"several issues of one row", reject.c_str(), "id|email|fax\nx|y|z",
                "!extra-cell fax#3; !type-error id#1"},
       })
    check(c);
}

TEST(Pipeline, FieldsMatch) {
  auto with = [&](const char* match) {
    return std::string("schema: {fieldsMatch: ") + match + ", fields: [{name: a}, {name: b}]}";
  };
  EXPECT_EQ(outcome_text(prepare(with("exact"), "a|b\n1|2")), R"({"a":"1","b":"2"})");
  EXPECT_THROW(prepare(with("exact"), "b|a\n1|2"), std::runtime_error);
  EXPECT_EQ(outcome_text(prepare(with("equal"), "b|a\n1|2")), R"({"a":"2","b":"1"})");
  EXPECT_THROW(prepare(with("equal"), "a|b|c\n1|2|3"), std::runtime_error);
  EXPECT_THROW(prepare(with("subset"), "a|c\n1|2"), std::runtime_error);
  EXPECT_EQ(outcome_text(prepare(with("subset"), "a|b|c\n1|2|3")), R"({"a":"1","b":"2"} + {"c":"3"})");
  EXPECT_EQ(outcome_text(prepare(with("superset"), "b\n1")), R"({"b":"1"})");
  EXPECT_THROW(prepare(with("partial"), "c\n1"), std::runtime_error);
  EXPECT_EQ(outcome_text(prepare(with("equal"), "a\n1", false)), "!missing-cell b#0");
}

// ---------------------------------------------------------------- identity

TEST(Pipeline, ContentHashIsTheHashOfTheJson) {
  PreparedBatch batch = prepare("", "b|a\n1|ü\n");
  ASSERT_EQ(batch.rows.size(), 1u);
  EXPECT_EQ(batch.rows[0].data, R"({"a":"ü","b":"1"})");
  // printf '{"a":"ü","b":"1"}' | sha256sum
  EXPECT_EQ(to_hex(batch.rows[0].content_hash),
            "2cdda1b9ee1bc8b8f2f0a07576a89e84bda51eb52ba1a4833ccce5a014c60b5f");
  EXPECT_EQ(batch.rows[0].identity.view(),
            std::string_view(reinterpret_cast<const char*>(batch.rows[0].content_hash.data()), 32));
}

TEST(Pipeline, CosmeticChangesDoNotMatter) {
  const char* kPipeline =
      "transform: [{date: {field: d, order: mdy}}]\n"
      "schema: {missingValues: ['', NA], fields: [{name: e, format: email}, {name: d, type: date}, {name: n, "
      "type: number}, {name: t}]}";
  std::string rows[] = {"e|d|n|t\na@b.org|2024-02-03|1.5|x", "t|n|d|e\n x |1.50|02/03/2024|A@B.org",
                        "e|d|n|t|u\na@b.org |2024-02-03|+1.5|x|NA"};
  Digest first = prepare(kPipeline, rows[0]).rows.at(0).content_hash;
  for (const std::string& other : rows)
    EXPECT_EQ(prepare(kPipeline, other).rows.at(0).content_hash, first) << other;
  EXPECT_NE(prepare(kPipeline, "e|d|n|t\na@b.org|2024-02-03|1.5|X").rows.at(0).content_hash, first);
}

TEST(Pipeline, IdentityDoesNotDependOnTheOrderOfColumns) {
  std::mt19937_64 random(4711);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::pair<std::string, std::string>> cells;
    for (int i = 0; i < 6; ++i)
      cells.emplace_back(std::string(1, static_cast<char>('a' + i)) + (i % 2 ? "é" : ""),
                         std::to_string(random() % 100));
    std::map<std::string, std::string> twin(cells.begin(), cells.end());
    std::shuffle(cells.begin(), cells.end(), random);
    cells.insert(cells.begin() + static_cast<std::ptrdiff_t>(random() % 7), {"nothing", ""});
    std::string header, row;
    for (const auto& [name, value] : cells) {
      header += (header.empty() ? "" : "|") + name;
      row += (&value == &cells.front().second ? "" : "|") + value;
    }
    PreparedBatch batch = prepare("", header + "\n" + row);
    EXPECT_EQ(batch.rows.at(0).data, nlohmann::json(twin).dump()) << "seed 4711, round " << round;
  }
}

TEST(Pipeline, Key) {
  const char* kPipeline = "identity: [id, part]";
  PreparedBatch batch = prepare(kPipeline, "id|part|x\n1|a|p\n1|a|q\n1|b|p\n|a|p");
  ASSERT_EQ(batch.rows.size(), 3u);
  // printf '["1","a"]' | sha256sum
  EXPECT_EQ(to_hex(batch.rows[0].identity.view()),
            "5c0c071518e801befb86db6e94ffe3ad187d8da004f89d90c04a857893f4e97e");
  EXPECT_EQ(batch.rows[0].identity.view(), batch.rows[1].identity.view());
  EXPECT_NE(batch.rows[0].content_hash, batch.rows[1].content_hash);
  EXPECT_NE(batch.rows[0].identity.view(), batch.rows[2].identity.view());
  ASSERT_EQ(batch.rejects.size(), 1u);
  EXPECT_EQ(batch.rejects[0].issues[0].code, RejectCode::constraint_error);
  EXPECT_EQ(batch.rejects[0].issues[0].field, "id");
  check({"an absent key column", "identity: [ID]", "id\n1",
         "error: identity: there is no column 'ID' at this point; did you mean 'id'? Known: id."});
}

TEST(Pipeline, Position) {
  JobIdentity job;
  for (int i = 0; i < 16; ++i)
    job.root_job_id[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(0xa0 + i);
  RowBatch rows = rows_of("a\nx\nx");
  rows.info(1).row_number = 0x0102030405060708;
  auto bound = pipeline_of("identity: position", job)->bind(rows.columns(), true);
  PreparedBatch batch = (*bound)->prepare(std::move(rows));
  EXPECT_EQ(to_hex(batch.rows[1].identity.view()), "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0102030405060708");
  EXPECT_EQ(to_hex(batch.rows[0].identity.view()), "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000001");
}

TEST(Pipeline, UniqueValues) {
  const char* kPipeline =
      "schema: {primaryKey: [a, b], uniqueKeys: [[c]], fields: [{name: a}, {name: b}, "
      "{name: c, constraints: {unique: true}}, {name: d, constraints: {unique: true}}]}";
  EXPECT_EQ(pipeline_of(kPipeline)->write_spec().unique_constraints,
            (std::vector<std::string>{"a + b", "c", "d"}));
  PreparedBatch batch = prepare(kPipeline, "a|b|c|d\n1|2||4");
  auto unique = batch.rows.at(0).unique;
  ASSERT_EQ(unique.size(), 2u);
  EXPECT_EQ(unique[0].constraint, 0u);
  EXPECT_EQ(unique[1].constraint, 2u);
  EXPECT_EQ(unique[1].digest, Sha256().of(R"(["4"])"));
  EXPECT_EQ(unique[0].digest, Sha256().of(R"(["1","2"])"));
  // What the row is known by anyway is not looked at twice.
  EXPECT_TRUE(pipeline_of("identity: [a]\nschema: {primaryKey: a, fields: [{name: a}]}")
                  ->write_spec()
                  .unique_constraints.empty());
}

TEST(Pipeline, WhatIsSummedUpIsANumberOfBoundedLength) {
  for (const Case& c : {
           Case{
               "too long to be summed",
               "aggregates: [{name: x, by: [a], measures: {total: sum(n)}}]\n"
               "schema: {fields: [{name: a}, {name: n, type: number}]}",
               "a|n\nx|1e399\nx|1e400\nx|1e-401\nx|",
               "{\"a\":\"x\",\"n\":\"1e+399\"}\n!constraint-error n#2\n!constraint-error n#2\n{\"a\":\"x\"}"},
           Case{"the least and greatest may be of any length",
                "aggregates: [{name: x, by: [a], measures: {least: min(n)}}]\n"
                "schema: {fields: [{name: a}, {name: n, type: number}]}",
                "a|n\nx|1e400", "{\"a\":\"x\",\"n\":\"1e+400\"}"},
       })
    check(c);
}

TEST(Pipeline, AggregatesFitTheSchema) {
  struct Wrong {
    const char* aggregate;
    const char* says;
  };
  const std::string schema =
      "name: y\nschema: {fields: [{name: s}, {name: n, type: integer}, {name: o, type: object}, "
      "{name: b, type: boolean}]}\naggregates: [{name: x, by: ";
  for (const Wrong& wrong : {
           Wrong{"[t], measures: {c: count}}]", "aggregates: x: by: the schema has no field 't'"},
           Wrong{"[o], measures: {c: count}}]", "rows are grouped by texts, numbers, dates and booleans"},
           Wrong{"[s], measures: {c: sum(s)}}]",
                 "'s' is a field of type string; what is summed needs the type integer"},
           Wrong{"[s], measures: {c: sum(m)}}]", "aggregates: x: c: the schema has no field 'm'"},
           Wrong{"[s], measures: {c: min(b)}}]",
                 "the least and greatest are of texts, numbers, dates and times"},
       }) {
    const auto spec = parse_pipeline(schema + wrong.aggregate, "y.yaml");
    ASSERT_TRUE(spec) << spec.error().message;
    const auto compiled = Pipeline::compile(*spec, {});
    ASSERT_FALSE(compiled) << wrong.aggregate;
    EXPECT_NE(compiled.error().message.find(wrong.says), std::string::npos) << compiled.error().message;
  }
  const auto spec = parse_pipeline(schema + "[s, b], measures: {c: sum(n), d: max(s)}}]", "y.yaml");
  const auto kept = (*Pipeline::compile(*spec, {}))->write_spec().aggregates;
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_TRUE(kept[0].measures[0].is_number);
  EXPECT_FALSE(kept[0].measures[1].is_number);
}

TEST(Pipeline, TypedCells) {
  const char* kPipeline =
      "table: people\nschema: {fields: [{name: z, type: integer}, {name: gone}, {name: a, type: object}, "
      "{name: y, type: year}]}";
  PreparedBatch batch = prepare(kPipeline, "a|y|z\n{\"k\": 1}|2024|007");
  auto typed = batch.rows.at(0).typed;
  ASSERT_EQ(typed.size(), 4u);
  EXPECT_EQ(typed[0].text(), "7");
  EXPECT_TRUE(typed[1].is_null());
  EXPECT_EQ(typed[2].kind, CellKind::json);
  EXPECT_EQ(typed[3].text(), "2024");
  WriteSpec spec = pipeline_of(kPipeline)->write_spec();
  EXPECT_EQ(spec.target.name, "people");
  ASSERT_EQ(spec.target.columns.size(), 4u);
  EXPECT_EQ(spec.target.columns[0].type, ColumnType::integer);
  EXPECT_EQ(spec.target.columns[2].type, ColumnType::json);
}

// ---------------------------------------------------------------- rejects

TEST(Pipeline, RawIsTheRowAsRead) {
  auto raw = [](const std::string& yaml, std::string_view rows) {
    return prepare(yaml, rows).rejects.at(0).raw;
  };
  const std::string kStrict =
      "transform: [{lowercase: [b]}, {rename: {b: c}}]\nschema: {fields: [{name: a, type: integer}, {name: "
      "c}]}\n";
  EXPECT_EQ(raw(kStrict, "a|b\n x |BIG"), R"({"a":" x ","b":"BIG"})");
  EXPECT_EQ(raw(kStrict + "keep_raw: false", "a|b\nx|B"), "");
  EXPECT_EQ(raw("", "a|b|c\n1|\"2"), R"({"a":"1","b":"\"2"})");
  EXPECT_EQ(raw("", "a|b\n1|#2.50|∅"), R"({"a":"1","b":2.50,"column_3":null})");
  EXPECT_EQ(raw("transform: [{drop: [ssn]}, {date: [d]}]", "ssn|d\n123|x"), R"({"d":"x"})");
}

TEST(Pipeline, DroppedColumnsAreNotShown) {
  PreparedBatch batch = prepare("transform: [{number: [ssn]}, {drop: [ssn]}]", "ssn|d\n12-secret|x");
  const Issue& issue = batch.rejects.at(0).issues.at(0);
  EXPECT_EQ(issue.value + issue.suggestion, "");
  EXPECT_EQ(issue.message.find("secret"), std::string::npos);
  EXPECT_EQ(batch.rejects[0].raw.find("secret"), std::string::npos);
}

TEST(Pipeline, ADroppedColumnThatIsMissingIsStillSaidToBeMissing) {
  PreparedBatch batch = prepare("transform: [{drop: [ssn]}]", "d|ssn\nx");
  const Issue& issue = batch.rejects.at(0).issues.at(0);
  EXPECT_EQ(issue.code, RejectCode::missing_cell);
  EXPECT_EQ(issue.message, "The row has 1 cell where the header has 2: 'ssn' is missing.");
}

TEST(Pipeline, WhatTheParserQuotesOfADroppedColumnIsNotShown) {
  auto issues = [](const char* yaml, bool readable) {
    RowBatch rows = rows_of("ssn|d\nsecret|x");
    rows.info(0).readable = readable;
    rows.reject(0, Issue{.code = readable ? RejectCode::encoding_error : RejectCode::syntax_error,
                         .field_number = readable ? 1u : 0u,
                         .value = "secret"});
    auto bound = pipeline_of(yaml)->bind(rows.columns(), true);
    return (*bound)->prepare(std::move(rows)).rejects.at(0).issues;
  };
  EXPECT_EQ(issues("transform: [{drop: [ssn]}]", true)[0].value, "");
  EXPECT_EQ(issues("transform: [{drop: [ssn]}]", false)[0].value, "");
  EXPECT_EQ(issues("transform: [{drop: [d]}]", true)[0].value, "secret");
  EXPECT_EQ(issues("", false)[0].value, "secret");
}

TEST(Pipeline, APrimaryKeyMakesItsFieldsRequired) {
  std::string yaml = "schema: {primaryKey: [id, place], fields: [{name: id}, {name: place}, {name: n}]}";
  check({"null in the key", yaml.c_str(), "id|place|n\n1|x|\n|x|5\n1||6",
         "{\"id\":\"1\",\"place\":\"x\"}\n!constraint-error id#1 required\n!constraint-error place#2 "
         "required"});
  check({"a key that no column has", yaml.c_str(), "id|n\n1|5",
         "error: the schema does not fit the file: the field 'place' is required, but there is no column "
         "'place' at "
         "this point; known: id, n. Rename the column with `transform: [{rename: {…}}]`, or correct the "
         "schema."});
}

TEST(Pipeline, RowsThatTheParserRejected) {
  auto run = [](const char* yaml) {
    RowBatch rows = rows_of("a|b\n1|2\n\"broken|\n3|4");
    rows.info(1).readable = false;
    rows.reject(1, Issue{RejectCode::syntax_error});
    auto bound = pipeline_of(yaml)->bind(rows.columns(), true);
    return (*bound)->prepare(std::move(rows));
  };
  PreparedBatch batch = run("");
  EXPECT_EQ(outcome_text(batch), "{\"a\":\"1\",\"b\":\"2\"}\n!syntax-error\n{\"a\":\"3\",\"b\":\"4\"}");
  EXPECT_EQ(batch.rejects[0].raw, R"("\"broken|")");
  EXPECT_EQ(batch.rejects[0].line, 3u);
  EXPECT_EQ(run("transform: [{drop: [a]}]").rejects[0].raw, "");
}

// ---------------------------------------------------------------- binding

TEST(Pipeline, BindingsAreKeptByContent) {
  auto pipeline = pipeline_of("transform: [{lowercase: [a]}]");
  auto columns = [](std::string name) {
    return std::make_shared<const Columns>(Columns{"a", std::move(name)});
  };
  auto first = pipeline->bind(columns("x"), true), again = pipeline->bind(columns("x"), true);
  EXPECT_EQ(first->get(), again->get());
  EXPECT_NE(pipeline->bind(columns("y"), true)->get(), first->get());
  EXPECT_NE(pipeline->bind(columns("x"), false)->get(), first->get());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(pipeline->bind(columns(std::to_string(i)), true));
  EXPECT_TRUE(pipeline->bind(columns("x"), true));
}

TEST(Pipeline, ThreadsShareABinding) {
  auto pipeline = pipeline_of("transform: [{uppercase: [a]}]");
  std::vector<std::thread> threads;
  std::vector<std::string> results(4);
  for (std::size_t t = 0; t < results.size(); ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        RowBatch rows = rows_of("a|b\nx|" + std::to_string(i % 3));
        auto bound = pipeline->bind(rows.columns(), true);
        results[t] += outcome_text((*bound)->prepare(std::move(rows)));
      }
    });
  for (auto& thread : threads) thread.join();
  for (const std::string& result : results) EXPECT_EQ(result, results[0]);
}

TEST(Pipeline, ARejectShowsTheValueAsRead) {
  PreparedBatch batch = prepare(
      "transform: [{uppercase: [state]}, {rename: {state: region}}]\n"
      "schema: {fields: [{name: region, constraints: {maxLength: 2}}, {name: age, type: integer}]}",
      "state|age\n California |x\nca|1");
  ASSERT_EQ(batch.rejects.size(), 1u) << outcome_text(batch);
  const std::vector<Issue>& issues = batch.rejects[0].issues;
  ASSERT_EQ(issues.size(), 2u);
  EXPECT_EQ(issues[0].value, "California");
  EXPECT_TRUE(issues[0].message.starts_with("'CALIFORNIA' has 10 characters")) << issues[0].message;
  EXPECT_EQ(issues[1].value, "x");
}

TEST(Pipeline, ThePeopleFile) {
  auto spec = load_pipeline("tests/data/people.yaml");
  ASSERT_TRUE(spec) << spec.error().message;
  auto pipeline = Pipeline::compile(*spec, {});
  ASSERT_TRUE(pipeline) << pipeline.error().message;
  RowBatch rows = rows_of(
      "id|name|email|phone|state|signup_date|amount|notes\n"
      "17| Zoë Müller|Zoe.Muller1@Example.COM  |+1-300-555-0001|TX |02/17/2011|120.50|\n"
      "17|Zoë Müller|zoe.muller1@example.com|+1-300-555-0001|TX|17.02.2011|120.50|\n"
      "18|Bob|bob@example.com|+1-300-555-0002|TXS|2011-02-30|x|first, \"second\"");
  auto bound = (*pipeline)->bind(rows.columns(), true);
  ASSERT_TRUE(bound) << bound.error().message;
  PreparedBatch batch = (*bound)->prepare(std::move(rows));
  ASSERT_EQ(batch.rows.size(), 2u) << outcome_text(batch);
  EXPECT_EQ(
      batch.rows[0].data,
      R"({"amount":120.5,"email":"zoe.muller1@example.com","id":17,"name":"Zoë Müller","phone":"+1-300-555-0001","signup_date":"2011-02-17","state":"TX"})");
  EXPECT_EQ(batch.rows[0].content_hash, batch.rows[1].content_hash);
  ASSERT_EQ(batch.rejects.size(), 1u);
  EXPECT_EQ(batch.rejects[0].issues.size(), 3u) << outcome_text(batch);
}

}  // namespace
}  // namespace sluice
