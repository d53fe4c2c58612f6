// How a push begins: one journal for one file and address however they are written, and what becomes of
// batches that were sent too long ago or reach over --limit.
#include "cli/push_begin.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "app/open_input.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class PushBeginTest : public testing::Test {
 protected:
  PushBeginTest() {
    std::string name = (fs::temp_directory_path() / "sluice-begin-XXXXXX").string();
    folder_ = fs::canonical(::mkdtemp(name.data()));
    std::ofstream(folder_ / "a.csv") << "id\n1\n";
    journal_ = std::move(PushJournal::open((folder_ / "journal").string()).value());
  }
  ~PushBeginTest() override { fs::remove_all(folder_); }

  // The journal of a push of this file to that address.
  std::string place(const std::string& file, const std::string& to) const {
    PushOptions options;
    options.to = to;
    options.reading.files = {file};
    auto path = journal_path(options, open_file(file, {}).value());
    return path ? *path : path.error().message;
  }
  std::string settled(Unanswered unanswered, WallTime now) {
    auto settled = settle_old(*journal_, unanswered, now);
    return settled ? "" : settled.error().message;
  }

  fs::path folder_;
  std::unique_ptr<PushJournal> journal_;
  const WallTime then_ = *parse_rfc3339("2026-01-01T00:00:00Z");
};

TEST_F(PushBeginTest, AFileHasOneJournalUnderWhateverPath) {
  fs::create_directories(folder_ / "b" / "c");
  fs::create_symlink(folder_ / "a.csv", folder_ / "b" / "link.csv");
  fs::create_directory_symlink(folder_ / "b" / "c", folder_ / "to-c");
  const std::string own = place((folder_ / "a.csv").string(), "http://h/x");
  EXPECT_NE(own.find("sluice/pushes/"), std::string::npos);
  for (const std::string other : {"b/link.csv", "./a.csv", "b/../a.csv", "to-c/../../a.csv"})
    EXPECT_EQ(place((folder_ / other).string(), "http://h/x"), own) << other;
  EXPECT_EQ(place(fs::relative(folder_ / "a.csv").string(), "http://h/x"), own);
  fs::copy_file(folder_ / "a.csv", folder_ / "copy.csv");
  EXPECT_NE(place((folder_ / "copy.csv").string(), "http://h/x"), own);
}

TEST_F(PushBeginTest, WhoSendsIsNoPartOfTheAddress) {
  const std::string file = (folder_ / "a.csv").string(), own = place(file, "http://h/x?token=1&a=2");
  EXPECT_EQ(place(file, "http://h/x?token=other&a=2"), own);
  EXPECT_EQ(place(file, "http://ann:pw@h/x?token=&a=2"), own);
  EXPECT_NE(place(file, "http://h/x?token=1&a=3"), own);
  EXPECT_NE(place(file, "http://h2/x?token=1&a=2"), own);
}

TEST_F(PushBeginTest, TheJournalIsNeitherTheFileNorTheReport) {
  PushOptions options;
  options.to = "http://h/x";
  options.reading.files = {(folder_ / "a.csv").string()};
  options.reading.rejects = (folder_ / "bad.csv").string();
  const Input input = open_file(options.reading.files.front(), {}).value();
  for (const char* journal : {"bad.csv", "a.csv"}) {
    options.journal = (folder_ / "." / journal).string();
    EXPECT_FALSE(journal_path(options, input)) << journal;
  }
  options.journal = (folder_ / "journal").string();
  EXPECT_EQ(journal_path(options, input), options.journal);
}

TEST_F(PushBeginTest, AnotherTokenGoesOnWithTheSamePush) {
  PushHeader header{.push_id = "p", .to = "http://ann:pw@h/x?key=1", .file = "a.csv", .sha256 = "s"};
  ASSERT_TRUE(journal_->begin(header));  // as it once was written
  ASSERT_TRUE(journal_->send({1, 10}, 10, then_));
  header.to = push_address("http://bob:other@h/x?key=2");
  header.push_id = "q";
  ASSERT_TRUE(begin_push(*journal_, header, false));
  EXPECT_EQ(journal_->state().header->push_id, "p");
  header.to = push_address("http://h/y");
  const auto elsewhere = begin_push(*journal_, header, false);
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().message.find("the journal is of a push to http://h/x?key=***. "), 0u)
      << elsewhere.error().message;
}

TEST_F(PushBeginTest, WhatWasSentLongAgoIsNotSentAgainInSilence) {
  ASSERT_TRUE(journal_->begin({.push_id = "p"}));
  ASSERT_TRUE(journal_->send({1, 10}, 10, then_));
  ASSERT_TRUE(journal_->took({1, 10}, "job"));
  ASSERT_TRUE(journal_->send({11, 20}, 9, then_ + 24h));
  ASSERT_TRUE(journal_->send({21, 30}, 8, then_ + 1h));
  ASSERT_TRUE(journal_->send({31, 40}, 7, then_ + 240h));
  EXPECT_EQ(settled(Unanswered::ask, then_ + 29 * 24h), "") << "the server still knows the keys";
  EXPECT_EQ(settled(Unanswered::ask, then_ - 24h), "") << "a clock that went back";
  const std::string told = settled(Unanswered::ask, then_ + 32 * 24h);
  EXPECT_EQ(told.find("rows 21 to 30 were sent 2026-01-01T01:00:00.000Z, and 1 more such batches"), 0u)
      << told;
  EXPECT_NE(told.find("--unanswered"), std::string::npos);
  EXPECT_NE(told.find("--restart"), std::string::npos);
  EXPECT_EQ(settled(Unanswered::send, then_ + 32 * 24h), "");
  EXPECT_EQ(journal_->state().pending.size(), 3u);
  EXPECT_EQ(settled(Unanswered::taken, then_ + 32 * 24h), "");
  const PushState state = journal_->state();
  EXPECT_EQ(state.taken_rows, 10u + 9 + 8);
  EXPECT_EQ(state.pending_at(31), (RowRange{31, 40})) << "its key is known, and the server decides";
  EXPECT_EQ(state.pending.size(), 1u);
}

TEST_F(PushBeginTest, ALimitDoesNotCutABatchThatWasSent) {
  ASSERT_TRUE(journal_->begin({.push_id = "p"}));
  ASSERT_TRUE(journal_->send({1, 10}, 10));
  ASSERT_TRUE(journal_->took({1, 10}, ""));
  ASSERT_TRUE(journal_->send({11, 20}, 9));
  const PushState state = journal_->state();
  for (const auto& [limit, read] : std::initializer_list<std::pair<std::uint64_t, std::uint64_t>>{
           {0, 0}, {5, 5}, {10, 10}, {11, 20}, {15, 20}, {20, 20}, {21, 21}})
    EXPECT_EQ(limit_beyond_pending(state, limit), read) << limit;
}

}  // namespace
}  // namespace sluice
