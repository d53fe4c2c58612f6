#include "formats/encoding.h"

#include <gtest/gtest.h>
#include <unicode/ucnv.h>

#include <random>

#include "formats/test_sources.h"

namespace sluice {
namespace {

using testing::read_all;
using testing::TextSource;

std::string decode(const std::string& bytes, const std::string& encoding, std::size_t in_step = 1 << 16,
                   std::size_t out_step = 1 << 16) {
  auto source = decoded_source(std::make_unique<TextSource>(bytes, in_step), encoding);
  if (!source) return "no decoder: " + source.error().message;
  auto result = read_all(**source, out_step);
  EXPECT_FALSE(result.error);
  return result.text;
}

// `text` in the encoding, by ICU.
std::string encode(std::u16string_view text, const char* encoding) {
  UErrorCode error = U_ZERO_ERROR;
  UConverter* converter = ucnv_open(encoding, &error);
  std::string out(text.size() * 8 + 16, '\0');
  out.resize(
      static_cast<std::size_t>(ucnv_fromUChars(converter, out.data(), static_cast<std::int32_t>(out.size()),
                                               text.data(), static_cast<std::int32_t>(text.size()), &error)));
  ucnv_close(converter);
  EXPECT_TRUE(U_SUCCESS(error)) << encoding;
  return out;
}

TEST(EncodingNames, AreKnownByWhateverPeopleWrite) {
  const std::pair<const char*, const char*> names[] = {
      {"UTF8", "utf-8"},          {"utf-8-sig", "utf-8"},         {"US-ASCII", "utf-8"},
      {"latin1", "iso-8859-1"},   {"ISO_8859-1", "iso-8859-1"},   {"latin-1", "iso-8859-1"},
      {"cp1252", "windows-1252"}, {"ANSI", "windows-1252"},       {"Windows-1252", "windows-1252"},
      {"UTF-16LE", "utf-16le"},   {"utf_16_be", "utf-16be"},      {"utf16", "utf-16"},
      {"utf-32", "utf-32"},       {"sjis", "shift_jis"},          {"GB18030", "gb18030"},
      {"koi8-r", "koi8-r"},       {"ISO-8859-15", "iso-8859-15"}, {"mac_roman", "macintosh"},
      {"cp850", "ibm850"},        {"euc-jp", "euc-jp"},           {"windows-1251", "windows-1251"}};
  for (const auto& [name, canonical] : names) {
    auto found = canonical_encoding(name);
    ASSERT_TRUE(found) << name << ": " << found.error().message;
    EXPECT_EQ(*found, canonical) << name;
    EXPECT_EQ(*canonical_encoding(*found), *found);
  }
}

TEST(EncodingNames, AnUnknownOneIsAnErrorWithTheNearest) {
  auto unknown = canonical_encoding("windos-1252");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::usage);
  EXPECT_NE(unknown.error().message.find("did you mean 'windows-1252'"), std::string::npos)
      << unknown.error().message;
  for (const std::string& name :
       {std::string(), std::string("-"), std::string("klingon"), std::string(10'000, 'x')})
    EXPECT_FALSE(canonical_encoding(name)) << name;
}

// Each encoding with a text that it can hold, in all sizes of reads.
TEST(Decoding, EveryEncodingInAnyReadSize) {
  const std::pair<const char*, std::u16string_view> samples[] = {
      {"windows-1252", u"id,café\n1,“Zürich” – 5 €\n"},
      {"iso-8859-1", u"id,café\n1,Åse\n"},
      {"utf-16le", u"é,日本,😀\n"},
      {"utf-16be", u"é,日本,😀\n"},
      {"utf-32le", u"é,日本,😀\n"},
      {"utf-32be", u"é,日本,😀\n"},
      {"iso-8859-2", u"Příliš žluťoučký\n"},
      {"windows-1251", u"Привет, мир\n"},
      {"koi8-r", u"Привет, мир\n"},
      {"shift_jis", u"日本語,カタカナ\n"},
      {"euc-jp", u"日本語,カタカナ\n"},
      {"gb18030", u"中文,😀,é\n"},
      {"big5", u"中文\n"},
      {"euc-kr", u"한국어\n"},
      {"iso-2022-jp", u"日本語,a\n"},
      {"macintosh", u"café “x”\n"},
      {"ibm850", u"café ñ\n"},
      {"iso-8859-15", u"5 € Œuvre\n"},
      {"windows-1253", u"Ελληνικά\n"},
      {"utf-7", u"é,日本\n"},
  };
  for (const auto& [encoding, text] : samples) {
    std::string bytes = encode(text, encoding), expected = encode(text, "utf-8");
    for (std::size_t in_step : {1, 2, 3, 1000}) {
      for (std::size_t out_step : {1, 5, 64, 1000}) {
        EXPECT_EQ(decode(bytes, encoding, in_step, out_step), expected) << encoding;
      }
    }
  }
}

TEST(Decoding, OurTablesAreIcus) {
  for (const char* encoding : {"windows-1252", "iso-8859-1"}) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string one(1, static_cast<char>(byte));
      UErrorCode error = U_ZERO_ERROR;
      UConverter* converter = ucnv_open(encoding, &error);
      UChar unit[4];
      ucnv_toUChars(converter, unit, 4, one.data(), 1, &error);
      ucnv_close(converter);
      // ICU makes control characters of the five bytes that windows-1252 leaves undefined.
      bool undefined = encoding[0] == 'w' && unit[0] >= 0x80 && unit[0] < 0xA0;
      std::string expected = undefined ? "\xff" : encode({unit, 1}, "utf-8");
      EXPECT_EQ(decode(one, encoding), expected) << encoding << " " << byte;
      EXPECT_EQ(decode("12345678" + one + "12345678", encoding), "12345678" + expected + "12345678");
    }
  }
}

TEST(Decoding, RandomUnitsAreReadAsIcuReadsThem) {
  std::mt19937 random(99);
  for (int round = 0; round < 3000; ++round) {
    std::u16string units;
    std::size_t size = random() % 12;
    for (std::size_t at = 0; at < size; ++at) {
      unsigned kind = random() % 4;
      units.push_back(static_cast<char16_t>(kind == 0   ? 'a' + random() % 26
                                            : kind == 1 ? 0xD800 + random() % 0x800
                                                        : random()));
    }
    // The obvious twin: pairs are characters, other surrogates are not.
    std::string expected;
    for (std::size_t at = 0; at < units.size(); ++at) {
      bool high = units[at] >= 0xD800 && units[at] < 0xDC00, low = units[at] >= 0xDC00 && units[at] < 0xE000;
      bool pair = high && at + 1 < units.size() && units[at + 1] >= 0xDC00 && units[at + 1] < 0xE000;
      if (pair) {
        expected += encode(std::u16string_view(units).substr(at++, 2), "utf-8");
      } else if (high || low) {
        expected += '\xff';
      } else if (at > 0 || units[at] != 0xFEFF) {
        expected += encode(std::u16string_view(units).substr(at, 1), "utf-8");
      }
    }
    std::string little, big;
    for (char16_t unit : units) {
      little += {static_cast<char>(unit & 0xFF), static_cast<char>(unit >> 8)};
      big += {static_cast<char>(unit >> 8), static_cast<char>(unit & 0xFF)};
    }
    EXPECT_EQ(decode(little, "utf-16le", 1 + random() % 5), expected);
    EXPECT_EQ(decode(big, "utf-16be", 1 + random() % 5, 1 + random() % 99), expected);
    EXPECT_EQ(decode(big + "\x01", "utf-16be"),
              expected + (units.empty() || (units.back() & 0xFC00) != 0xD800 ? "\xff" : "\xff"));
  }
}

TEST(Decoding, AByteOrderMarkIsDroppedOnceAndUtf8Keeps) {
  EXPECT_EQ(decode("\xff\xfe"
                   "a\0"
                   "\xff\xfe" +
                       std::string(1, '\0'),
                   "utf-16le")
                .substr(0, 1),
            "a");
  EXPECT_EQ(decode(std::string("\xff\xfe"
                               "a\0\xff\xfe",
                               6),
                   "utf-16le"),
            "a\ufeff");
  EXPECT_EQ(decode(std::string("\0\0\xfe\xff\0\0\0a", 8), "utf-32be", 1), "a");
  EXPECT_EQ(decode("\x84\x31\x95\x33"
                   "a",
                   "gb18030", 1),
            "a");
  EXPECT_EQ(decode("\xef\xbb\xbf"
                   "a",
                   "utf-8"),
            "\xef\xbb\xbf"
            "a");
}

TEST(Decoding, WhatIsNoTextIsMarkedAndNothingElseIsLost) {
  EXPECT_EQ(decode("a\x81"
                   "b\n",
                   "windows-1252"),
            "a\xff"
            "b\n");
  EXPECT_EQ(decode(std::string("a\0\0\xd8"
                               "b\0",
                               6),
                   "utf-16le"),
            "a\xff"
            "b");
  EXPECT_EQ(decode(std::string("a\0\0\xd8", 4), "utf-16le"), "a\xff");
  EXPECT_EQ(decode(std::string("a\0b", 3), "utf-16le"), "a\xff");
  EXPECT_EQ(decode(std::string("\0\x11\0\0a\0\0\0b", 9), "utf-32le"),
            "\xe1\x84\x80"
            "a\xff");
  EXPECT_EQ(decode(std::string("\0\0\x11\0a\0\0\0", 8), "utf-32le"),
            "\xff"
            "a");
  EXPECT_EQ(decode("a\xff\n\x93", "shift_jis", 1), "a\xff\n\xff");
  EXPECT_EQ(decode("a\xff\xff\nb", "gb18030"), "a\xff\xff\nb");
  EXPECT_EQ(decode("", "euc-jp"), "");
}

TEST(Decoding, LongInputOfEachKindInBigReads) {
  std::u16string text;
  for (int row = 0; row < 50'000; ++row) text += u"123,Zoë,äöü plain ascii text\n";
  std::string expected = encode(text, "utf-8");
  for (const char* encoding : {"windows-1252", "utf-16le", "utf-16be", "utf-32le", "macintosh", "gb18030"}) {
    EXPECT_TRUE(decode(encode(text, encoding), encoding, 0) == expected) << encoding;
  }
}

}  // namespace
}  // namespace sluice
