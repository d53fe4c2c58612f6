// Arena and Buffer: the owners of a batch's bytes.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"

namespace sluice {
namespace {

TEST(Arena, aligns_and_never_overlaps) {
  std::mt19937_64 random(1);
  Arena arena;
  struct Piece {
    char* at;
    std::size_t size;
    char fill;
  };
  std::vector<Piece> pieces;
  for (int i = 0; i < 20'000; ++i) {
    std::size_t align = std::size_t{1} << random() % 5,
                size = random() % 100 == 0 ? random() % 600'000 : random() % 64;
    char* at = arena.allocate(size, align);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(at) % align, 0u) << size << " bytes at " << align;
    if (size > 1000 && i % 2) {  // an upper bound, of which little was needed
      size = random() % 100;
      arena.shrink_last(size);
    }
    char fill = static_cast<char>(i);
    std::memset(at, fill, size);
    if (i % 10 == 0) pieces.push_back({at, size, fill});
  }
  for (const Piece& piece : pieces)
    for (std::size_t i = 0; i < piece.size; ++i) ASSERT_EQ(piece.at[i], piece.fill);
}

TEST(Arena, shrinking_gives_the_tail_to_the_next) {
  Arena arena;
  char* first = arena.allocate(100);
  arena.shrink_last(10);
  EXPECT_EQ(arena.allocate(5), first + 10);
  arena.shrink_last(0);
  EXPECT_EQ(arena.allocate(1), first + 10);
}

TEST(Arena, views_survive_a_move) {
  Arena arena;
  std::string_view text = arena.copy("some text");
  std::span<int> numbers = arena.array<int>(3);
  numbers[2] = 7;
  Arena moved = std::move(arena);
  std::string_view more = moved.copy("more");
  EXPECT_EQ(text, "some text");
  EXPECT_EQ(numbers[2], 7);
  EXPECT_EQ(more, "more");
  // The one that was moved from is empty, and may be used again without touching what it gave away.
  std::string_view again = arena.copy("again and again");
  EXPECT_EQ(again, "again and again");
  EXPECT_EQ(text, "some text");
  EXPECT_EQ(more, "more");
}

TEST(Arena, counts_what_it_holds) {
  Arena arena;
  EXPECT_EQ(arena.bytes(), 0u);
  arena.allocate(1);
  std::size_t one = arena.bytes();
  EXPECT_GT(one, 0u);
  arena.allocate(10'000'000);
  EXPECT_GE(arena.bytes(), one + 10'000'000);
  EXPECT_EQ(arena.copy("").size(), 0u);
}

void expect_padding(const Buffer& buffer) {
  for (std::size_t i = 0; i < Buffer::kPadding; ++i) ASSERT_EQ(buffer.data()[buffer.size() + i], '\0') << i;
}

TEST(Buffer, grows_and_keeps_its_content_and_zero_padding) {
  std::mt19937_64 random(2);
  Buffer buffer;
  std::string expected;
  for (int i = 0; i < 2000; ++i) {
    std::string piece(random() % 50, static_cast<char>('a' + i % 26));
    buffer.append(piece);
    expected += piece;
    ASSERT_EQ(buffer.view(), expected);
    expect_padding(buffer);
  }
  buffer.resize(10);
  EXPECT_EQ(buffer.view(), expected.substr(0, 10));
  expect_padding(buffer);
  buffer.resize(0);
  buffer.append("x");
  EXPECT_EQ(buffer.view(), "x");
  expect_padding(buffer);
}

TEST(Buffer, appends_a_part_of_itself) {
  Buffer buffer("0123456789");
  for (int i = 0; i < 6; ++i) buffer.append(buffer.view());
  EXPECT_EQ(buffer.size(), 640u);
  for (std::size_t i = 0; i < buffer.size(); ++i)
    ASSERT_EQ(buffer.data()[i], static_cast<char>('0' + i % 10));
}

TEST(Buffer, moves) {
  Buffer first("abc");
  const char* at = first.data();
  Buffer second = std::move(first);
  EXPECT_EQ(second.data(), at);
  EXPECT_EQ(second.view(), "abc");
  EXPECT_EQ(first.size(), 0u);
  EXPECT_EQ(first.view(), "");
  first.append("new");
  EXPECT_EQ(first.view(), "new");
  Buffer third("xyz");
  third = std::move(second);
  EXPECT_EQ(third.view(), "abc");
  expect_padding(third);
  EXPECT_EQ(Buffer().view(), "");
  Buffer empty("");
  expect_padding(empty);
}

}  // namespace
}  // namespace sluice
