#include "formats/chunk_reader.h"

#include <gtest/gtest.h>

#include <random>

#include "formats/split_planner.h"
#include "formats/test_sources.h"

namespace sluice {
namespace {

using testing::LineFormat;
using testing::text_opener;

// What an input holds, found out without the reader: each row with its number, line and place.
struct Row {
  std::uint64_t number, line, offset;
  std::string text;
  bool oversized;
  friend bool operator==(const Row&, const Row&) = default;
  friend void PrintTo(const Row& row, std::ostream* out) {
    *out << row.number << "@" << row.line << ":" << row.offset << " '" << row.text << "'" << row.oversized;
  }
};

std::vector<Row> rows_of(const std::string& text, std::size_t row_bytes, Position at = {}) {
  std::vector<Row> rows;
  while (at.offset < text.size()) {
    std::size_t end = std::min(text.find('\n', at.offset), text.size());
    std::string line = text.substr(at.offset, end - at.offset);
    bool oversized = line.size() > row_bytes;
    if (!line.empty()) {
      rows.push_back(
          {at.row++, at.line, at.offset, oversized ? line.substr(0, row_bytes / 2) : line, oversized});
    }
    at.offset = end + 1;
    ++at.line;
  }
  return rows;
}

struct Reading {
  std::vector<Row> rows;
  std::vector<Position> borders;  // where each chunk began, and the last one ended
  std::optional<Error> error;
  Digest digest{};
};

Reading read(const ReadPlan& plan, const Opener& opener, ReadRange range, ChunkSize size) {
  LineFormat format(plan.row_bytes);
  Reading reading;
  auto reader = ChunkReader::open(plan, format, opener, range, size, Sha256(), {});
  if (!reader) {
    reading.error = reader.error();
    return reading;
  }
  reading.borders.push_back(range.begin);
  while (true) {
    auto chunk = (*reader)->next({});
    if (!chunk) {
      reading.error = chunk.error();
      break;
    }
    if (!*chunk) break;
    EXPECT_EQ((*chunk)->begin, reading.borders.back());
    reading.borders.push_back((*chunk)->end);
    EXPECT_LE((*chunk)->rows, size.rows);
    EXPECT_EQ((*chunk)->bytes.view().data()[(*chunk)->bytes.size()], '\0');
    std::string bytes((*chunk)->bytes.view());
    if ((*chunk)->oversized) {
      reading.rows.push_back(
          {(*chunk)->begin.row, (*chunk)->begin.line, (*chunk)->begin.offset, bytes, true});
      continue;
    }
    EXPECT_EQ((*chunk)->end.offset - (*chunk)->begin.offset, bytes.size());
    for (Row row : rows_of(bytes, plan.row_bytes, {0, (*chunk)->begin.row, (*chunk)->begin.line})) {
      row.offset += (*chunk)->begin.offset;
      reading.rows.push_back(row);
    }
  }
  reading.digest = (*reader)->digest().peek();
  return reading;
}

std::string random_lines(std::mt19937& random, std::size_t row_bytes) {
  std::string text;
  std::size_t lines = random() % 30;
  for (std::size_t line = 0; line < lines; ++line) {
    std::size_t length = random() % 10 == 0 ? random() % (5 * row_bytes) : random() % (row_bytes + 1);
    for (std::size_t at = 0; at < length; ++at) text.push_back(static_cast<char>('a' + random() % 26));
    if (line + 1 < lines || random() % 2 == 0) text.push_back('\n');
  }
  return text;
}

ReadPlan line_plan(std::size_t row_bytes) {
  ReadPlan plan;
  plan.format = FormatKind::ndjson;
  plan.row_bytes = row_bytes;
  return plan;
}

TEST(ChunkReader, AnyChunkSizeAndAnyReadSizeGiveTheSameRows) {
  std::mt19937 random(20260101);
  for (int round = 0; round < 400; ++round) {
    std::size_t row_bytes = 2 + random() % 40;
    std::string text = random_lines(random, row_bytes);
    ReadPlan plan = line_plan(row_bytes);
    auto expected = rows_of(text, row_bytes);
    ChunkSize size{1 + random() % 100, 1 + random() % 10};
    SCOPED_TRACE("round " + std::to_string(round));
    Reading whole = read(plan, text_opener(text), {{}, {}}, size);
    EXPECT_FALSE(whole.error) << whole.error->message;
    EXPECT_EQ(whole.rows, expected);
    EXPECT_EQ(whole.borders.back().offset, text.size());
    EXPECT_EQ(whole.digest, Sha256().of(text));
    for (std::size_t step : {1, 3, 0}) {
      Reading again = read(plan, text_opener(text, step), {{}, {}}, size);
      EXPECT_EQ(again.rows, whole.rows);
      EXPECT_EQ(again.borders, whole.borders);  // the same chunks, too
      EXPECT_EQ(again.digest, whole.digest);
    }
  }
}

TEST(ChunkReader, ReadingGoesOnFromEveryBorder) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    std::string text = random_lines(random, 20);
    ReadPlan plan = line_plan(20);
    Reading whole = read(plan, text_opener(text), {{}, {}}, {32, 4});
    for (const Position& border : whole.borders) {
      Reading before = read(plan, text_opener(text, 0), {{}, border}, {50, 100});
      Reading after = read(plan, text_opener(text, 0), {border, {}}, {50, 100});
      EXPECT_FALSE(before.error || after.error);
      before.rows.insert(before.rows.end(), after.rows.begin(), after.rows.end());
      EXPECT_EQ(before.rows, whole.rows);
      // A digest goes on from where a checkpoint left it.
      auto so_far = hash_range(plan, text_opener(text, 3), {}, border, {});
      ASSERT_TRUE(so_far);
      EXPECT_EQ(so_far->peek(), before.digest);
      LineFormat format(20);
      auto reader = ChunkReader::open(plan, format, text_opener(text), {border, {}}, {50, 100}, *so_far, {});
      ASSERT_TRUE(reader);
      while (*(*reader)->next({})) {
      }
      EXPECT_EQ((*reader)->digest().peek(), whole.digest);
    }
  }
}

