// How fast CSV is read: the splitter in bytes per second, chunk to cells in time per row, on rows like those
// of the people file (8 columns, 101 bytes), bare, quoted, and read the exact way only.
#include <benchmark/benchmark.h>

#include <string>

#include "formats/csv_format.h"
#include "formats/csv_kernel.h"

namespace {

using namespace sluice;

constexpr std::size_t kChunkBytes = 1 << 20;

ReadPlan people_plan() {
  ReadPlan plan;
  plan.columns = {"id", "first_name", "last_name", "email", "state", "zip", "signup_date", "balance"};
  return plan;
}

std::string people(std::size_t bytes, bool quoted) {
  std::string text;
  for (std::size_t i = 1; text.size() < bytes; ++i) {
    std::string id = std::to_string(1000000 + i);
    std::string q = quoted ? "\"" : "";
    text += id + "," + q + "Katherine" + q + "," + q + "O'Shaughnessy" + q + "," + q + "katherine." + id +
            "@mail.example.com" + q + ",California,90210,2024-02-" + std::to_string(10 + i % 19) +
            ",1234.56\n";
  }
  return text;
}

const CsvKernel* kernel_of(std::int64_t which) {
  return which == 0 ? nullptr : which == 1 ? &kPortableCsvKernel : &best_csv_kernel();
}

void name(benchmark::State& state) {
  const CsvKernel* kernel = kernel_of(state.range(0));
  state.SetLabel(std::string(kernel ? kernel->name : "exact") + (state.range(1) ? ", quoted" : ""));
}

void split(benchmark::State& state) {
  Buffer text(people(16 * kChunkBytes, state.range(1) != 0));
  auto format = make_csv_format(people_plan(), kernel_of(state.range(0)));
  for (auto _ : state) {
    auto splitter = format->splitter(Position{});
    for (std::size_t pos = 0; pos < text.size();)
      pos += splitter->cut(text.view().substr(pos), kChunkBytes, ~std::uint64_t{0}, true)->bytes;
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
  name(state);
}

void file_to_cells(benchmark::State& state) {
  std::string text = people(16 * kChunkBytes, state.range(1) != 0);
  auto format = make_csv_format(people_plan(), kernel_of(state.range(0)));
  std::vector<std::pair<std::size_t, std::uint64_t>> cuts;
  Buffer all(text);
  auto splitter = format->splitter(Position{});
  std::uint64_t rows = 0;
  for (std::size_t pos = 0; pos < text.size();) {
    Cut cut = *splitter->cut(all.view().substr(pos), kChunkBytes, ~std::uint64_t{0}, true);
    cuts.emplace_back(cut.bytes, cut.rows);
    pos += cut.bytes;
    rows += cut.rows;
  }
  std::size_t bytes = 0;
  for (auto _ : state) {
    std::size_t pos = 0;
    for (auto [size, count] : cuts) {
      Chunk chunk{.bytes = Buffer(all.view().substr(pos, size)), .rows = count};
      pos += size;
      ParseResult result = format->parse(std::move(chunk));
      bytes += result.batches.front().cells(0)->size;
    }
  }
  benchmark::DoNotOptimize(bytes);
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * rows));
  state.counters["ns_per_row"] =
      benchmark::Counter(static_cast<double>(state.iterations() * rows) * 1e-9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  name(state);
}

BENCHMARK(split)->ArgsProduct({{0, 1, 2}, {0, 1}})->MinTime(0.3);
BENCHMARK(file_to_cells)->ArgsProduct({{0, 1, 2}, {0, 1}})->MinTime(0.3);

}  // namespace
