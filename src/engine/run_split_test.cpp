// The way of a row gives the same rows whatever the chunks, the threads and the place of the checkpoint.
#include "engine/run_split.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/discard_writer.h"
#include "formats/chunk_reader.h"
#include "formats/detect.h"
#include "formats/xlsx_test_book.h"

namespace sluice {
namespace {

class TextSource final : public ByteSource {
 public:
  explicit TextSource(std::string_view text) : text_(text) {}
  Result<std::size_t> read(std::span<char> into, std::stop_token) override {
    std::size_t count = std::min(into.size(), text_.size());
    std::copy_n(text_.data(), count, into.data());
    text_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view text_;
};

Opener opener_of(const std::string& text) {
  return [&text](std::uint64_t offset) -> Result<std::unique_ptr<ByteSource>> {
    return std::make_unique<TextSource>(
        std::string_view(text).substr(std::min<std::size_t>(offset, text.size())));
  };
}

// Keeps a line for every row, and every checkpoint with how many lines were there by then.
class KeepingWriter final : public RowWriter {
 public:
  struct Kept {
    Checkpoint checkpoint;
    std::size_t lines;
    bool last;
  };

  Result<CommitReport> commit(const Commit& commit, const Lease&) override {
    CommitReport report;
    std::vector<std::pair<std::uint64_t, std::string>> rows;
    for (const PreparedBatch* batch : commit.batches) {
      for (const PreparedRow& row : batch->rows)
        rows.emplace_back(row.row_number, std::to_string(row.row_number) + "@" + std::to_string(row.line) +
                                              " " + std::string(row.data) + " " +
                                              to_hex(row.content_hash).substr(0, 8));
      for (const RejectedRow& reject : batch->rejects)
        rows.emplace_back(reject.row_number,
                          std::to_string(reject.row_number) + "@" + std::to_string(reject.line) + " " +
                              std::string(name_of(reject.issues.front().code)) + " " + reject.raw);
      report.batch.read += batch->rows_read();
    }
    std::ranges::stable_sort(rows, {}, &std::pair<std::uint64_t, std::string>::first);
    for (auto& [number, text] : rows) lines.push_back(std::move(text));
    commits.push_back({commit.checkpoint, lines.size(), commit.last});
    return report;
  }

  std::vector<std::string> lines;
  std::vector<Kept> commits;
};

struct TestRun {
  PipelineSpec spec;
  ReadPlan plan;
  std::unique_ptr<RowFormat> format;
  std::unique_ptr<Pipeline> pipeline;
  Opener opener;

  TestRun(const std::string& text, const std::string& yaml) : opener(opener_of(text)) {
    auto parsed = parse_pipeline(yaml, "test.yaml");
    if (!parsed) throw std::runtime_error(parsed.error().message);
    spec = std::move(*parsed);
    auto detected = detect(spec.source, "test", opener, {});
    if (!detected) throw std::runtime_error(detected.error().message);
    plan = std::move(*detected);
    format = make_format(plan);
    pipeline = std::move(*Pipeline::compile(spec, {}));
  }

  Result<SplitEnd> run(RowWriter& writer, ComputePool& pool, ChunkSize chunk, std::uint64_t batch_rows,
                       const Split& split, std::stop_token stop = {}) {
    MemoryPlan memory;
    memory.chunk = chunk;
    memory.chunks_in_flight = pool.threads() + 1;
    memory.batch_rows = batch_rows;
    memory.batch_bytes = 64 << 20;
    SplitTask task{plan, *format, opener, *pipeline, split, true, {}};
    return run_split(task, writer, {}, pool, memory, {}, stop);
  }

