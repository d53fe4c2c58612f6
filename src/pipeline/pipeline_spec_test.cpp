// The pipeline file: what it takes, what it refuses and where it says so; overrides, secrets, the frozen
// form.
#include "pipeline/pipeline_spec.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "pipeline/config_node.h"
#include "pipeline/secrets.h"
#include "pipeline/spec_keys.h"

namespace sluice {
namespace {

std::string error_of(const std::string& yaml, const Overrides& overrides = {}) {
  auto spec = parse_pipeline(yaml, "people.yaml", overrides);
  return spec ? "no error" : spec.error().message;
}

PipelineSpec parsed(const std::string& yaml, const Overrides& overrides = {}) {
  auto spec = parse_pipeline(yaml, "people.yaml", overrides);
  if (!spec) throw std::runtime_error(spec.error().message);
  return *spec;
}

constexpr const char* kEverything = R"(name: people
source:
  format: csv
  dialect: {delimiter: ";", quoteChar: null, doubleQuote: false, escapeChar: "\\", header: true, headerRows: [1, 2],
            headerJoin: "-", commentRows: [4], commentChar: "#", nullSequence: '\N', skipInitialSpace: true,
            lineTerminator: "\r\n", csvddfVersion: 1.2, caseSensitiveHeader: false}
  encoding: windows-1252
transform:
  - lowercase: [email]
  - map: {state: {NO: Norway, "01": one}}
schema:
  fields: [{name: id, type: integer}, {name: email}]
  primaryKey: id
identity: [id]
on_duplicate: skip
normalise: no
extra_fields: keep
missing_cells: null
table: people
aggregates:
  - {name: by_state, by: [state, "day of month"], measures: {total: sum(paid (EUR)), people: count, last: max(id)}}
batch: {rows: 200, bytes: 1MiB}
retry: {attempts: 7, backoff: {type: fixed, delay: 250ms, jitter: 10%}}
concurrency: 3
max_rejects: 5%
keep_raw: false
)";

TEST(PipelineFile, EveryKey) {
  PipelineSpec spec = parsed(kEverything);
  EXPECT_EQ(spec.name, "people");
  EXPECT_EQ(spec.source.format, SourceFormat::csv);
  const Dialect& dialect = spec.source.dialect;
  EXPECT_EQ(dialect.delimiter, ';');
  EXPECT_EQ(dialect.quoting, false);
  EXPECT_FALSE(dialect.quote_char);
  EXPECT_EQ(dialect.double_quote, false);
  EXPECT_EQ(dialect.escape_char, '\\');
  EXPECT_EQ(dialect.header_rows, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(dialect.null_sequence, "\\N");
  EXPECT_EQ(dialect.line_terminator, "\r\n");
  EXPECT_EQ(spec.source.encoding, "windows-1252");
  EXPECT_EQ(spec.source.schema_fields, (std::vector<std::string>{"id", "email"}));
  ASSERT_EQ(spec.transform.size(), 2u);
  EXPECT_EQ(spec.transform[1].line, 10);
  EXPECT_EQ(spec.transform[1].argument.dump(), R"({"state":{"01":"one","NO":"Norway"}})");
  EXPECT_EQ(spec.schema->primary_key, std::vector<std::string>{"id"});
  EXPECT_EQ(spec.identity, IdentityKind::key);
  EXPECT_EQ(spec.key_fields, std::vector<std::string>{"id"});
  EXPECT_EQ(spec.on_duplicate, OnDuplicate::skip);
  EXPECT_FALSE(spec.normalise);
  EXPECT_EQ(spec.extra_fields, ExtraFields::keep);
  EXPECT_EQ(spec.missing_cells, MissingCells::null);
  EXPECT_EQ(spec.table, "people");
  EXPECT_EQ(spec.aggregates,
            (std::vector<AggregateSpec>{{"by_state",
                                         {"state", "day of month"},
                                         {{"last", AggregateFunction::max, "id"},
                                          {"people", AggregateFunction::count, ""},
                                          {"total", AggregateFunction::sum, "paid (EUR)"}}}}));
  EXPECT_EQ(spec.batch_rows, 200u);
  EXPECT_EQ(spec.batch_bytes, 1048576u);
  EXPECT_EQ(spec.retry.attempts, 7u);
  EXPECT_EQ(spec.retry.backoff_type, "fixed");
  EXPECT_EQ(spec.retry.delay.count(), 250);
  EXPECT_DOUBLE_EQ(spec.retry.jitter, 0.1);
  EXPECT_EQ(spec.concurrency, 3u);
  EXPECT_DOUBLE_EQ(*spec.max_rejects.share, 0.05);
  EXPECT_FALSE(spec.keep_raw);
}

TEST(PipelineFile, ASheetIsANumberOrAName) {
  auto sheet = [](const std::string& value) {
    return parsed("name: x\nsource: {sheet: " + value + "}").source.sheet;
  };
  EXPECT_EQ(sheet("2").number, 2u);
  EXPECT_FALSE(sheet("2").name);
  EXPECT_EQ(sheet("'2'").name, "2");
  EXPECT_EQ(sheet("Prices 2024").name, "Prices 2024");
  EXPECT_FALSE(sheet("null").declared());
  // As it is frozen, and as it is written for people.
  for (const char* value : {"2", "'2'", "Prices"}) {
    const PipelineSpec spec = parsed(std::string("name: x\nsource: {format: xlsx, sheet: ") + value +
                                     ", dialect: {sheetName: A, sheetNumber: 3}}");
    EXPECT_EQ(spec.source.dialect.sheet.name, "A");
    EXPECT_EQ(spec.source.dialect.sheet.number, 3u);
    for (const PipelineSpec& again : {parsed(to_yaml(spec)), *pipeline_from_json(to_json(spec))}) {
      EXPECT_EQ(again.source.format, SourceFormat::xlsx);
      EXPECT_EQ(again.source.sheet.name, spec.source.sheet.name) << value;
      EXPECT_EQ(again.source.sheet.number, spec.source.sheet.number) << value;
      EXPECT_EQ(again.source.dialect.sheet.name, "A");
      EXPECT_EQ(again.source.dialect.sheet.number, 3u);
    }
  }
}

TEST(PipelineFile, AggregatesSayWhatIsWrong) {
  struct Wrong {
    const char* aggregate;
    const char* says;
  };
  for (const Wrong& wrong : {
           Wrong{"{name: x, by: [a], measures: {n: coutn}}",
                 "people.yaml:3:38: aggregates.0.measures.n: there is no function 'coutn'; did you mean "
                 "'count'?"},
           Wrong{"{name: x, by: [a], measures: {n: sum}}", "count, sum(FIELD), min(FIELD) or max(FIELD)"},
           Wrong{"{name: x, by: [a], measures: {n: sum()}}", "count, sum(FIELD), min(FIELD) or max(FIELD)"},
           Wrong{"{name: x, by: [a], measures: {n: count(a)}}",
                 "count, sum(FIELD), min(FIELD) or max(FIELD)"},
           Wrong{"{name: x, by: [a], measures: {a: count}}", "a group has 'a' already"},
           Wrong{"{name: x, by: [a], measures: {updatedAt: count}}", "a group has 'updatedAt' already"},
           Wrong{"{name: x, by: [a, a], measures: {n: count}}", "aggregates.0.by: 'a' stands twice"},
           Wrong{"{name: x, by: [], measures: {n: count}}", "1 to 20 fields"},
           Wrong{"{name: x, by: [a], measures: {}}", "1 to 20 measures"},
           Wrong{"{name: x, by: [a], mesures: {n: count}}",
                 "unknown key 'mesures' in aggregates.0; did you mean 'measures'?"},
           Wrong{"{name: x, by: [a]}", "aggregates.0: 'measures' is missing"},
           Wrong{"{name: a/b, by: [a], measures: {n: count}}", "aggregates.0.name"},
           Wrong{"{name: x, by: [a], measures: {n: count}}\n  - {name: x, by: [b], measures: {n: count}}",
                 "people.yaml:4:5: aggregates.1: the name 'x' is there twice"},
           Wrong{"x", "aggregates.0"},
       }) {
    const std::string error = error_of("name: y\naggregates:\n  - " + std::string(wrong.aggregate) + "\n");
    EXPECT_NE(error.find(wrong.says), std::string::npos) << wrong.aggregate << "\n" << error;
  }
  EXPECT_NE(error_of("name: y\naggregates: {}\n").find("a list of at most 20"), std::string::npos);
}

TEST(PipelineFile, OnlyTheNameMustBeThere) {
  PipelineSpec spec = parsed("name: x\nsource:\ntransform: []\n");
  EXPECT_EQ(spec.identity, IdentityKind::content);
  EXPECT_EQ(spec.source.encoding, "auto");
  EXPECT_FALSE(spec.on_duplicate);
  EXPECT_TRUE(spec.normalise && spec.keep_raw);
}

TEST(PipelineFile, ErrorsNameThePlaceAndWhatIsRight) {
  struct Wrong {
    const char* yaml;
    const char* says;
  };
  for (const Wrong& wrong : {
           Wrong{"name: x\nsource:\n  dialect:\n    delimeter: ','",
                 "people.yaml:4:5: unknown key 'delimeter' in source.dialect; did you mean 'delimiter'? "
                 "Known: delimiter,"},
           Wrong{"nmae: x",
                 "people.yaml:1:1: unknown key 'nmae' in the pipeline; did you mean 'name'? Known: name, "
                 "source"},
           Wrong{"name: x\nwebhook: []", "people.yaml:2:1: unknown key 'webhook'"},
           Wrong{"", "people.yaml: the pipeline is empty"},
           Wrong{"- a", "people.yaml:1:1: the pipeline: expected a mapping (key: value), not a list"},
           Wrong{"source: {}", "people.yaml:1:1: the pipeline has no name"},
           Wrong{"name: x\nname: y", "people.yaml:2:1: the key 'name' stands twice"},
           Wrong{"name: x\nsource: {format: cvs}",
                 "people.yaml:2:18: source.format: 'cvs' is not possible here; did you mean 'csv'?"},
           Wrong{"name: x\nbatch: {bytes: lots}",
                 "people.yaml:2:16: batch.bytes: expected auto or a size such as 4MiB, not 'lots'"},
           Wrong{"name: x\nretry: {backoff: {delay: 5}}",
                 "retry.backoff.delay: expected a duration with its unit, such as 250ms, 1s or 5m, not '5'"},
           Wrong{"name: x\nretry: {attempts: 0}", "retry.attempts: expected a number from 1"},
           Wrong{"name: x\nconcurrency: 0", "concurrency: expected auto or a number of splits such as 4"},
           Wrong{"name: x\nmax_rejects: 150%",
                 "max_rejects: expected a share from 0 to 1, or a percentage such as 5%, not '150%'"},
           Wrong{"name: x\nmax_rejects: some",
                 "max_rejects: expected none, a count such as 100, or a percentage such as 5%"},
           Wrong{"name: x\nidentity: id",
                 "identity: expected content, position, or a list of fields such as [id], not 'id'"},
           Wrong{"name: x\nidentity: [id, id]", "people.yaml:2:16: identity: the field 'id' stands twice"},
           Wrong{"name: x\non_duplicate: update", "people.yaml:2:15: on_duplicate: update needs a key"},
           Wrong{"name: x\ntable: t", "people.yaml:2:8: table: a target table is made from the schema"},
           Wrong{"name: x\ntable: 'a b'", "table: expected a table name of letters, digits and _"},
           Wrong{"name: x\ntransform: {trim: [a]}", "transform: expected a list of steps"},
           Wrong{"name: x\ntransform:\n  - trim: [a]\n    drop: [b]",
                 "people.yaml:3:5: transform: each entry is one step with one key"},
           Wrong{"name: x\nsource: {dialect: {delimiter: ';;'}}",
                 "source.dialect.delimiter: expected one ASCII character"},
           Wrong{"name: x\nsource: {dialect: {sheetNumber: 0}}",
                 "source.dialect.sheetNumber: expected the number of a sheet, counted from 1"},
           Wrong{"name: x\nsource: {sheet: -1}",
                 "people.yaml:2:17: source.sheet: expected the number of a sheet"},
           Wrong{"name: x\nsource: {pointer: a/b}",
                 "source.pointer: expected \"\" or a JSON pointer that begins with a slash"},
           Wrong{"name: a/b", "people.yaml:1:7: name: expected 1 to 200 bytes without slashes"},
           Wrong{"name: [x", "people.yaml:1:"},
           Wrong{"name: x\nschema:\n  fields:\n    - {name: a, type: intger}", "people.yaml:4:23: schema: "},
           Wrong{"name: x\nschema: nowhere.json", "people.yaml:2:9: schema: nowhere.json: cannot be opened"},
           Wrong{"name: x\nschema: https://example.org/s.json", "is an address, which is not fetched"},
           Wrong{"name: x\nschema: {resources: []}", "people.yaml:2:9: this is a data package"},
           Wrong{"name: x\n---\nname: y", "goes on after the end of its YAML document"},
           Wrong{"name: \xff", "is not UTF-8"},
       }) {
    std::string error = error_of(wrong.yaml);
    EXPECT_NE(error.find(wrong.says), std::string::npos) << wrong.yaml << "\n gave " << error;
  }
}

TEST(PipelineFile, HostileYaml) {
  std::string laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    std::string below = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int n = 0; n < 8; ++n) laughs += "," + below;
    laughs += "]\n";
  }
  EXPECT_NE(error_of(laughs).find("too many values"), std::string::npos) << error_of(laughs);
  EXPECT_NE(error_of(std::string(100'000, '[')).find("nested too deeply"), std::string::npos);
  EXPECT_NE(error_of("name: " + std::string(500, '[') + std::string(500, ']')), "no error");
  std::string deep;
  for (int i = 0; i < 400; ++i) deep += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_NE(error_of(deep), "no error");
  EXPECT_NE(error_of("a: &a [*a]"), "no error");
}

TEST(PipelineFile, WhatYamlCppCannotEnd) {
  for (const char* text : {",", "]", "name: x\n]", "name: x\n, y"})
    EXPECT_NE(error_of(text), "no error") << text;
}

TEST(PipelineFile, OnlyText) {
  // Found by fuzzing: a NUL gave a name that was no UTF-8.
  EXPECT_NE(error_of(std::string("# \x14y\nname: \0NN", 14)).find("control characters"), std::string::npos);
  EXPECT_NE(error_of("name: \"\\ud800\""), "no error");
  EXPECT_NE(error_of("name: x", {{"name", "\xff"}}), "no error");
}

TEST(PipelineFile, ScalarsKeepWhatTheyAre) {
  PipelineSpec spec = parsed(
      "name: x\ntransform: [{default: {a: 0123, b: no, c: 1.5, d: '7', e: true, f: 2024-01-01, g: 1_000}}]");
  EXPECT_EQ(spec.transform[0].argument.dump(),
            R"({"a":"0123","b":"no","c":1.5,"d":"7","e":true,"f":"2024-01-01","g":"1_000"})");
}

TEST(PipelineFile, Overrides) {
  PipelineSpec spec = parsed("name: x\nsource: {dialect: auto}\ntransform: [{trim: [a]}, {drop: [b]}]",
                             {{"source.encoding", "latin-1"},
                              {"source.dialect.delimiter", ","},
                              {"source.dialect.commentChar", "#"},
                              {"transform.1.drop", "[c]"},
                              {"identity", "[id]"},
                              {"name", "other"},
                              {"max_rejects", "3"}});
  EXPECT_EQ(spec.source.encoding, "latin-1");
  EXPECT_EQ(spec.source.dialect.delimiter, ',');
  EXPECT_EQ(spec.source.dialect.comment_char, '#');
  EXPECT_EQ(spec.transform[1].argument.dump(), R"(["c"])");
  EXPECT_EQ(spec.key_fields, std::vector<std::string>{"id"});
  EXPECT_EQ(spec.name, "other");
  EXPECT_EQ(spec.max_rejects.count, 3u);
  EXPECT_EQ(
      error_of("name: x", {{"sorce.encoding", "utf-8"}})
          .rfind("--set sorce.encoding: unknown key 'sorce' in the pipeline; did you mean 'source'?", 0),
      0u)
      << error_of("name: x", {{"sorce.encoding", "utf-8"}});
  EXPECT_EQ(error_of("name: x", {{"name.y", "1"}}),
            "--set name.y: there is no key 'y' here: the value above it is text");
  EXPECT_EQ(error_of("name: x\ntransform: []", {{"transform.0", "{}"}}),
            "--set transform.0: '0' is no place in a list of 0 entries, counted from 0");
  EXPECT_NE(error_of("name: x", {{"", "1"}}), "no error");
  EXPECT_NE(error_of("name: x", {{"identity", "[id"}}), "no error");
}

TEST(PipelineFile, Secrets) {
  ::setenv("SLUICE_TEST_NAME", "from the environment", 1);
  ::unsetenv("SLUICE_TEST_UNSET");
  std::string path = testing::TempDir() + "/sluice_secret_" + std::to_string(::getpid());
  std::ofstream(path) << "from a file\n";
  EXPECT_EQ(parsed("name: ${SLUICE_TEST_NAME}").name, "from the environment");
  EXPECT_EQ(parsed("name: <${file:" + path + "}>").name, "<from a file>");
  EXPECT_EQ(parsed("name: a$${b}").name, "a${b}");
  EXPECT_EQ(parsed("name: a${1}$").name, "a${1}$");
  EXPECT_EQ(error_of("name: ${SLUICE_TEST_UNSET}")
                .rfind("people.yaml:1:7: the environment variable SLUICE_TEST_UNSET is not set", 0),
            0u);
  EXPECT_NE(error_of("name: ${file:/nowhere/at/all}").find("the file cannot be read"), std::string::npos);
  std::filesystem::remove(path);
}

TEST(PipelineFile, WhatIsKeptReachesForNothingOnThisMachine) {
  ::setenv("SLUICE_TEST_NAME", "from the environment", 1);
  auto kept = parse_kept_pipeline("name: p\nsource: {dialect: {nullSequence: '${SLUICE_TEST_NAME}'}}\n", "p");
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(kept->source.dialect.null_sequence, "${SLUICE_TEST_NAME}");
  auto file = parse_kept_pipeline("name: p\nschema: /etc/hostname\n", "p");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().message,
            "p:2:9: schema: a pipeline that is kept in the store names no files; put the schema itself here, "
            "as a mapping");
  for (const char* named : {"${A}", "x ${file:/a} y", "$${A} ${B}", "${1}${_b2}"})
    EXPECT_TRUE(names_secret(named)) << named;
  for (const char* plain : {"", "$A", "${", "${}", "$${A}", "${1}", "a{2}$", "${file:}", "${a b}"})
    EXPECT_FALSE(names_secret(plain)) << plain;
}

TEST(PipelineFile, SchemaFilesStandBesideIt) {
  std::string folder = testing::TempDir() + "/sluice_spec_" + std::to_string(::getpid());
  std::filesystem::create_directory(folder);
  std::ofstream(folder + "/p.yaml") << "name: p\nschema: s.json\n";
  std::ofstream(folder + "/s.json") << "{\n\t\"fields\": [{\"name\": \"a\"}]\n}";
  auto spec = load_pipeline(folder + "/p.yaml");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->schema->fields[0].name, "a");
  std::ofstream(folder + "/s.json") << "{\n  \"fields\": [{\"name\": \"a\", \"type\": \"strin\"}]\n}";
  spec = load_pipeline(folder + "/p.yaml");
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().message.rfind(folder + "/s.json:2:", 0), 0u) << spec.error().message;
  EXPECT_FALSE(load_pipeline(folder));
  std::filesystem::remove_all(folder);
}

TEST(PipelineFile, PercentagesAreWrittenAsTheyWereRead) {
  for (const char* share : {"5%", "7%", "12.5%", "0.1%"}) {
    std::string yaml = to_yaml(parsed(std::string("name: x\nmax_rejects: ") + share));
    EXPECT_EQ(yaml, std::string("name: x\nmax_rejects: \"") + share + "\"\n");
  }
}

TEST(PipelineFile, FrozenFormReadsBackTheSame) {
  for (const std::string& yaml :
       {std::string(kEverything), std::string("name: x"),
        std::string("name: x\nmax_rejects: 12\nidentity: position\nretry: {backoff: {delay: 1500ms}}")}) {
    PipelineSpec spec = parsed(yaml);
    nlohmann::json frozen = to_json(spec);
    auto again = pipeline_from_json(frozen);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(to_json(*again), frozen);
    auto text = parse_pipeline(to_yaml(spec), "again.yaml");
    ASSERT_TRUE(text) << text.error().message << "\n" << to_yaml(spec);
    EXPECT_EQ(to_json(*text), frozen) << to_yaml(spec);
  }
  EXPECT_EQ(to_json(parsed("name: x")).at("retry").at("backoff").at("delay"), "1s");
}

TEST(PipelineFile, YamlForPeople) {
  EXPECT_EQ(to_yaml(parsed("name: x\ntransform: [{rename: {'a: b': 'no', '0123': y z}}, {trim: [a]}]")),
            "name: x\n"
            "transform:\n"
            "  - rename: {\"0123\": y z, \"a: b\": \"no\"}\n"
            "  - trim: [a]\n");
  PipelineSpec spec = parsed("name: x\nsource: {dialect: {delimiter: \"\\t\"}}\nidentity: [id]");
  EXPECT_EQ(to_yaml(spec), "name: x\nsource:\n  dialect: {delimiter: \"\\t\"}\nidentity: [id]\n");
  spec.name = "a${b}";
  EXPECT_EQ(parsed(to_yaml(spec)).name, "a${b}");
}

TEST(PipelineFile, EveryKeyIsDocumented) {
  for (auto keys : {pipeline_keys(), dialect_keys()})
    for (const SpecKey& key : keys) EXPECT_FALSE(key.takes.empty()) << key.name;
}

}  // namespace
}  // namespace sluice
