// The journal of a push: what it remembers over a crash at any byte, what it lets be claimed, and that it is
// one process's.
#include "cli/push_journal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "base/sha256.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

class PushJournalTest : public testing::Test {
 protected:
  PushJournalTest() {
    std::string name = (fs::temp_directory_path() / "sluice-journal-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ / "state" / "a.push";
  }
  ~PushJournalTest() override { fs::remove_all(folder_); }

  std::unique_ptr<PushJournal> open() const {
    auto journal = PushJournal::open(path_.string());
    EXPECT_TRUE(journal) << journal.error().message;
    return journal ? std::move(*journal) : nullptr;
  }
  std::string text() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& text) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << text;
  }

  fs::path folder_, path_;
};

PushHeader header(const std::string& id) {
  return {id, "http://127.0.0.1:1/x \"y\"", "dé\nja.csv", "2026-01-01T00:00:00.000Z", 7, "5ha", "map"};
}

TEST_F(PushJournalTest, GoesOnWithWhatItNoted) {
  {
    auto journal = open();
    EXPECT_FALSE(journal->state().header);
    ASSERT_TRUE(journal->begin(header("p1")));
    ASSERT_TRUE(journal->send({1, 10}, 9));
    ASSERT_TRUE(journal->send({11, 20}, 10));
    ASSERT_TRUE(journal->send({23, 30}, 5));
    ASSERT_TRUE(journal->took({11, 20}, "job-2"));
    ASSERT_TRUE(journal->took({1, 10}, "job-1"));
  }
  const PushState state = open()->state();
  EXPECT_EQ(state.header, header("p1"));
  EXPECT_EQ(state.taken_rows, 19u);
  EXPECT_EQ(state.taken_batches, 2u);
  EXPECT_EQ(state.jobs, (std::map<std::uint64_t, std::string>{{1, "job-1"}, {11, "job-2"}}));
  EXPECT_EQ(state.claimed, (std::map<std::uint64_t, std::uint64_t>{{1, 20}, {23, 30}}));
  EXPECT_EQ(state.pending_at(25), (RowRange{23, 30}));
  EXPECT_FALSE(state.pending_at(15));
  EXPECT_TRUE(state.is_claimed(20));
  EXPECT_FALSE(state.is_claimed(21));
  EXPECT_FALSE(state.done);
}

TEST_F(PushJournalTest, KnowsWhenABatchWasFirstSent) {
  const WallTime sent = *parse_rfc3339("2026-02-03T04:05:06.789Z");
  {
    auto journal = open();
    ASSERT_TRUE(journal->begin(header("p1")));
    ASSERT_TRUE(journal->send({1, 10}, 10, sent));
  }
  EXPECT_NE(text().find("send 1 10 10 2026-02-03T04:05:06.789Z #"), std::string::npos) << text();
  EXPECT_EQ(open()->state().pending.at(1).sent, sent);
  // As lines were before they had a time: no batch was sent before its push began.
  const std::string line = "send 11 20 9";
  write(text() + line + " #" + to_hex(Sha256().of(line)).substr(0, 8) + "\n");
  const PushState state = open()->state();
  EXPECT_EQ(state.pending.at(11).rows, 9u);
  EXPECT_EQ(rfc3339(state.pending.at(11).sent), header("p1").began);
  EXPECT_EQ(state.pending.at(1).sent, sent);
  for (const std::string wrong : {"send 31 40 9 yesterday", "send 31 40 9 2026-02-03T04:05:06.789Z x"})
    EXPECT_FALSE(read_journal(text() + wrong + " #" + to_hex(Sha256().of(wrong)).substr(0, 8) + "\n"))
        << wrong;
}

TEST_F(PushJournalTest, AFileThatWasWrittenToIsRemembered) {
  {
    auto journal = open();
    ASSERT_TRUE(journal->begin(header("p1")));
    EXPECT_FALSE(journal->state().changed);
    ASSERT_TRUE(journal->send({1, 10}, 10));
    ASSERT_TRUE(journal->changed());
    ASSERT_TRUE(journal->took({1, 10}, "job")) << "an answer may come after it was noticed";
    ASSERT_TRUE(journal->changed()) << "and it may be noticed twice";
    EXPECT_FALSE(journal->done(10, 0)) << "no such push is ever complete";
  }
  // What could not be said was written all the same: it is no journal any more, and nothing goes on by it.
  EXPECT_FALSE(PushJournal::open(path_.string()));
  const std::string whole = text();
  write(whole.substr(0, whole.find("done ")));
  const PushState state = open()->state();
  EXPECT_TRUE(state.changed);
  EXPECT_EQ(state.taken_rows, 10u);
  auto journal = open();
  ASSERT_TRUE(journal->begin(header("p2")));
  EXPECT_FALSE(journal->state().changed);
}

