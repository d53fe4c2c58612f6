#include "pipeline/jcs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "base/decimal.h"

namespace sluice {
namespace {

std::string json(std::string_view text) {
  std::string out;
  auto result = append_jcs_json(out, text);
  return result ? out : "error: " + result.error().message;
}
std::string number(std::string_view text) {
  std::string out;
  append_jcs_number(out, text);
  return out;
}
std::string string(std::string_view text) {
  std::string out;
  append_jcs_string(out, text);
  return out;
}
bool refused(std::string_view text) {
  std::string out = "before";
  auto result = append_jcs_json(out, text);
  EXPECT_EQ(out.substr(0, 6), "before");
  if (!result) {
    EXPECT_EQ(out, "before");
  }
  return !result;
}

// RFC 8785, appendix B: the bits of the double and the text that a conforming program writes.
TEST(Jcs, numbers_of_appendix_b) {
  struct Vector {
    std::uint64_t bits;
    const char* text;
  };
  for (auto [bits, text] : std::initializer_list<Vector>{{0x0000000000000000, "0"},
                                                         {0x8000000000000000, "0"},
                                                         {0x0000000000000001, "5e-324"},
                                                         {0x8000000000000001, "-5e-324"},
                                                         {0x7fefffffffffffff, "1.7976931348623157e+308"},
                                                         {0xffefffffffffffff, "-1.7976931348623157e+308"},
                                                         {0x4340000000000000, "9007199254740992"},
                                                         {0xc340000000000000, "-9007199254740992"},
                                                         {0x4430000000000000, "295147905179352830000"},
                                                         {0x44b52d02c7e14af5, "9.999999999999997e+22"},
                                                         {0x44b52d02c7e14af6, "1e+23"},
                                                         {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
                                                         {0x444b1ae4d6e2ef4e, "999999999999999700000"},
                                                         {0x444b1ae4d6e2ef4f, "999999999999999900000"},
                                                         {0x444b1ae4d6e2ef50, "1e+21"},
                                                         {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
                                                         {0x3eb0c6f7a0b5ed8d, "0.000001"},
                                                         {0x41b3de4355555553, "333333333.3333332"},
                                                         {0x41b3de4355555554, "333333333.33333325"},
                                                         {0x41b3de4355555555, "333333333.3333333"},
                                                         {0x41b3de4355555556, "333333333.3333334"},
                                                         {0x41b3de4355555557, "333333333.33333343"},
                                                         {0xbecbf647612f3696, "-0.0000033333333333333333"},
                                                         {0x43143ff3c1cb0959, "1424953923781206.2"}}) {
    EXPECT_EQ(number(text), text);  // is its own canonical form
    // And the shortest text of that double, in whatever layout, becomes it.
    std::array<char, 64> shortest;
    auto end = std::to_chars(shortest.begin(), shortest.end(), std::bit_cast<double>(bits),
                             std::chars_format::scientific)
                   .ptr;
    EXPECT_EQ(number({shortest.data(), end}), text);
  }
}

TEST(Jcs, numbers_that_no_double_holds_are_strings) {
  EXPECT_EQ(number("9007199254740993"), "\"9007199254740993\"");
  EXPECT_EQ(number("0.1000000000000000055511151231257827"), "\"0.1000000000000000055511151231257827\"");
  EXPECT_EQ(number("1e400"), "\"1e+400\"");
  EXPECT_EQ(number("-1.50E-400"), "\"-1.5e-400\"");
  EXPECT_EQ(number("-0"), "0");
  EXPECT_EQ(json("[9007199254740993,1.0,10e-1,-0.0]"), "[\"9007199254740993\",1,1,0]");
}

// RFC 8785, section 3.2.2: the worked example.
TEST(Jcs, the_example_of_the_rfc) {
  EXPECT_EQ(json(R"({
       "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
       "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
       "literals": [null, true, false]
     })"),
            // 333333333.33333329 has more digits than its double's shortest text: the contract keeps them.
            R"({"literals":[null,true,false],"numbers":["333333333.33333329",1e+30,4.5,0.002,1e-27],)"
            "\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

// RFC 8785, section 3.2.3: keys by their UTF-16 code units.
TEST(Jcs, keys_sort_by_utf16) {
  EXPECT_EQ(
      json(
          R"({"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",)"
          R"("\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"})"),
      "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\",\"\xC3\xB6\":\"Latin Small Letter "
      "O With Diaeresis\","
      "\"\xE2\x82\xAC\":\"Euro Sign\",\"\xF0\x9F\x98\x80\":\"Emoji: Grinning Face\","
      "\"\xEF\xAC\xB3\":\"Hebrew Letter Dalet With Dagesh\"}");
  EXPECT_TRUE(jcs_less("", "a"));
  EXPECT_FALSE(jcs_less("a", "a"));
  EXPECT_TRUE(jcs_less("a", "aa"));
}

std::u16string utf16(const std::vector<char32_t>& text) {
  std::u16string units;
  for (char32_t c : text) {
    if (c < 0x10000) {
      units += static_cast<char16_t>(c);
    } else {
      units += static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10));
      units += static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FF));
    }
  }
  return units;
}
std::string utf8(const std::vector<char32_t>& text) {
  std::string bytes;
  for (char32_t c : text) {
    if (c < 0x80)
      bytes += static_cast<char>(c);
    else if (c < 0x800)
      (bytes += static_cast<char>(0xC0 | c >> 6)) += static_cast<char>(0x80 | (c & 63));
    else if (c < 0x10000)
      ((bytes += static_cast<char>(0xE0 | c >> 12)) += static_cast<char>(0x80 | (c >> 6 & 63))) +=
          static_cast<char>(0x80 | (c & 63));
    else
      (((bytes += static_cast<char>(0xF0 | c >> 18)) += static_cast<char>(0x80 | (c >> 12 & 63))) +=
       static_cast<char>(0x80 | (c >> 6 & 63))) += static_cast<char>(0x80 | (c & 63));
  }
  return bytes;
}

TEST(Jcs, property_order_equals_utf16_order) {
  std::mt19937_64 random(4);
  const std::array<char32_t, 12> alphabet = {'a',    'b',    0x7F,   0x80,    0x7FF,    0x800,
                                             0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF, 0xFB33};
  auto draw = [&] {
    std::vector<char32_t> text(random() % 4);
    for (char32_t& c : text) c = alphabet[random() % alphabet.size()];
    return text;
  };
  for (int i = 0; i < 100'000; ++i) {
    auto a = draw(), b = draw();
    ASSERT_EQ(jcs_less(utf8(a), utf8(b)), utf16(a) < utf16(b)) << utf8(a) << " and " << utf8(b);
  }
}

std::string slow_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case 8: out += "\\b"; break;
      case 9: out += "\\t"; break;
      case 10: out += "\\n"; break;
      case 12: out += "\\f"; break;
      case 13: out += "\\r"; break;
      default:
        if (static_cast<unsigned char>(c) < 32) {
          char escape[8];
          std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
          out += escape;
        } else {
          out += c;
        }
    }
  }
  return out + "\"";
}