TEST(ChunkReader, AnInputThatIsDecodedIsReadPast) {
  std::string text = "naïve\nzweite\ndritte\n", utf16;
  for (char32_t c : std::u32string(U"naïve\nzweite\ndritte\n")) {
    utf16.push_back(static_cast<char>(c));
    utf16.push_back('\0');
  }
  ReadPlan plan = line_plan(100);
  plan.encoding = "utf-16le";
  Reading reading = read(plan, text_opener(utf16, 1), {{7, 2, 2}, {}}, {});
  ASSERT_FALSE(reading.error);
  EXPECT_EQ(reading.rows, rows_of(text, 100, {7, 2, 2}));
  EXPECT_EQ(hash_range(plan, text_opener(utf16), {7, 2, 2}, {14, 3, 3}, {})->peek(), Sha256().of("zweite\n"));
}

TEST(ChunkReader, ARecordMuchLargerThanTheBufferCostsNoMemory) {
  std::string text = "a\n" + std::string(5'000'000, 'x') + "\nb\n";
  ReadPlan plan = line_plan(1000);
  Reading reading = read(plan, text_opener(text, 10'000), {{}, {}}, {1000, 100});
  EXPECT_EQ(reading.rows, rows_of(text, 1000));
  EXPECT_EQ(reading.digest, Sha256().of(text));
}

TEST(ChunkReader, WholeRecordsBeforeAFailureComeFirst) {
  Error broken{ErrorKind::input, "torn"};
  Reading reading = read(line_plan(100), text_opener("a\nb\nhalf", 2, broken), {{}, {}}, {});
  ASSERT_TRUE(reading.error);
  EXPECT_EQ(reading.error->message, "torn");
  EXPECT_EQ(reading.rows, rows_of("a\nb\n", 100));
  EXPECT_EQ(reading.digest, Sha256().of("a\nb\n"));
}

TEST(ChunkReader, AStopComesBeforeEverythingElse) {
  LineFormat format(100);
  auto reader = ChunkReader::open(line_plan(100), format, text_opener("a\nb\n"), {{}, {}}, {}, {}, {});
  ASSERT_TRUE(reader);
  std::stop_source stop;
  stop.request_stop();
  auto chunk = (*reader)->next(stop.get_token());
  ASSERT_FALSE(chunk);
  EXPECT_EQ(chunk.error().kind, ErrorKind::cancelled);
}

TEST(ChunkReader, AnInputThatChangedIsRefused) {
  Position end{8, 5, 5};
  for (std::string text : {"a\nb\nc\n", "abcd\nef\ngh\n"}) {
    Reading reading = read(line_plan(100), text_opener(text), {{}, end}, {});
    ASSERT_TRUE(reading.error) << text;
    EXPECT_NE(reading.error->message.find("not what it was"), std::string::npos) << reading.error->message;
  }
}

TEST(PlanRanges, TheRangesTogetherAreTheWholeInput) {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    std::size_t row_bytes = 2 + random() % 40;
    std::string text = "title\nheader\n" + random_lines(random, row_bytes);
    ReadPlan plan = line_plan(row_bytes);
    plan.first_row = {13, 1, 3};
    LineFormat format(row_bytes);
    std::uint64_t split_bytes = 1 + random() % 200;
    auto planned = plan_ranges(plan, format, text_opener(text, 0), split_bytes, {});
    ASSERT_TRUE(planned);
    EXPECT_FALSE(planned->broken);
    ASSERT_FALSE(planned->ranges.empty());
    EXPECT_EQ(planned->ranges.front().begin, plan.first_row);
    EXPECT_EQ(planned->ranges.back().end->offset, text.size());
    auto expected = rows_of(text, row_bytes, plan.first_row);
    EXPECT_EQ(planned->rows, expected.size());
    std::vector<Row> rows;
    Position at = plan.first_row;
    for (const ReadRange& range : planned->ranges) {
      EXPECT_EQ(range.begin, at);
      at = *range.end;
      Reading reading = read(plan, text_opener(text, 0), range, {1 + random() % 100, 5});
      EXPECT_FALSE(reading.error);
      rows.insert(rows.end(), reading.rows.begin(), reading.rows.end());
    }
    EXPECT_EQ(rows, expected);
  }
}

TEST(PlanRanges, SplitsAreAboutAsLargeAsAsked) {
  std::string text;
  for (int row = 0; row < 10'000; ++row) text += std::to_string(row) + "\n";
  LineFormat format(100);
  auto planned = plan_ranges(line_plan(100), format, text_opener(text), 10'000, {});
  ASSERT_TRUE(planned);
  EXPECT_GE(planned->ranges.size(), text.size() / 10'000);
  for (const ReadRange& range : planned->ranges) EXPECT_LE(range.end->offset - range.begin.offset, 10'000u);
}

TEST(PlanRanges, WhatCannotBeEnteredInTheMiddleIsOneRange) {
  ReadPlan plan = line_plan(100);
  plan.encoding = "iso-8859-1";
  LineFormat format(100);
  auto planned = plan_ranges(plan, format, text_opener("a\n\xe9\nc\n"), 1, {});
  ASSERT_TRUE(planned);
  ASSERT_EQ(planned->ranges.size(), 1u);
  EXPECT_EQ(*planned->ranges[0].end, (Position{7, 4, 4}));
}

TEST(PlanRanges, ABrokenInputIsPlannedUpToWhereItBreaks) {
  Opener opener = text_opener("a\nb\nhalf", 100, Error{ErrorKind::input, "torn"});
  LineFormat format(100);
  auto planned = plan_ranges(line_plan(100), format, opener, 2, {});
  ASSERT_TRUE(planned);
  ASSERT_TRUE(planned->broken);
  EXPECT_EQ(planned->rows, 2u);
  EXPECT_FALSE(planned->ranges.back().end);
  Opener unreadable = text_opener("a\nb\n", 100, Error{ErrorKind::io, "the disk is gone"});
  EXPECT_FALSE(plan_ranges(line_plan(100), format, unreadable, 2, {}));
}

TEST(PlanRanges, NoRowsAreOneEmptyRange) {
  LineFormat format(100);
  auto planned = plan_ranges(line_plan(100), format, text_opener(""), 1000, {});
  ASSERT_TRUE(planned);
  ASSERT_EQ(planned->ranges.size(), 1u);
  EXPECT_EQ(planned->rows, 0u);
  EXPECT_EQ(*planned->ranges[0].end, Position{});
}

}  // namespace
}  // namespace sluice
