#include "jobs/posted_states.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

std::string state(const std::string& name, const std::string& population) {
  return R"({"name":)" + name + R"(,"population":)" + population + "}";
}
std::string body(const std::string& elements) { return "{\"states\":[" + elements + "]}"; }

// "INDEX FIELD MESSAGE" of the only fault.
std::string fault(const std::string& element) {
  const auto posted = posted_states(body(state("\"Texas\"", "1") + "," + element));
  if (!posted) return posted.error().message;
  if (posted->wrong_count != 1 || posted->wrong.size() != 1)
    return std::to_string(posted->wrong_count) + " faults";
  const WrongState& wrong = posted->wrong.front();
  return std::to_string(wrong.index) + " " + wrong.field + " " + wrong.message;
}

TEST(PostedStates, RowsAreWrittenAsTheyWereSent) {
  const auto posted =
      posted_states(" {\"states\" : [ {\"population\" : 0 , \"name\" : \"Te\\u0078as \\\"x\\\"\"} ,\n" +
                    state("\" Curaçao\\t\"", "9007199254740991") + "] } \n");
  ASSERT_TRUE(posted) << posted.error().message;
  EXPECT_EQ(posted->wrong_count, 0u);
  EXPECT_EQ(posted->rows.count, 2u);
  EXPECT_EQ(posted->rows.format, SourceFormat::ndjson);
  EXPECT_EQ(posted->rows.json, state("\"Te\\u0078as \\\"x\\\"\"", "0") + "\n" +
                                   state("\" Curaçao\\t\"", "9007199254740991") + "\n");
}

TEST(PostedStates, EveryFaultIsTold) {
  const std::string rule = "; it has to be a whole number from 0 to 9007199254740991, in digits alone";
  for (const char* wrong :
       {"-1", "1.0", "1e3", "-0", "9007199254740992", "99999999999999999999", "\"1\"", "null", "true", "01"})
    EXPECT_EQ(fault(state("\"Texas\"", wrong)), std::string("1 population is ") + wrong + rule);
  EXPECT_EQ(fault(state("\"Texas\"", "[1]")), "1 population is [1]" + rule);
  EXPECT_EQ(fault(state("\"\"", "1")), "1 name is empty");
  EXPECT_EQ(fault(state("\" \\u00a0\"", "1")), "1 name is nothing but white space");
  EXPECT_EQ(fault(state("\".\"", "1")), "1 name is '.', which no address such as /states/Texas can end with");
  EXPECT_EQ(fault(state("\" \\u002e. \"", "1")),
            "1 name is '..', which no address such as /states/Texas can end with");
  EXPECT_EQ(fault(state("\"...\"", "1")), "0 faults");
  EXPECT_EQ(fault(state("null", "1")), "1 name is null; it has to be text");
  EXPECT_EQ(fault(state("{\"a\":[1]}", "1")), "1 name is {\"a\":[1]}; it has to be text");
  EXPECT_EQ(fault(state("\"" + std::string(kStateNameBytes, 'a') + "\"", "1")), "0 faults");
  EXPECT_EQ(fault(state("\"" + std::string(kStateNameBytes + 1, 'a') + "\"", "1")),
            "1 name is longer than 1000 bytes");
  for (const char* wrong : {"\"a\\u0000b\"", "\"a\\nb\"", "\"a\\u007fb\""})
    EXPECT_EQ(fault(state(wrong, "1")),
              "1 name has a control character, such as a tab or an end of line, in it");
  EXPECT_NE(fault(state("\"\\ud800\"", "1")).find("1 name is \"\\ud800\", which is no valid text"),
            std::string::npos);
  EXPECT_TRUE(fault(state("\"\\ud800\"", "1")).ends_with("half of a pair"));
  EXPECT_TRUE(
      fault(state("\"a\\qb\"", "1")).ends_with("a \\ in it comes before none of \" \\ / b f n r t u"));
  EXPECT_TRUE(fault(state("\"\\\\\\u12x4\"", "1")).ends_with("no four hexadecimal digits"));
  EXPECT_EQ(fault(R"({"name":"Texas"})"), "1 population is missing");
  EXPECT_EQ(fault(R"({"population":1})"), "1 name is missing");
  EXPECT_EQ(fault(R"({"name":"Texas","name":"Maine","population":1})"), "1 name is there twice");
  EXPECT_EQ(fault(R"({"name":"Texas","popuation":2,"population":1})"),
            "1  has the member 'popuation': did you mean 'population'? Known: name, population");
  EXPECT_EQ(fault("[1]"), "1  is [1], no object such as {\"name\": \"Texas\", \"population\": 1}");
  EXPECT_EQ(fault("7"), "1  is 7, no object such as {\"name\": \"Texas\", \"population\": 1}");
}

TEST(PostedStates, ManyFaultsAreCountedAndSomeTold) {
  std::string elements = "{}";
  for (int i = 1; i < 800; ++i) elements += ",{}";
  const auto posted = posted_states(body(elements));
  ASSERT_TRUE(posted) << posted.error().message;
  EXPECT_EQ(posted->rows.count, 800u);
  EXPECT_EQ(posted->wrong_count, 1600u);
  ASSERT_EQ(posted->wrong.size(), kMostWrongStates);
  EXPECT_EQ(posted->wrong.back().index, 499u);
}

TEST(PostedStates, ABodyThatIsSomethingElseIsRefused) {
  const std::pair<std::string, std::string> kWrong[] = {
      {"", "the body is empty"},
      {" \n", "the body is empty"},
      {"\xEF\xBB\xBF" + body(state("\"a\"", "1")), "byte order mark"},
      {body("{\"name\":\"a"), "no closing \""},
      {body(state("\"a\nb\"", "1")), "control character"},
      {"[]", "no JSON object"},
      {"{}", "has no \"states\""},
      {R"({"states":{}})", "no array"},
      {body(""), "\"states\" is empty"},
      {R"({"state":[]})", "'state'"},
      {R"({"states":[{"name":"a","population":1}],"x":1})", "'x'"},
      {R"({"states":[{"name":"a","population":1}],"states":[]})", "twice"},
      {body(state("\"a\"", "1")) + "x", "does not end with }"},
      {body(state("\"a\"", "1")) + "{}", "after the object"},
      {R"({"states":[{"name":"a","population":1})", "broken"},
      {R"({"states":[{"name":"a","population":1}])", "does not end with }"},
      {R"({"states":[{"name":"a" "population":1}]})", "at states[0] the JSON is broken"},
      {body("{\"name\":\"a\xff\",\"population\":1}"), "no valid UTF-8"}};
  for (const auto& [text, words] : kWrong) {
    const auto posted = posted_states(text);
    ASSERT_FALSE(posted) << text;
    EXPECT_EQ(posted.error().kind, ErrorKind::usage);
    EXPECT_NE(posted.error().message.find(words), std::string::npos)
        << text << ": " << posted.error().message;
    EXPECT_TRUE(
        posted.error().message.ends_with(R"(Send {"states": [{"name": "Texas", "population": 1}, …]}.)"));
  }
}

}  // namespace
}  // namespace sluice
