#include "formats/detect_cache.h"

#include <gtest/gtest.h>

#include "formats/test_sources.h"

namespace sluice {
namespace {

using testing::read_all;
using testing::text_opener;
using testing::TextSource;

TEST(InMemoryOpener, ReadsASmallInputOnce) {
  int opened = 0;
  Opener opener = in_memory_opener(
      [&](std::uint64_t offset) {
        ++opened;
        return text_opener("0123456789", 3)(offset);
      },
      10);
  for (std::uint64_t offset : {0, 3, 10, 99}) {
    auto source = opener(offset);
    ASSERT_TRUE(source);
    EXPECT_EQ(read_all(**source, 4).text,
              std::string("0123456789").substr(std::min<std::size_t>(10, offset)));
  }
  EXPECT_EQ(opened, 1);
}

TEST(InMemoryOpener, LeavesALargeOneAlone) {
  Opener opener = in_memory_opener(text_opener("0123456789", 3), 9);
  EXPECT_EQ(read_all(**opener(2)).text, "23456789");
  EXPECT_EQ(read_all(**opener(0)).text, "0123456789");
}

TEST(InMemoryOpener, PassesErrorsOnAndTriesAgain) {
  Opener opener = in_memory_opener(text_opener("01", 3, Error{ErrorKind::io, "gone"}), 9);
  for (int round = 0; round < 2; ++round) {
    auto source = opener(0);
    ASSERT_FALSE(source);
    EXPECT_EQ(source.error().message, "gone");
  }
}

TEST(ReplayingOpener, CanBeOpenedAgainUntilReadBeyondTheHead) {
  Opener opener = replaying_opener(std::make_unique<TextSource>("0123456789", 3), 6);
  char head[4];
  {
    auto source = opener(0);
    ASSERT_EQ(*(*source)->read(head, {}), 3u);
  }
  auto late = opener(0);
  EXPECT_EQ(read_all(**opener(2), 2).text, "23456789");
  EXPECT_FALSE(opener(0));
  EXPECT_TRUE(read_all(**late).error);
}

TEST(ReplayingOpener, AShortStreamCanBeReadAgainAndAgain) {
  Opener opener = replaying_opener(std::make_unique<TextSource>("0123456789", 3), 100);
  for (std::uint64_t offset : {0, 5, 0, 10})
    EXPECT_EQ(read_all(**opener(offset)).text, std::string("0123456789").substr(offset));
}

}  // namespace
}  // namespace sluice
