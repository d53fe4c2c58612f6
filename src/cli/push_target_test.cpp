// What a push sends, by its address and by --map, --const and --require.
#include "cli/push_target.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

std::string form_of(const std::string& url, const std::optional<std::string>& wrap = {}) {
  auto target = push_target(url, wrap);
  return target ? target->opening + "…" + target->closing : target.error().message;
}

TEST(PushTarget, TheAddressSaysTheFormOfTheBody) {
  EXPECT_EQ(form_of("http://h/states/batch"), R"({"states":[…]})");
  EXPECT_EQ(form_of("https://h:1/api/states/batch/?x=/y"), R"({"states":[…]})");
  EXPECT_EQ(form_of("http://h/v1/pipelines/people/batches"), "[…]");
  EXPECT_EQ(form_of("http://h/x?to=/states/batch"), "[…]");
  EXPECT_EQ(form_of("http://h/x", "it\"ems"), R"({"it\"ems":[…]})");
  EXPECT_EQ(form_of("http://h/states/batch", ""), "[…]");
}

TEST(PushTarget, AnAddressIsOneToPostTo) {
  EXPECT_EQ(form_of("sqlite:x.db"),
            "'sqlite:x.db' is no address to post to; write it like --to "
            "http://127.0.0.1:8080/v1/pipelines/people/batches.");
  EXPECT_EQ(form_of("http://me:secret@h"),
            "http://me:***@h is a server, and no path on it. Rows of a pipeline go to "
            "/v1/pipelines/NAME/batches there, states to /states/batch.");
}

std::string steps_of(const PushColumns& columns, const std::string& url = "http://h/x") {
  PipelineSpec spec;
  auto target = push_target(url, {});
  if (auto added = add_columns(spec, columns, *target); !added) return added.error().message;
  std::string text;
  for (const StepSpec& step : spec.transform)
    text += (text.empty() ? "" : " ") + step.name + step.argument.dump();
  if (spec.schema)
    for (const Field& field : spec.schema->fields)
      text += " " + field.name + ":" + std::string(name_of(field.type));
  return text;
}

TEST(PushTarget, ColumnsAreStepsOfAPipeline) {
  EXPECT_EQ(steps_of({{"name=state"}, {"population=1"}, {"name", "state"}}, "http://h/states/batch"),
            R"(require["state","name"] select{"name":"state"} default{"population":1})"
            " name:string population:integer");
  EXPECT_EQ(steps_of({{"a=x", "b=x=y"}, {}, {}}), R"(require["x","x=y"] select{"a":"x","b":"x=y"})");
  EXPECT_EQ(steps_of({{}, {}, {"id"}}), R"(require["id"])");
  EXPECT_EQ(steps_of({}), "");
}

TEST(PushTarget, ConstantsAreNumbersAndTruthsWhereTheyReadAsOne) {
  for (const auto& [text, json] :
       std::initializer_list<std::pair<const char*, const char*>>{{"1", "1"},
                                                                  {"-0.5", "-0.5"},
                                                                  {"true", "true"},
                                                                  {"text", "\"text\""},
                                                                  {"01", "\"01\""},
                                                                  {"null", "\"null\""},
                                                                  {"{}", "\"{}\""},
                                                                  {"\"1\"", R"("\"1\"")"},
                                                                  {"", "\"\""}})
    EXPECT_EQ(steps_of({{"a=a"}, {std::string("c=") + text}, {}}),
              std::string(R"(require["a"] select{"a":"a"} default{"c":)") + json + "}");
}

TEST(PushTarget, WhatCannotBeMeantIsSaid) {
  EXPECT_EQ(steps_of({{"name"}, {}, {}}),
            "--map takes NAME=COLUMN, as in --map name=state; 'name' is not that.");
  EXPECT_EQ(steps_of({{"a=b"}, {"=1"}, {}}),
            "--const takes NAME=VALUE, as in --const population=1; '=1' is not that.");
  EXPECT_EQ(steps_of({{"a=b"}, {"a=1"}, {}}), "'a' is given twice: a name has one value.");
  EXPECT_EQ(steps_of({{"a="}, {}, {}}), "--map a= names no column of the file.");
  EXPECT_EQ(steps_of({{}, {"a=1"}, {}}),
            "--const goes with --map, which says which columns are sent beside it, as in --map name=state "
            "--const population=1.");
  EXPECT_EQ(steps_of({{"name=a", "x=b"}, {"population=1"}, {}}, "http://h/states/batch"),
            "an element of /states/batch has a name and a population, and no 'x': leave it out.");
  EXPECT_EQ(
      steps_of({{"name=a"}, {}, {}}, "http://h/states/batch"),
      "an element of /states/batch has a name and a population: say which column is the name, and count "
      "each row as one or sum up a column, as in --map name=state --const population=1. There is no "
      "population yet.");
}

}  // namespace
}  // namespace sluice