TEST_F(PushJournalTest, WhatWasRefusedIsFreeAgain) {
  auto journal = open();
  ASSERT_TRUE(journal->begin(header("p1")));
  ASSERT_TRUE(journal->send({1, 10}, 10));
  ASSERT_TRUE(journal->send({11, 20}, 10));
  ASSERT_TRUE(journal->send({21, 30}, 10));
  ASSERT_TRUE(journal->free({11, 20}));
  const PushState state = journal->state();
  EXPECT_FALSE(state.is_claimed(11));
  EXPECT_FALSE(state.is_claimed(20));
  EXPECT_TRUE(state.is_claimed(10));
  EXPECT_TRUE(state.is_claimed(21));
  ASSERT_TRUE(journal->send({11, 15}, 5));
  ASSERT_TRUE(journal->send({16, 20}, 5));
  EXPECT_EQ(journal->state().claimed, (std::map<std::uint64_t, std::uint64_t>{{1, 30}}));
}

TEST_F(PushJournalTest, BeginningAnewForgets) {
  auto journal = open();
  ASSERT_TRUE(journal->begin(header("p1")));
  ASSERT_TRUE(journal->send({1, 10}, 10));
  ASSERT_TRUE(journal->took({1, 10}, ""));
  ASSERT_TRUE(journal->done(10, 0));
  EXPECT_EQ(journal->state().done, (PushState::Done{10, 0}));
  ASSERT_TRUE(journal->begin(header("p2")));
  journal.reset();
  const PushState state = open()->state();
  EXPECT_EQ(state.header->push_id, "p2");
  EXPECT_TRUE(state.claimed.empty());
  EXPECT_FALSE(state.done);
}

TEST_F(PushJournalTest, IsOfOneProcessAtATime) {
  auto journal = open();
  auto other = PushJournal::open(path_.string());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::conflict);
  journal.reset();
  EXPECT_TRUE(PushJournal::open(path_.string()));
}

TEST_F(PushJournalTest, AServersNameForAJobCannotBreakIt) {
  {
    auto journal = open();
    ASSERT_TRUE(journal->begin(header("p1")));
    ASSERT_TRUE(journal->send({1, 10}, 10));
    ASSERT_TRUE(journal->took({1, 10}, "a b\nsend 11 20 10"));
  }
  const PushState state = open()->state();
  EXPECT_EQ(state.taken_rows, 10u);
  EXPECT_TRUE(state.jobs.empty());
  EXPECT_FALSE(state.is_claimed(11));
}

// What is in a journal, kept row by row: the obvious way.
struct Twin {
  enum class Row : std::uint8_t { free, pending, taken };
  std::vector<Row> rows = std::vector<Row>(201, Row::free);
  std::vector<RowRange> pending;

  void expect(const PushState& state) const {
    for (std::uint64_t row = 1; row < rows.size(); ++row) {
      EXPECT_EQ(state.is_claimed(row), rows[row] != Row::free) << row;
      EXPECT_EQ(state.pending_at(row).has_value(), rows[row] == Row::pending) << row;
    }
  }
  void set(RowRange range, Row to) {
    for (std::uint64_t row = range.first; row <= range.last; ++row) rows[row] = to;
  }
};

