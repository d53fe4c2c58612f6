#include "formats/json_detect.h"

#include <gtest/gtest.h>

#include <cstring>

namespace sluice {
namespace {

class TextSource : public ByteSource {
 public:
  TextSource(std::string text, std::size_t most) : text_(std::move(text)), most_(most) {}
  Result<std::size_t> read(std::span<char> into, std::stop_token) override {
    const std::size_t size = std::min({into.size(), most_, text_.size() - at_});
    std::memcpy(into.data(), text_.data() + at_, size);
    at_ += size;
    return size;
  }

 private:
  std::string text_;
  std::size_t most_, at_ = 0;
};

Result<JsonDetection> detect(std::string_view text, const std::string& pointer = "",
                             const Dialect& dialect = {}) {
  return detect_json(text, true, FormatKind::json, dialect, pointer);
}
std::string error_of(std::string_view text, const std::string& pointer = "") {
  auto found = detect(text, pointer);
  return found ? "" : found.error().message;
}

TEST(JsonDetect, FindsTheArray) {
  const std::string text = "\xEF\xBB\xBF {\r\n\"a\":[[1],{\"b/c\":\r[ {\"x\":1}]}]}";
  auto found = detect(text, "/a/1/b~1c");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->first_row, (Position{text.find("[ {") + 1, 1, 3}));
  EXPECT_FALSE(found->rows_are_arrays);
  EXPECT_FALSE(detect("[]")->rows_are_arrays);
}

TEST(JsonDetect, SaysWhereTheRowsCouldBe) {
  EXPECT_EQ(
      error_of("{\"n\":[1],\"a/b\":[{}],\"c\":{\"d\":[[1]],\"e\":[{\"f\":[{}]}]}}"),
      "The document is an object, not an array of rows; its rows are perhaps under /a~1b, /c/d, /c/e: set "
      "source.pointer to it.");
  EXPECT_EQ(error_of("{\"b\":[{}],\"a\":7}", "/a"),
            "At /a of the document (line 1) stands no array; the rows must be the elements of an array.");
  EXPECT_EQ(error_of("{\"b\":[{}]}", "/c"),
            "The document has nothing at /c; its rows are perhaps under /b: set source.pointer to it.");
  EXPECT_EQ(error_of("[{}]", "/c"),
            "The document has nothing at /c; its rows are perhaps under \"\" (the document itself): set "
            "source.pointer to it.");
  EXPECT_EQ(
      error_of("{\"a\":1}"),
      "The document is an object, not an array of rows, and no array of objects was seen in it. Rows are the "
      "elements of an array, [{…}, {…}], or one object a line (format: ndjson).");
  EXPECT_EQ(error_of("12"),
            "The document is a single value, not an array of rows, and no array of objects was seen in "
            "it. Rows are the elements of an array, [{…}, {…}], or one object a line (format: ndjson).");
  EXPECT_EQ(error_of("[]", "a"), "The pointer \"a\" must begin with / (RFC 6901), as in \"/a\".");
  EXPECT_EQ(error_of(" \n"), "There is no JSON in it: it holds white space at most.");
}

TEST(JsonDetect, SaysWhereTheDocumentIsBroken) {
  for (const char* text : {"{a:1}", "{\"a\":1,}", "{\"a\" 1}", "{\"a\":01}", "{\"a\":tru}", "{\"a\":\"\\x\"}",
                           "{\"a\":\"\\u12g4\"}", "{\"a\":1} x", "{\"a\":1", "{\"a", "{\"a\":[1}}", "x", "01",
                           "{\"a\":\"\t\"}", "}", "{,}"}) {
    EXPECT_TRUE(error_of(text).starts_with("The JSON document is broken on line 1"))
        << text << ": " << error_of(text);
  }
}

TEST(JsonDetect, DecidesOnTheHeader) {
  auto found = detect("[ [\"a\", \"\\u0062\"]\n, [1,2]]");
  EXPECT_TRUE(found->rows_are_arrays);
  EXPECT_EQ(found->columns, (Columns{"a", "b"}));
  EXPECT_EQ(found->first_row, (Position{17, 1, 1}));
  EXPECT_EQ(found->findings.size(), 1u);
  found = detect("[[1,2],[1,2,3]]");
  EXPECT_EQ(found->columns, (Columns{"column_1", "column_2", "column_3"}));
  EXPECT_EQ(found->first_row, (Position{1, 1, 1}));
  Dialect header;
  header.header = true;
  found = detect("[[1,null,\"1\"],[1,2,3]]", "", header);
  EXPECT_EQ(found->columns, (Columns{"1", "column_2", "1_2"}));
  EXPECT_TRUE(found->findings.empty());
  Dialect objects;
  objects.item_type = "object";
  EXPECT_FALSE(detect("[[1]]", "", objects)->rows_are_arrays);
  EXPECT_NE(error_of("[[\"a\"] [1]]"), "");
  EXPECT_NE(error_of("[[\"\\ud800\"],[1]]"), "");
}

TEST(JsonDetect, ReadsOnBeyondTheSample) {
  std::string text = "{\"long\":\"" + std::string(200000, 'x') + "\",\r\n\"rows\":[[\"a\"],[1]],\"more\":2}";
  auto found = detect_json(std::string_view(text).substr(0, 1000), false, FormatKind::json, {}, "/rows");
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->beyond_sample);
  for (const std::string bom : {"", "\xEF\xBB\xBF"}) {
    for (std::size_t most : {1, 2, 1000, 1000000}) {
      TextSource source(bom + text, most);
      found = detect_json(source, 1 << 20, {}, "/rows", {});
      ASSERT_TRUE(found) << found.error().message;
      EXPECT_EQ(found->columns, Columns{"a"});
      EXPECT_EQ(found->first_row, (Position{bom.size() + text.find("[[") + 6, 1, 2}));
      EXPECT_FALSE(found->beyond_sample);
    }
    TextSource source(bom + text, 1000);
    EXPECT_FALSE(detect_json(source, 1 << 20, {}, "/row", {}));
  }
  TextSource empty("", 10);
  EXPECT_FALSE(detect_json(empty, 1 << 20, {}, "/a", {}));
}

}  // namespace
}  // namespace sluice
