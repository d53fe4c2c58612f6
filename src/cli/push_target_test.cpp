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

TEST(PushTarget, ANumberKeepsItsDigitsOrIsRefused) {
  for (const auto& [text, json] :
       std::initializer_list<std::pair<const char*, const char*>>{{"9007199254740992", "9007199254740992"},
                                                                  {"0.1", "0.1"},
                                                                  {"1e3", "1000"},
                                                                  {"1.50", "1.5"},
                                                                  {"-0", "0"}})
    EXPECT_EQ(steps_of({{"a=a"}, {std::string("c=") + text}, {}}),
              std::string(R"(require["a"] select{"a":"a"} default{"c":)") + json + "}");
  for (const char* text : {"12345678901234567890", "9007199254740993", "0.10000000000000000555", "1e400",
                           "1e-400", "-123456789012345678901234567890.5"}) {
    const std::string told = steps_of({{"a=a"}, {std::string("c=") + text}, {}});
    EXPECT_EQ(told.find(std::string("--const c=") + text + " has more digits"), 0u) << told;
  }
}

TEST(PushTarget, AColumnWithACommaStandsInQuotes) {
  EXPECT_EQ(steps_of({{}, {}, {"a,b", "c"}}), R"(require["a","b","c"])");
  EXPECT_EQ(steps_of({{}, {}, {R"("last, first", phone )"}}), R"(require["last, first","phone"])");
  EXPECT_EQ(steps_of({{}, {}, {R"(a,"say ""when""" ,"b")"}}), R"(require["a","say \"when\"","b"])");
  EXPECT_EQ(steps_of({{}, {}, {R"(5" pipe)"}}), R"(require["5\" pipe"])")
      << "inside a name a quote is itself";
  for (const char* wrong : {R"("a)", R"("a"b,c)", R"(a,")"}) {
    const std::string told = steps_of({{}, {}, {wrong}});
    EXPECT_EQ(told.find("--require takes columns with commas between them"), 0u) << told;
  }
}

TEST(PushTarget, TheAddressIsWithoutWhoSends) {
  for (const auto& [url, address] : std::initializer_list<std::pair<const char*, const char*>>{
           {"http://h:1/x?a=1", "http://h:1/x?a=1"},
           {"http://ann:pw@h:1/x", "http://h:1/x"},
           {"http://ann:p/w@h:1/x", "http://h:1/x"},
           {"http://ann@h/x?mail=a@b", "http://h/x?mail=a@b"},
           {"http://h/x@y", "http://h/x@y"},
           {"https://h/x?a=1&token=t&api_key=k&sig=s", "https://h/x?a=1&token=***&api_key=***&sig=***"},
           {"https://h/x?a=1&token=***", "https://h/x?a=1&token=***"}})
    EXPECT_EQ(push_address(url), address);
}

TEST(PushTarget, ARowThatTheStatesServiceRefusesIsFound) {
  auto fault = [](const std::string& name, const std::string& population) {
    const nlohmann::json row = {{"name", name}, {"population", nlohmann::json::parse(population)}};
    const auto found = state_fault(row.dump());
    return found ? found->field + ": " + found->message + " " + found->value : "";
  };
  EXPECT_EQ(fault("Texas", "1"), "");
  EXPECT_EQ(fault(std::string(1000, 'x'), "9007199254740991"), "");
  EXPECT_EQ(fault("a\tb", "1").find("name: 'name' has a control character"), 0u) << fault("a\tb", "1");
  EXPECT_EQ(fault("..", "1").find("name: 'name' is '..', which no address"), 0u);
  EXPECT_EQ(
      fault(std::string(1001, 'x'), "1").find("name: 'name' is longer than 1000 bytes: the states service"),
      0u);
  EXPECT_EQ(fault("Texas", "9007199254740992").find("population: 'population' is 9007199254740992;"), 0u);
  EXPECT_EQ(state_fault(R"({"name":"a","people":1})")->message.find("The row has the member 'people'"), 0u);
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