// Every byte at every place of every length around the blocks of eight, in exactly the room that is promised:
// a byte read or written beyond shows under the address sanitizer and in the canary.
TEST(Jcs, strings_equal_the_slow_twin) {
  auto check = [](const std::string& text) {
    std::string expected = slow_string(text);
    ASSERT_EQ(string(text), expected);
    auto exact_text = std::make_unique<char[]>(text.size());
    std::copy(text.begin(), text.end(), exact_text.get());
    std::size_t room = 6 * text.size() + 2;
    auto exact_room = std::make_unique<char[]>(room);
    char* end = append_jcs_string(exact_room.get(), std::string_view(exact_text.get(), text.size()));
    ASSERT_EQ(std::string(exact_room.get(), end), expected);
  };
  for (std::size_t size = 0; size <= 26; ++size)
    for (std::size_t at = 0; at < std::max<std::size_t>(size, 1); ++at)
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(size, 'x');
        if (size != 0) text[at] = static_cast<char>(byte);
        check(text);
      }
  std::mt19937_64 random(5);
  for (int i = 0; i < 100'000; ++i) {
    std::string text(random() % 40, ' ');
    bool wild = random() % 2;
    for (char& c : text)
      c = wild ? static_cast<char>(random() % 40)
               : static_cast<char>(random() % 8 ? 'a' + random() % 26 : random());
    check(text);
  }
  check(std::string(50, '\x01'));
}

TEST(Jcs, what_is_no_json_is_refused) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[",
                           "]",
                           "[1",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "1 2",
                           "[1],[2]",
                           "[1]]",
                           "1]",
                           "1],[2",
                           "{\"a\":1,}",
                           "{\"a\" 1}",
                           "{a:1}",
                           "{\"a\":}",
                           "{1:2}",
                           "'a'",
                           "\"a",
                           "[\"a]",
                           "tru",
                           "truex",
                           "nul",
                           "nan",
                           "Infinity",
                           "01",
                           "-01",
                           "+1",
                           "1.",
                           ".5",
                           "-",
                           "1e",
                           "1e+",
                           "0x1",
                           "[1.]",
                           "[01]",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\t\"",
                           "\"\n\"",
                           "{\"a\":1}x",
                           "[1]x",
                           "// c\n1",
                           "[1,,2]",
                           "{,}",
                           "{\"a\":1 \"b\":2}",
                           "\xff",
                           "\"\xc3\"",
                           "\"\xed\xa0\x80\"",
                           "\xEF\xBB\xBF{}",
                           "{\"a\":1}{\"a\":1}",
                           "[}",
                           "{]"})
    EXPECT_TRUE(refused(text)) << text;
  EXPECT_TRUE(refused(std::string_view("[1\0]", 4)));
}

