#include "formats/json_scanner.h"

#include <gtest/gtest.h>

#include "base/buffer.h"
#include "formats/json_blocks.h"

namespace sluice {
namespace {

std::string problem_of(std::string_view text) {
  const Buffer bytes(text);
  JsonScanner scanner(JsonScanner::Space::document);
  scanner.begin(bytes.data() + bytes.size());
  JsonValue value;
  const char* behind = scanner.value(bytes.data(), value);
  if (behind == nullptr)
    return std::to_string(scanner.problem_at() - bytes.data()) + ": " + scanner.problem();
  return behind == bytes.data() + bytes.size() ? "" : "more at " + std::to_string(behind - bytes.data());
}

TEST(JsonScanner, TakesWhatJsonIs) {
  for (const char* text :
       {"0", "-0", "12", "-1.5", "1e5", "1E-05", "1.0e+400", "123456789012345678901234567890", "\"\"", "true",
        "false", "null", "[]", "{}", "[[],{}]", "{\"a\":{\"b\":[1,\"x\",null]},\"c\":[ ]}", " []"})
    EXPECT_EQ(problem_of(text[0] == ' ' ? text + 1 : text), "") << text;
}

TEST(JsonScanner, RefusesWhatItIsNot) {
  for (const char* text : {"01",
                           "-",
                           "+1",
                           ".5",
                           "1.",
                           "1.e5",
                           "1e",
                           "1e+",
                           "0x1",
                           "1a",
                           "tru",
                           "nul",
                           "True",
                           "\"",
                           "\"\\\"",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\t\"",
                           "\"\n\"",
                           "[",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{",
                           "{\"a\"",
                           "{\"a\":",
                           "{\"a\":1",
                           "{\"a\":1,}",
                           "{\"a\":1 \"b\":2}",
                           "{1:2}",
                           "{\"a\":1]",
                           "[1}",
                           "]",
                           "",
                           "NaN",
                           "'a'",
                           "[1]]",
                           "\x01"})
    EXPECT_NE(problem_of(text), "") << text;
}

TEST(JsonScanner, NamesThePlace) {
  EXPECT_EQ(problem_of("[1,\xc3\xa9]"),
            "3: a value is expected (a text in \", a number, true, false, null, { or [), but there is é");
  EXPECT_EQ(problem_of("[1,\xc3"),
            "3: a value is expected (a text in \", a number, true, false, null, { or [), but there are bytes "
            "that are no UTF-8 text");
  EXPECT_EQ(problem_of("[\"a\nb\"]"),
            "3: a text must have no control characters other than as escapes (\\n, \\t), but there is \\n");
  EXPECT_EQ(problem_of("[\"a"), "3: a text is not closed by a \", but the text ends there");
}

TEST(JsonBlocks, CountsLineEnds) {
  for (std::size_t lead = 0; lead < 130; ++lead) {
    const Buffer text(std::string(lead, 'x') + "\r\n\r\r\n\n\n\rx\r");
    EXPECT_EQ(json_blocks::count_lines(text.view()), 7u) << lead;
    EXPECT_EQ(json_blocks::find_line_end(text.data(), text.data() + text.size()), text.data() + lead);
    EXPECT_EQ(json_blocks::find_line_end(text.data(), text.data() + lead), text.data() + lead);
  }
}

}  // namespace
}  // namespace sluice
