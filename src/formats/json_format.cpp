#include "formats/json_format.h"

#include <utility>

#include "formats/json_blocks.h"
#include "formats/json_rows.h"
#include "formats/json_splitter.h"

namespace sluice {
namespace {

class JsonFormat : public RowFormat {
 public:
  explicit JsonFormat(const ReadPlan& plan) : plan_(plan), pool_(plan_, JsonScanner::Space::document) {}

  std::unique_ptr<RecordSplitter> splitter(Position at) const override {
    return make_json_splitter(plan_, at);
  }

  ParseResult parse(Chunk chunk) const override {
    if (chunk.oversized) return parse_oversized_json(std::move(chunk), plan_.row_bytes);
    auto rows = pool_.take();
    rows->begin(std::move(chunk.bytes));
    ParseResult result;
    result.broken = parse_rows(*rows, chunk.begin, chunk.begin.line != chunk.end.line);
    result.batches = rows->finish();
    pool_.give_back(std::move(rows));
    return result;
  }

 private:
  std::optional<Error> parse_rows(JsonRows& rows, Position begin, bool has_lines) const {
    JsonScanner& scanner = rows.scanner();
    const char* at = rows.bytes().data();
    const char* const end = at + rows.bytes().size();
    const char* counted = at;  // line ends before it are counted
    JsonRows::Place place{begin.row, begin.line, {}};
    bool first = begin.offset == plan_.first_row.offset;
    auto broken = [&](const char* row) {
      place.line += json_blocks::count_lines({counted, static_cast<std::size_t>(row - counted)});
      // What ends a row may be the first byte of the next chunk: it is named as the row's end in either case.
      const char* problem_at = scanner.problem_at();
      if (problem_at < end && (*row != '{' && *row != '[' && *row != '"') &&
          (*problem_at == ',' || *problem_at == ']'))
        scanner.end_at(problem_at);
      return broken_json_row(place.row_number, place.line, row, problem_at, scanner.problem());
    };
    for (scanner.begin(end);;) {
      at = scanner.skip_space(at);
      if (at == end) return std::nullopt;
      if (*at == ',' && (!first || plan_.rows_are_arrays)) {
        at = scanner.skip_space(at + 1);
      } else if (!first) {
        scanner.broken(at, "a comma or ] is expected behind a row");
        return broken(at);
      }
      first = false;
      if (has_lines) {
        place.line += json_blocks::count_lines({counted, static_cast<std::size_t>(at - counted)});
        counted = at;
      }
      const char* behind = rows.scan(at, end);
      if (behind == nullptr) return broken(at);
      place.raw = {at, static_cast<std::size_t>(behind - at)};
      rows.add(place);
      ++place.row_number;
      at = behind;
    }
  }

  const ReadPlan plan_;
  JsonRowsPool pool_;
};

}  // namespace

std::unique_ptr<RowFormat> make_json_format(const ReadPlan& plan) {
  return std::make_unique<JsonFormat>(plan);
}

}  // namespace sluice