TEST(Jcs, what_json_allows_and_we_do_not) {
  EXPECT_EQ(json(R"({"a":1,"b":2,"\u0061":3})"),
            "error: This is not valid JSON: the member 'a' stands there twice.");
  EXPECT_TRUE(refused(R"({"x":{"a":1,"a":1}})"));
  for (const char* text : {R"("\ud800")", R"("\udc00")", R"("\ud800x")", R"("\ud800\u0041")",
                           R"("\udc00\ud800")", R"("\ud800\ud800")", R"({"\ud800":1})", R"({"\udfff":1})",
                           R"("\u0000")", R"({"a\u0000":1})", R"("\ud83d\ude00\ude00")"})
    EXPECT_TRUE(refused(text)) << text;
  EXPECT_EQ(json(R"("\ud83d\ude00\uD7FF\ue000")"), "\"\xF0\x9F\x98\x80\xED\x9F\xBF\xEE\x80\x80\"");
  EXPECT_TRUE(refused("1e1000000000"));
  EXPECT_EQ(json("1e999999999"), "\"1e+999999999\"");
}

TEST(Jcs, depth_is_limited) {
  auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(json(nested(128)), nested(128));
  EXPECT_TRUE(refused(nested(129)));
  EXPECT_TRUE(refused(nested(2000)));
  EXPECT_TRUE(refused(std::string(100'000, '[')));
  std::string objects;
  for (int i = 0; i < 129; ++i) objects += "{\"a\":";
  EXPECT_TRUE(refused(objects + "1" + std::string(129, '}')));
}

TEST(Jcs, layouts_and_scalars) {
  EXPECT_EQ(json(" \r\n\t{ } "), "{}");
  EXPECT_EQ(json("[ ]"), "[]");
  EXPECT_EQ(json(" true "), "true");
  EXPECT_EQ(json(" \"x\" "), "\"x\"");
  EXPECT_EQ(json(" -12.50 "), "-12.5");
  EXPECT_EQ(json(R"({"b":[{"z":1,"y":[]}, null],"a":{}})"), R"({"a":{},"b":[{"y":[],"z":1},null]})");
  EXPECT_EQ(json("{\"\":1}"), "{\"\":1}");
  std::string large = "[\"" + std::string(3 << 20, 'x') + "\"]";
  EXPECT_EQ(json(large), large);
}

TEST(Jcs, cells) {
  auto cell = [](Cell c) {
    std::string out;
    auto result = append_jcs_cell(out, c);
    return result ? out : "error";
  };
  EXPECT_EQ(cell(Cell::string("01")), "\"01\"");
  EXPECT_EQ(cell(Cell::number("01.0")), "1");
  EXPECT_EQ(cell(Cell::boolean(true)), "true");
  EXPECT_EQ(cell(Cell::boolean(false)), "false");
  EXPECT_EQ(cell(Cell::null()), "null");
  EXPECT_EQ(cell(Cell::json("{\"b\":1, \"a\":2}")), "{\"a\":2,\"b\":1}");
  EXPECT_EQ(cell(Cell::json("{")), "error");
}

nlohmann::json random_value(std::mt19937_64& random, int depth) {
  switch (random() % (depth > 3 ? 5 : 7)) {
    case 0: return nullptr;
    case 1: return random() % 2 == 0;
    case 2: return static_cast<int>(random() % 2001) - 1000;
    case 3: return std::string(1, static_cast<char>('a' + random() % 26));
    case 4: return static_cast<int>(random() % 1000) / 8.0;
    case 5: {
      nlohmann::json array = nlohmann::json::array();
      for (unsigned i = random() % 4; i-- > 0;) array.push_back(random_value(random, depth + 1));
      return array;
    }
    default: {
      nlohmann::json object = nlohmann::json::object();
      for (unsigned i = random() % 5; i-- > 0;)
        object[std::string(1 + random() % 2, static_cast<char>('a' + random() % 26))] =
            random_value(random, depth + 1);
      return object;
    }
  }
}

// For ASCII keys and small numbers a sorted, dense dump is the canonical form; what is fed is an indented
// one. One byte changed in it has to be judged as another parser judges it.
TEST(Jcs, property_values_and_broken_values_against_another_parser) {
  std::mt19937_64 random(6);
  for (int i = 0; i < 20'000; ++i) {
    nlohmann::json value = random_value(random, 0);
    std::string text = value.dump(static_cast<int>(random() % 3));
    std::string out;
    ASSERT_TRUE(append_jcs_json(out, text)) << text;
    ASSERT_EQ(nlohmann::json::parse(out), value) << text;
    ASSERT_EQ(json(out), out);
    text[random() % text.size()] = "{}[]\",:01e.- \\tx"[random() % 16];
    std::string changed;
    bool ours = append_jcs_json(changed, text).has_value();
    bool theirs = nlohmann::json::accept(text);
    // A member that stands twice and numbers beyond the doubles are judged differently on purpose.
    if (ours != theirs) {
      std::string why = json(text);
      ASSERT_TRUE(theirs ? why.find("twice") != std::string::npos : text.find('e') != std::string::npos)
          << text << "\n"
          << why;
    }
  }
}

}  // namespace
}  // namespace sluice
