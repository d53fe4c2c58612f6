// RowFormat: a format, told how to read one input. To add one: a file with a RowFormat, a line in
// format.cpp's table, a name in read_plan.h, and the format conformance suite in a test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "base/result.h"
#include "formats/read_plan.h"
#include "rows/row_batch.h"

namespace sluice {

// What a splitter took from the front of the bytes it was shown.
struct Cut {
  enum class Kind : std::uint8_t {
    rows,       // `bytes` bytes that are whole records (possibly none of them a row: blank and comment lines)
    more,       // no whole record there yet: show more (never said when at_end)
    oversized,  // ONE record longer than row_bytes begins here: `bytes` is how much of it to keep for the
                // reject; after it call skip_oversized() with what follows
    end,        // the rows end here (the array's ]); what follows is not looked at again
  } kind = Kind::more;
  std::size_t bytes = 0;
  std::uint64_t rows = 0;   // records among them that count as rows (1 for oversized)
  std::uint64_t lines = 0;  // line ends among them
};

// Cuts the decoded stream at record ends. Serial, one object per reading of a stream, used by one thread.
// It and the parser share ONE definition of a record, recovery included: the parser, shown a chunk of whole
// records, sees the same records that the splitter counted.
class RecordSplitter {
 public:
  virtual ~RecordSplitter() = default;
  // `bytes` begins at a record, is followed by Buffer::kPadding readable bytes, and holds at least
  // row_bytes + `target` bytes unless `at_end`. Takes as many whole records as fit in about `target` bytes
  // (at least one), but never more than `max_rows` rows: a megabyte may hold half a million tiny rows, and
  // memory goes by rows too. Error: the document is broken at this place (JSON arrays only).
  virtual Result<Cut> cut(std::string_view bytes, std::size_t target, std::uint64_t max_rows,
                          bool at_end) = 0;
  // The same where reading failed behind `bytes`: takes only records that nothing which would have come after
  // could change, `rows` of no bytes where there is none. At most `max_rows` rows.
  virtual Result<Cut> cut_torn(std::string_view bytes, std::uint64_t max_rows) {
    (void)bytes, (void)max_rows;
    return Cut{.kind = Cut::Kind::more};
  }
  // After Cut::oversized: how many of these bytes still belong to that record (all of them: go on), with
  // the line ends among them added to `lines`.
  virtual std::size_t skip_oversized(std::string_view bytes, bool at_end, std::uint64_t& lines) = 0;
};

// A piece of the input that begins and ends between records.
struct Chunk {
  Buffer bytes;
  Position begin, end;
  std::uint64_t rows = 0;
  bool oversized = false;  // `bytes` is only the beginning of one record that is too long
};

struct ParseResult {
  std::vector<RowBatch> batches;  // in order; several where JSON rows differ much in their columns
  std::optional<Error>
      broken;  // after the last of these rows the input is broken (JSON arrays): the job fails
};

class RowFormat {
 public:
  virtual ~RowFormat() = default;
  virtual std::unique_ptr<RecordSplitter> splitter(Position at) const = 0;
  // From any thread at once. Every record of the chunk becomes exactly one row of the result, good or
  // rejected (syntax-error, encoding-error, row-too-large), numbered from chunk.begin. Ragged rows are not
  // judged here: RowInfo::cell_count and extra_cells tell, the pipeline decides.
  virtual ParseResult parse(Chunk chunk) const = 0;
};

std::unique_ptr<RowFormat> make_format(const ReadPlan& plan);

}  // namespace sluice
