#include "formats/compression.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>

#include "formats/test_packing.h"
#include "formats/test_sources.h"

namespace sluice {
namespace {

using testing::gzip;
using testing::read_all;
using testing::TextSource;
using testing::zstd;

testing::ReadResult decompressed(const std::string& packed, Compression kind, std::size_t in_step = 1 << 20,
                                 std::size_t out_step = 1 << 16,
                                 std::uint64_t window_bytes = kUsualWindowBytes) {
  auto source = decompressed_source(std::make_unique<TextSource>(packed, in_step), kind, window_bytes);
  return read_all(*source, out_step);
}

std::string random_text(std::mt19937& random, std::size_t size) {
  std::string text;
  while (text.size() < size) text += std::to_string(random() % 1000) + (random() % 5 == 0 ? "\n" : ",name");
  text.resize(size);
  return text;
}

struct Codec {
  Compression kind;
  std::string (*pack)(const std::string&);
};
const Codec kCodecs[] = {{Compression::gzip, [](const std::string& text) { return gzip(text); }},
                         {Compression::zstd, [](const std::string& text) { return zstd(text); }}};

TEST(Compression, IsToldByTheFirstBytes) {
  EXPECT_EQ(compression_of(gzip("x")), Compression::gzip);
  EXPECT_EQ(compression_of(zstd("x")), Compression::zstd);
  EXPECT_EQ(compression_of("\x50\x2a\x4d\x18\x01"), Compression::zstd);
  for (std::string plain : {"", "\x1f", "id,name\n", "P*M"})
    EXPECT_EQ(compression_of(plain), Compression::none);
}

TEST(Compression, MembersFollowEachOtherInAnyReadSizes) {
  std::mt19937 random(3);
  for (const Codec& codec : kCodecs) {
    for (int round = 0; round < 60; ++round) {
      std::string text, packed;
      std::size_t members = 1 + random() % 4;
      for (std::size_t member = 0; member < members; ++member) {
        std::string part = random_text(random, random() % 3 == 0 ? 0 : random() % 3000);
        text += part;
        packed += codec.pack(part);
      }
      for (std::size_t in_step : {1u, 7u, 100'000u}) {
        for (std::size_t out_step : {1u, 13u, 100'000u}) {
          auto result = decompressed(packed, codec.kind, in_step, out_step);
          EXPECT_FALSE(result.error) << result.error->message;
          EXPECT_EQ(result.text, text);
        }
      }
    }
  }
}

TEST(Compression, AllLevelsOfGzipAreRead) {
  std::mt19937 random(4);
  std::string text = random_text(random, 700'000);
  for (int level = 0; level <= 9; ++level)
    EXPECT_EQ(decompressed(gzip(text, level), Compression::gzip).text, text);
}

TEST(Compression, ZerosAfterTheLastMemberAreTapePadding) {
  std::string packed = gzip("abc") + std::string(1000, '\0');
  for (std::size_t step : {1u, 1000u}) {
    auto result = decompressed(packed, Compression::gzip, step);
    EXPECT_FALSE(result.error);
    EXPECT_EQ(result.text, "abc");
  }
}

TEST(Compression, AGzipHeaderMayHoldNameCommentAndChecksum) {
  std::string plain = gzip("abc");
  std::string fields =
      std::string("\x04\0ab12", 6) + std::string("name.csv\0", 9) + std::string("comment\0", 8);
  std::string header = plain.substr(0, 3) + std::string(1, '\x1e') + plain.substr(4, 6) + fields;
  auto crc = crc32(0, reinterpret_cast<const Bytef*>(header.data()), static_cast<uInt>(header.size()));
  header += {static_cast<char>(crc & 0xFF), static_cast<char>(crc >> 8 & 0xFF)};
  for (std::size_t step : {1u, 1000u}) {
    auto result = decompressed(header + plain.substr(10), Compression::gzip, step);
    EXPECT_FALSE(result.error) << result.error->message;
    EXPECT_EQ(result.text, "abc");
  }
}

TEST(Compression, WhateverIsCutOffTheGoodPartComesFirst) {
  std::mt19937 random(5);
  for (const Codec& codec : kCodecs) {
    std::string text = random_text(random, 2000), packed = codec.pack(text);
    for (std::size_t size = 4; size < packed.size(); ++size) {
      auto result = decompressed(packed.substr(0, size), codec.kind, 64, 100);
      ASSERT_TRUE(result.error) << size;
      EXPECT_EQ(result.error->kind, ErrorKind::input);
      EXPECT_NE(result.error->message.find("ends too early"), std::string::npos) << result.error->message;
      EXPECT_NE(result.error->message.find(std::to_string(result.text.size())), std::string::npos);
      EXPECT_TRUE(text.starts_with(result.text));
    }
  }
  std::string text = random_text(random, 300'000);
  std::string packed = gzip(text);
  EXPECT_GT(decompressed(packed.substr(0, packed.size() - 9), Compression::gzip).text.size(), 290'000u);
}

TEST(Compression, DamageIsAnErrorAndStaysOne) {
  std::mt19937 random(6);
  for (const Codec& codec : kCodecs) {
    std::string text = random_text(random, 5000), packed = codec.pack(text);
    for (int round = 0; round < 300; ++round) {
      std::string bad = packed;
      bad[20 + random() % (bad.size() - 20)] ^= static_cast<char>(1 + random() % 255);
      auto source = decompressed_source(std::make_unique<TextSource>(bad, 0), codec.kind, kUsualWindowBytes);
      auto result = read_all(*source, 1000);
      ASSERT_TRUE(result.error) << round;
      EXPECT_EQ(result.error->kind, ErrorKind::input);
      EXPECT_FALSE(read_all(*source).text.size());
    }
  }
}

TEST(Compression, WhatFollowsAndIsNothingOfTheKindIsAnError) {
  for (const Codec& codec : kCodecs) {
    auto result = decompressed(codec.pack("abc\n") + "more text", codec.kind);
    EXPECT_EQ(result.text, "abc\n");
    ASSERT_TRUE(result.error);
    EXPECT_NE(result.error->message.find("followed by something else"), std::string::npos)
        << result.error->message;
  }
}

TEST(Compression, AZstdWindowBeyondOurMemoryIsRefused) {
  std::mt19937 random(8);
  std::string text = random_text(random, 300'000);
  for (int log = 18; log <= 27; ++log) {
    std::string packed = zstd(text, 3, log);
    std::uint64_t window = std::uint64_t{1} << log;
    EXPECT_EQ(decompressed(packed, Compression::zstd, 1 << 20, 1 << 16, window).text, text);
    for (std::size_t in_step : {1u, 1u << 20}) {
      auto result = decompressed(packed, Compression::zstd, in_step, 1 << 16, window - 1);
      ASSERT_TRUE(result.error);
      EXPECT_EQ(result.text, "");
      // Four times the window: what memory plans give it a quarter of.
      std::string memory = "--memory " + std::to_string((window * 4) >> 20) + "MiB";
      EXPECT_NE(result.error->message.find(memory), std::string::npos) << result.error->message;
    }
  }
}

TEST(Compression, AZstdFrameOfOneSegmentNeedsAllItsContent) {
  std::mt19937 random(9);
  std::string text = random_text(random, 3 << 20);
  std::string one(ZSTD_compressBound(text.size()), '\0');
  one.resize(ZSTD_compress(one.data(), one.size(), text.data(), text.size(), 19));
  ASSERT_NE(one[4] & 0x20, 0) << "not a single segment";
  EXPECT_EQ(decompressed(one, Compression::zstd).text, text);
  auto result = decompressed(one, Compression::zstd, 1 << 20, 1 << 16, 1 << 20);
  ASSERT_TRUE(result.error);
  EXPECT_NE(result.error->message.find(" 3 MiB have to be kept"), std::string::npos) << result.error->message;
  EXPECT_NE(result.error->message.find("--memory 16MiB"), std::string::npos) << result.error->message;
}

TEST(Compression, AReadErrorPassesThrough) {
  for (const Codec& codec : kCodecs) {
    std::string packed = codec.pack("abc");
    auto source = decompressed_source(
        std::make_unique<TextSource>(packed.substr(0, 8), 3, Error{ErrorKind::io, "gone"}), codec.kind,
        kUsualWindowBytes);
    EXPECT_EQ(read_all(*source).error->message, "gone");
  }
}

// What libzstd could still read of the years before 2016 it reads only where it sees four bytes at once.
TEST(Compression, ZstdBeforeVersionOneIsDamagedHoweverItIsCut) {
  const std::string text = "name,state\n";
  for (const char first : {'\x22', '\x23', '\x24', '\x25', '\x26', '\x27'}) {
    const std::string old =
        first + std::string("\xb5\x2f\xfd\x11\x11\x11\x22\xeb\xeb\xeb\xeb", 11) + std::string(40, '\xeb');
    for (const std::string& bytes : {old, zstd(text) + old}) {
      const auto whole = decompressed(bytes, Compression::zstd, 1 << 20, 1 << 16);
      const auto pieces = decompressed(bytes, Compression::zstd, 1, 1 << 16);
      ASSERT_TRUE(whole.error && pieces.error);
      EXPECT_EQ(whole.error->message, pieces.error->message);
      EXPECT_EQ(whole.text, pieces.text);
      EXPECT_EQ(whole.text, bytes == old ? "" : text);
    }
  }
}

// Everything before the damage, however the bytes come.
TEST(Compression, ADamagedZstdStreamGivesTheSameHoweverItIsCut) {
  std::mt19937 random(21);
  const std::string text = random_text(random, 600 << 10);
  const std::string packed = zstd(text);
  for (int round = 0; round < 40; ++round) {
    std::string bytes = packed;
    bytes[random() % bytes.size()] ^= static_cast<char>(1 + random() % 255);
    const auto whole = decompressed(bytes, Compression::zstd, 1 << 20, 1 << 16);
    const auto pieces = decompressed(bytes, Compression::zstd, 1 + random() % 5000, 1 + random() % 3000);
    EXPECT_EQ(whole.error.has_value(), pieces.error.has_value());
    if (whole.error && pieces.error) {
      EXPECT_EQ(whole.error->message, pieces.error->message);
    }
    EXPECT_TRUE(whole.text == pieces.text) << whole.text.size() << " and " << pieces.text.size() << " bytes";
  }
}

}  // namespace
}  // namespace sluice