// Any sequence of ranges sent, taken and refused; cut at any byte, what is read is what the whole lines say;
// and written on from there, it is as if nothing had been behind the cut.
TEST_F(PushJournalTest, HoldsAtAnyByte) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
    Twin twin;
    std::map<std::size_t, std::pair<PushState, Twin>> states = {{0, {}}};  // by the bytes that say so
    {
      fs::remove(path_);
      auto journal = open();
      ASSERT_TRUE(journal->begin(header("p1")));
      states[text().size()] = {journal->state(), twin};
      for (int step = 0; step < 30; ++step) {
        const std::size_t choice = below(4);
        if (choice < 2) {
          const std::uint64_t first = 1 + below(200);
          if (twin.rows[first] != Twin::Row::free) continue;
          std::uint64_t last = first;
          for (std::size_t more = below(20); more > 0 && last < 200; --more, ++last)
            if (twin.rows[last + 1] != Twin::Row::free) break;
          ASSERT_TRUE(journal->send({first, last}, last - first + 1));
          twin.set({first, last}, Twin::Row::pending);
          twin.pending.push_back({first, last});
        } else if (!twin.pending.empty()) {
          const auto at = twin.pending.begin() + static_cast<std::ptrdiff_t>(below(twin.pending.size()));
          ASSERT_TRUE(choice == 2 ? journal->took(*at, "job") : journal->free(*at));
          twin.set(*at, choice == 2 ? Twin::Row::taken : Twin::Row::free);
          twin.pending.erase(at);
        }
        twin.expect(journal->state());
        states[text().size()] = {journal->state(), twin};
      }
    }
    const std::string whole = text();
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
      const auto said = std::prev(states.upper_bound(cut));
      auto read = read_journal(std::string_view(whole).substr(0, cut));
      ASSERT_TRUE(read) << cut << ": " << read.error().message;
      ASSERT_EQ(read->good_bytes, said->first) << cut;
      ASSERT_TRUE(read->state == said->second.first) << cut;
      // Behind the cut may be what the disk made of it.
      auto garbled = read_journal(whole.substr(0, cut) + std::string(below(9), '\0') + "#");
      ASSERT_TRUE(garbled) << cut;
      ASSERT_EQ(garbled->good_bytes, said->first) << cut;
      if (cut % 37 != 0) continue;  // on the disk: some of them
      write(whole.substr(0, cut));
      {
        auto journal = open();
        said->second.second.expect(journal->state());
        if (cut == 0 || !journal->state().header) {
          ASSERT_TRUE(journal->begin(header("p1")));
        }
        ASSERT_TRUE(journal->send({300, 400}, 50));
      }
      EXPECT_EQ(open()->state().pending_at(400), (RowRange{300, 400})) << cut;
    }
  }
}

TEST_F(PushJournalTest, AFaultBeforeGoodLinesIsSaid) {
  {
    auto journal = open();
    ASSERT_TRUE(journal->begin(header("p1")));
    ASSERT_TRUE(journal->send({1, 10}, 10));
    ASSERT_TRUE(journal->took({1, 10}, "job"));
  }
  std::string changed = text();
  changed[changed.find("send 1 10") + 5] = '2';
  write(changed);
  auto damaged = PushJournal::open(path_.string());
  ASSERT_FALSE(damaged);
  EXPECT_NE(damaged.error().message.find("line 2 is not what was written there"), std::string::npos)
      << damaged.error().message;
  EXPECT_NE(damaged.error().message.find("--restart"), std::string::npos);
  auto anew = PushJournal::open(path_.string(), PushJournal::Anew::yes);
  ASSERT_TRUE(anew);
  ASSERT_TRUE((*anew)->begin(header("p2")));
  anew->reset();
  EXPECT_EQ(open()->state().header->push_id, "p2");
}

// Each line was on the disk with its end before what it says was done.
TEST_F(PushJournalTest, AFaultInAnyWholeLineIsSaid) {
  {
    auto journal = open();
    ASSERT_TRUE(journal->begin(header("p1")));
    ASSERT_TRUE(journal->send({1, 10}, 10));
  }
  const std::string whole = text();
  for (std::size_t at = whole.find('{') + 12; at < whole.size() - 1; ++at) {
    std::string changed = whole;
    changed[at] ^= 1;
    write(changed);
    auto damaged = PushJournal::open(path_.string());
    ASSERT_FALSE(damaged) << at;
    EXPECT_NE(damaged.error().message.find("--restart"), std::string::npos) << damaged.error().message;
    EXPECT_EQ(text(), changed) << at;
  }
}

TEST_F(PushJournalTest, AFileOfSomethingElseIsLeftAsItIs) {
  ASSERT_TRUE(open());
  for (const std::string other :
       {"id,name\n1,Ann\n2,Bob\n", "a line without an end", "push it\n", "\n", "{\"a\":1}"})
    for (auto anew : {PushJournal::Anew::no, PushJournal::Anew::yes}) {
      write(other);
      auto opened = PushJournal::open(path_.string(), anew);
      ASSERT_FALSE(opened) << other;
      EXPECT_EQ(opened.error().kind, ErrorKind::usage);
      EXPECT_EQ(opened.error().message.find(path_.string() + " is no journal of a push"), 0u)
          << opened.error().message;
      EXPECT_EQ(text(), other);
    }
}

}  // namespace
}  // namespace sluice
