#include "formats/encoding_detect.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>
#include "formats/test_packing.h"

namespace sluice {
namespace {

using testing::bytes;

EncodingVerdict verdict_of(std::string_view text, std::size_t block = 1 << 18) {
  EncodingScout scout;
  for (std::size_t at = 0; at < text.size(); at += block) scout.see(text.substr(at, block));
  return scout.verdict();
}
std::string encoding_of(std::string_view text) { return verdict_of(text).encoding; }
// What does not depend on samples is the same whatever the blocks are.
std::string unicode_of(std::string_view text) {
  std::string whole = encoding_of(text);
  for (std::size_t block : {1, 2, 3, 7, 64}) EXPECT_EQ(verdict_of(text, block).encoding, whole) << block;
  return whole;
}

std::string wide(std::u16string_view text, bool big) {
  std::string out;
  for (char16_t unit : text) {
    char low = static_cast<char>(unit & 0xFF), high = static_cast<char>(unit >> 8);
    out += big ? high : low;
    out += big ? low : high;
  }
  return out;
}

TEST(EncodingDetect, Unicode) {
  EXPECT_EQ(unicode_of(""), "utf-8");
  EXPECT_EQ(unicode_of("id,name\n1,a\n"), "utf-8");
  EXPECT_EQ(unicode_of("id,name\n1,日本語 é 😀\n"), "utf-8");
  EXPECT_EQ(unicode_of("\xef\xbb\xbfid\n"), "utf-8");
  for (bool big : {false, true}) {
    std::string name = big ? "utf-16be" : "utf-16le";
    EXPECT_EQ(unicode_of(wide(u"\ufeffid,name\n1,a\n", big)), name);
    EXPECT_EQ(unicode_of(wide(u"id,name\n1,a\n", big)), name);
    EXPECT_EQ(unicode_of(wide(u"編號,名稱\n1,日本語\n2,中文\n3,漢字漢字\n", big)), name);
  }
  EXPECT_EQ(unicode_of(bytes("i\0\0\0d\0\0\0\n\0\0\0")), "utf-32le");
  EXPECT_EQ(unicode_of(bytes("\0\0\0i\0\0\0d\0\0\0\n")), "utf-32be");
  EXPECT_EQ(unicode_of(bytes("\xff\xfe\0\0i\0\0\0")), "utf-32le");
}

TEST(EncodingDetect, AStrayZeroIsNoUtf16) {
  EXPECT_EQ(unicode_of(bytes("a,b\n1,\0\n2,c\n")), "utf-8");
  EXPECT_EQ(unicode_of(bytes("a,b\n1,\0\0\0\n2,c\n3,d\n4,eeeeeeeeeeeeeeeee\n")), "utf-8");
}

// Every place where a block may end, in a text with sequences of every length and one fault.
TEST(EncodingDetect, BlockBordersHideNothing) {
  std::string good = "é日😀é日😀";
  for (std::size_t block = 1; block < good.size(); ++block) {
    EXPECT_EQ(verdict_of(good, block).finding, "Encoding utf-8.") << block;
    for (std::size_t at = 0; at <= good.size(); ++at) {
      std::string bad = good;
      bad.insert(at, "\xff");
      std::string expected = verdict_of(bad, 1000).finding;
      EXPECT_EQ(verdict_of(bad, block).finding, expected) << block << " " << at;
      EXPECT_NE(expected.find("first bad byte is byte"), std::string::npos);
    }
    EXPECT_NE(verdict_of(good + "\xe6\x97", block).finding.find("2 bytes"), std::string::npos);
  }
}

TEST(EncodingDetect, TheWholeInputCountsNotItsHead) {
  std::string text;
  for (int row = 0; row < 300'000; ++row) text += "123,plain\n";
  std::string late = text + "1,Children\x92s\n" + text;
  EXPECT_EQ(verdict_of(late).encoding, "windows-1252");
  EXPECT_NE(verdict_of(late).finding.find("byte " + std::to_string(text.size() + 11)), std::string::npos);
}

TEST(EncodingDetect, Utf8WithAFewBadBytesStaysUtf8) {
  std::string text;
  for (int row = 0; row < 100; ++row) text += "Zoë,日本\n";
  EncodingVerdict verdict = verdict_of(text + "bad \xe9 byte\n" + text);
  EXPECT_EQ(verdict.encoding, "utf-8");
  EXPECT_NE(verdict.finding.find("rejects"), std::string::npos);
}

TEST(EncodingDetect, LegacyEncodingsByTheirText) {
  EXPECT_EQ(encoding_of("name\nSt. Mary\x92s Hospital\n"), "windows-1252");
  EXPECT_EQ(encoding_of("a,b,c\n1,2,\xa9\n"), "windows-1252");  // ISO-8859-1 as well: the same characters
  EXPECT_EQ(encoding_of("ville\nOrl\xe9"
                        "ans\nB\xe9ziers\n"),
            "windows-1252");
  EXPECT_EQ(encoding_of("price\n5 \x80\n\x93"
                        "cheap\x94\n"),
            "windows-1252");
  EXPECT_EQ(encoding_of("ville\nOrl\x8e"
                        "ans\nB\x8eziers\nSaint-\x83tienne\n"),
            "macintosh");
  EXPECT_EQ(encoding_of("ville\nOrl\x82"
                        "ans\nB\x82ziers\nN\x8cmes\n"),
            "ibm850");
  // One letter is not enough to believe in another encoding, where ’ could stand.
  EXPECT_EQ(encoding_of("city,state\n\xd5"
                        "akman,AL\n"),
            "windows-1252");
  // 0x9D is nothing in windows-1252
  EXPECT_EQ(encoding_of("a\nx \x9d y \xb6\n"), "iso-8859-1");
}

TEST(EncodingDetect, OtherScriptsAreLeftToIcu) {
  std::string russian =
      "\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0! \xdd\xf2\xee \xef\xf0\xee\xe2\xe5\xf0\xea\xe0 "
      "\xee\xef\xf0\xe5\xe4\xe5\xeb"
      "\xe5\xed\xe8\xff \xea\xee\xe4\xe8\xf0\xee\xe2\xea\xe8 \xf2\xe5\xea\xf1\xf2\xe0 \xed\xe0 "
      "\xf0\xf3\xf1\xf1\xea\xee\xec\n";
  EXPECT_EQ(encoding_of(russian), "windows-1251");
  std::string japanese =
      "\x93\xfa\x96{\x8c\xea\x82\xcc\x83"
      "e\x83L\x83X\x83g,\x82\xb1\x82\xea\x82\xcd\x95\xb6\x8e\x9a\x83R\x81[\x83h\x82\xcc"
      "\x94\xbb\x92\xe8\x82\xf0\x8e\x8e\x82\xb7\x82\xbd\x82\xdf\x82\xcc\x95\xb6\x8f\xcd\x82\xc5\x82\xb7\n";
  EXPECT_EQ(encoding_of(japanese), "shift_jis");
}

TEST(EncodingDetect, SamplesComeFromTheWholeInput) {
  TextSamples samples;
  std::string block;
  for (int row = 0; row < 100'000; ++row)
    block += std::to_string(row) + ",\xe9" + std::string(100, 'x') + "\n";
  for (std::size_t at = block.find('\xe9'); at != std::string::npos; at = block.find('\xe9', at + 1)) {
    if (at >= samples.next_offer()) samples.offer(block, at);
  }
  ASSERT_GE(samples.pieces().size(), 512u);
  ASSERT_LE(samples.pieces().size(), 1024u);
  std::vector<int> tenths(10);
  std::size_t held = 0;
  for (const std::string& piece : samples.pieces()) {
    held += piece.size();
    // The row number stands before the comma, which ends a piece's way back; count by order instead.
    ++tenths[(&piece - samples.pieces().data()) * 10 / samples.pieces().size()];
  }
  EXPECT_LE(held, 200'000u);
  for (int count : tenths) EXPECT_GT(count, 20);
}

}  // namespace
}  // namespace sluice
