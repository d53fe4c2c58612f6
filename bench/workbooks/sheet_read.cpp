// sheet_read FILE: reads a workbook with the reader of src/formats and does nothing with it: rows and cells
// as Sluice's pipeline gets them, counted, on one thread. As the other readers of bench/workbooks it prints
// the rows below the header, their cells with a value, and the sum of the first column.
#include <charconv>
#include <cstdio>

#include "app/open_input.h"
#include "formats/chunk_reader.h"
#include "formats/detect.h"

namespace {

using namespace sluice;

struct Counted {
  std::uint64_t rows = 0, cells = 0, sum = 0;
};

void count(const RowBatch& batch, Counted& counted) {
  counted.rows += batch.size();
  for (std::size_t row = 0; row < batch.size(); ++row) {
    const Cell* cells = batch.cells(row);
    for (std::size_t i = 0; i < batch.columns()->size(); ++i) counted.cells += cells[i].size > 0 ? 1 : 0;
    const std::string_view text = cells[0].text();
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    counted.sum += number;
  }
}

Result<Counted> read(const std::string& path) {
  const Input input = TRY(open_file(path, {}));
  SourceSpec source;
  source.window_bytes = 32 << 20;  // as `sluice validate` has it by default, for texts in memory
  const ReadPlan plan = TRY(detect(source, path, input.opener, {}));
  const auto format = make_format(plan);
  constexpr ChunkSize kSize{.bytes = 256 * 1024};
  auto reader = TRY(ChunkReader::open(plan, *format, input.opener, {plan.first_row, {}}, kSize, {}, {}));
  Counted counted;
  while (auto chunk = TRY(reader->next({})))
    for (const RowBatch& batch : format->parse(std::move(*chunk)).batches) count(batch, counted);
  return counted;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "sheet_read FILE\n");
    return 2;
  }
  const auto counted = read(arguments[1]);
  if (!counted) {
    std::fprintf(stderr, "sheet_read: %s\n", counted.error().message.c_str());
    return 1;
  }
  std::printf("{\"rows\": %llu, \"cells\": %llu, \"sum\": %llu}\n",
              static_cast<unsigned long long>(counted->rows), static_cast<unsigned long long>(counted->cells),
              static_cast<unsigned long long>(counted->sum));
  return 0;
}