  Split whole() const {
    Split split;
    split.number = 1;
    split.begin = split.checkpoint.position = plan.first_row;
    return split;
  }
};

constexpr const char* kPipeline =
    "name: t\nsource: {format: csv, encoding: utf-8, dialect: {delimiter: ',', header: true}}\nidentity: "
    "position\n";

// Quotes that span lines, a stray quote that never closes, ragged and blank lines, all three line ends, bad
// bytes.
std::string hostile_csv() {
  std::string text = "id,name,note\r\n";
  text += "1,Ann,plain\n2,\"Bob, Jr\",\"two\nlines\"\r\n\n3,Ann\n4,a,b,c\r5,\"stray,x\n6,y,z\n";
  text +=
      "7,\"\"\"q\"\"\",ok\n8,bad\xff,x\n\n9,\"multi\r\nline\rtext\",end\n10,\"open to the end,\n11,last,row";
  return text;
}

TEST(RunSplit, ChunksThreadsAndBatchesDoNotChangeTheRows) {
  std::string text = hostile_csv();
  TestRun setup(text, kPipeline);
  KeepingWriter expected;
  ComputePool one(1);
  ASSERT_EQ(setup.run(expected, one, {1 << 20, 1 << 20}, 1 << 20, setup.whole()), SplitEnd::done);
  ASSERT_EQ(expected.lines.size(), 11u);
  for (unsigned threads : {1u, 2u, 3u}) {
    ComputePool pool(threads);
    for (std::size_t bytes = 1; bytes < text.size() + 2; bytes += bytes < 40 ? 1 : 7) {
      for (std::uint64_t rows : {1, 2, 5}) {
        KeepingWriter got;
        ASSERT_EQ(setup.run(got, pool, {bytes, rows}, rows + 1, setup.whole()), SplitEnd::done);
        ASSERT_EQ(got.lines, expected.lines)
            << threads << " threads, chunks of " << bytes << " bytes, " << rows << " rows";
      }
    }
  }
}

TEST(RunSplit, ASheetGivesTheSameRowsOnAnyNumberOfThreads) {
  constexpr int kRows = 3000;
  testing::Book book = testing::Book::of("<row><c t='str'><v>id</v></c><c t='str'><v>name</v></c></row>");
  std::vector<std::string> wanted;
  for (int i = 1; i <= kRows; ++i) {
    book.strings += "<si><t>name " + std::to_string(i) + "</t></si>";
    // A text from any place of those that were met, and one that no row before had.
    const int named = i % 3 == 0 ? i : (i % 97 * 7919 + i / 2) % i + 1;
    book.sheets[0].data += "<row><c><v>" + std::to_string(i) + "</v></c><c t='s'><v>" +
                           std::to_string(named - 1) + "</v></c></row>";
    wanted.push_back(std::to_string(i) + "@" + std::to_string(i + 1) + " {\"id\":\"" + std::to_string(i) +
                     "\",\"name\":\"name " + std::to_string(named) + "\"}");
  }
  const std::string bytes = book.bytes();
  TestRun setup(bytes, "name: t\nidentity: position\n");
  for (unsigned threads : {1u, 2u, 4u}) {
    ComputePool pool(threads);
    KeepingWriter got;
    ASSERT_EQ(setup.run(got, pool, {2048, 100}, 500, setup.whole()), SplitEnd::done);
    ASSERT_EQ(got.lines.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i)
      ASSERT_TRUE(got.lines[i].starts_with(wanted[i] + " ")) << got.lines[i] << ", not " << wanted[i];
  }
}

TEST(RunSplit, GoesOnFromEveryCheckpoint) {
  std::string text = hostile_csv();
  TestRun setup(text, kPipeline);
  ComputePool pool(2);
  KeepingWriter whole;
  ASSERT_EQ(setup.run(whole, pool, {1, 1}, 1, setup.whole()), SplitEnd::done);
  ASSERT_GT(whole.commits.size(), 8u);
  for (const auto& at : whole.commits) {
    if (at.last) continue;
    Split split = setup.whole();
    split.checkpoint = at.checkpoint;
    KeepingWriter rest;
    ASSERT_EQ(setup.run(rest, pool, {30, 4}, 3, split), SplitEnd::done);
    std::vector<std::string> joined(whole.lines.begin(), whole.lines.begin() + static_cast<long>(at.lines));
    joined.insert(joined.end(), rest.lines.begin(), rest.lines.end());
    EXPECT_EQ(joined, whole.lines) << "from row " << at.checkpoint.position.row;
    EXPECT_EQ(rest.commits.back().checkpoint.digest, whole.commits.back().checkpoint.digest);
  }
}

TEST(RunSplit, ASplitEndsWhereTheNextBegins) {
  std::string text = hostile_csv();
  TestRun setup(text, kPipeline);
  ComputePool pool(2);
  KeepingWriter whole;
  ASSERT_EQ(setup.run(whole, pool, {1, 1}, 1, setup.whole()), SplitEnd::done);
  for (std::uint64_t split_bytes = 1; split_bytes < text.size() + 2; split_bytes += 3) {
    auto planned = plan_ranges(setup.plan, setup.opener, split_bytes, {});
    ASSERT_TRUE(planned) << planned.error().message;
    EXPECT_EQ(planned->rows, 11u);
    KeepingWriter parts;
    for (const ReadRange& range : planned->ranges) {
      Split split;
      split.begin = split.checkpoint.position = range.begin;
      split.end = range.end;
      ASSERT_EQ(setup.run(parts, pool, {17, 3}, 2, split), SplitEnd::done);
    }
    ASSERT_EQ(parts.lines, whole.lines) << "splits of " << split_bytes << " bytes";
  }
}

TEST(RunSplit, RefusesToGoOnInAFileThatChanged) {
  std::string text = "a,b,c\n1,2,3\n4,5,6\n7,8,9\n";
  TestRun setup(text, kPipeline);
  ComputePool pool(1);
  KeepingWriter whole;
  ASSERT_EQ(setup.run(whole, pool, {1, 1}, 1, setup.whole()), SplitEnd::done);
  Split split = setup.whole();
  split.checkpoint = whole.commits.at(1).checkpoint;
  text[8] = 'X';  // a byte before the checkpoint
  KeepingWriter rest;
  auto end = setup.run(rest, pool, {1, 1}, 1, split);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::input);
  EXPECT_NE(end.error().message.find("changed"), std::string::npos);
  EXPECT_TRUE(rest.lines.empty());
}

TEST(RunSplit, AStopRequestKeepsWhatWasCommitted) {
  std::string text = "a,b,c\n";
  for (int i = 0; i < 5000; ++i) text += std::to_string(i) + ",x,y\n";
  TestRun setup(text, kPipeline);
  ComputePool pool(2);
  std::stop_source source;
  source.request_stop();
  KeepingWriter none;
  EXPECT_EQ(setup.run(none, pool, {64, 8}, 8, setup.whole(), source.get_token()), SplitEnd::stopped);
  for (const auto& at : none.commits) EXPECT_FALSE(at.last);
}

TEST(RunSplit, ABrokenArrayKeepsTheRowsBeforeTheBreak) {
  std::string text = "[{\"a\":1},{\"a\":2},{\"a\":tru},{\"a\":4}]";
  TestRun setup(text, "name: t\nsource: {format: json, encoding: utf-8}\nidentity: position\n");
  ComputePool pool(2);
  for (std::size_t bytes : {1u, 10u, 1000u}) {
    KeepingWriter got;
    auto end = setup.run(got, pool, {bytes, 100}, 100, setup.whole());
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().kind, ErrorKind::input);
    EXPECT_NE(end.error().message.find("row 3"), std::string::npos) << end.error().message;
    EXPECT_EQ(got.lines.size(), 2u);
  }
}

}  // namespace
}  // namespace sluice
