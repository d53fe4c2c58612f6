#include "formats/json_splitter.h"

#include <algorithm>
#include <bit>

#include "formats/json_blocks.h"
#include "formats/json_rest.h"
#include "formats/json_scanner.h"

namespace sluice {
namespace {

constexpr std::size_t kOversizedKept = 4096;  // enough of a record that is too long to recognise it by

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Walks over the brackets, quotes and commas of JSON text, 64 bytes at a time, across any number of pieces.
class Walker {
 public:
  // The next comma or closing bracket outside of everything that opened since the start, in bytes from `from`
  // on; bytes.size() where there is none. May be called again with a later `from` behind what it found.
  std::size_t next(std::string_view bytes) {
    for (;;) {
      if (loaded_) {
        if (const int found = step(); found >= 0) return at_ + static_cast<std::size_t>(found);
        loaded_ = false;
        at_ += json_blocks::kBlock;
      }
      if (at_ >= bytes.size()) return bytes.size();
      load(bytes);
    }
  }
  // To go on with the next piece of the text, all of this one having been walked over.
  void next_piece() {
    at_ = 0;
    loaded_ = false;
  }

 private:
  void load(std::string_view bytes) {
    const std::size_t size = bytes.size() - at_;
    json_blocks::StructureMasks masks = json_blocks::structure_of(bytes.data() + at_);
    const std::uint64_t inside = json_blocks::low_bits(size);
    const std::uint64_t escaped =
        escapes(masks.backslash & inside, std::min<std::size_t>(size, json_blocks::kBlock));
    const std::uint64_t quotes = masks.quote & inside & ~escaped;
    const std::uint64_t texts = json_blocks::prefix_parity(quotes) ^ in_text_;
    in_text_ = (std::popcount(quotes) & 1) != 0 ? ~in_text_ : in_text_;
    open_ = masks.open & inside & ~texts;
    close_ = masks.close & inside & ~texts;
    comma_ = masks.comma & inside & ~texts;
    loaded_ = true;
  }

  // Which bytes stand behind a backslash that is not itself behind one.
  std::uint64_t escapes(std::uint64_t backslashes, std::size_t size) {
    std::uint64_t escaped = 0;
    if (escape_pending_ && size != 0) {
      escaped = 1;
      backslashes &= ~std::uint64_t{1};
      escape_pending_ = false;
    }
    while (backslashes != 0) {
      const auto i = static_cast<std::size_t>(std::countr_zero(backslashes));
      backslashes &= backslashes - 1;
      if (i + 1 == size) {
        escape_pending_ = true;
        break;
      }
      escaped |= std::uint64_t{1} << (i + 1);
      backslashes &= ~(std::uint64_t{1} << (i + 1));
    }
    return escaped;
  }

  // The next event of the block on the outer level, or -1 at its end.
  int step() {
    for (;;) {
      if (depth_ == 0) {
        const std::uint64_t events = open_ | close_ | comma_;
        if (events == 0) return -1;
        const int i = std::countr_zero(events);
        const std::uint64_t bit = std::uint64_t{1} << i;
        const std::uint64_t later = ~(bit | (bit - 1));
        const bool opens = (open_ & bit) != 0;
        open_ &= later;
        close_ &= later;
        comma_ &= later;
        if (!opens) return i;
        depth_ = 1;
        continue;
      }
      const auto closing = static_cast<std::uint64_t>(std::popcount(close_));
      if (closing < depth_) {  // the block cannot end what is open
        depth_ += static_cast<std::uint64_t>(std::popcount(open_)) - closing;
        return -1;
      }
      const int i = std::countr_zero(open_ | close_);
      const std::uint64_t bit = std::uint64_t{1} << i;
      const std::uint64_t later = ~(bit | (bit - 1));
      if ((open_ & bit) != 0)
        ++depth_;
      else
        --depth_;
      open_ &= later;
      close_ &= later;
      comma_ &= later;
    }
  }

  std::size_t at_ = 0;  // the block
  bool loaded_ = false;
  std::uint64_t open_ = 0, close_ = 0, comma_ = 0;  // of the block, still to be looked at
  std::uint64_t in_text_ = 0;                       // all ones inside quotes
  bool escape_pending_ = false;
  std::uint64_t depth_ = 0;
};

class JsonSplitter : public RecordSplitter {
 public:
  JsonSplitter(const ReadPlan& plan, Position at)
      : plan_(plan), at_(at), first_(at.offset == plan.first_row.offset) {}

  Result<Cut> cut(std::string_view bytes, std::size_t target, std::uint64_t max_rows, bool at_end) override {
    auto cut = find_cut(bytes, target, max_rows, at_end);
    if (!cut) return cut;
    if (cut->bytes != 0) {
      first_ = false;
      at_.row += cut->rows;
      cut->lines = json_blocks::count_lines(bytes.substr(0, cut->bytes));
      at_.line += cut->lines;
    }
    return cut;
  }

  std::size_t skip_oversized(std::string_view bytes, bool, std::uint64_t& lines) override {
    skipping_.next_piece();
    const std::size_t stop = skipping_.next(bytes);
    const std::string_view skipped = bytes.substr(0, stop);
    std::uint64_t ends = json_blocks::count_lines(skipped);
    if (after_cr_ && !skipped.empty() && skipped.front() == '\n') --ends;  // the other half of a CRLF
    if (!skipped.empty()) after_cr_ = skipped.back() == '\r';
    lines += ends;
    at_.line += ends;
    return stop;
  }

 private:
  Result<Cut> find_cut(std::string_view bytes, std::size_t target, std::uint64_t max_rows, bool at_end) {
    // A record begins with the comma behind the one before; the first of all has none (behind a header: it
    // has).
    std::size_t record = 0;  // where the record to be found begins
    std::size_t lead = first_nonspace(bytes, 0);
    if (lead == bytes.size()) {
      if (bytes.size() > plan_.row_bytes) return oversized(bytes);
      if (at_end) return broken(bytes, lead, "the document ends inside the array of rows");
      return Cut{};
    }
    if (bytes[lead] == ']') return end(bytes, lead + 1, at_end);
    if (bytes[lead] == ',' && first_ && !plan_.rows_are_arrays)
      return broken(bytes, lead, "a row is expected before the comma");
    if (bytes[lead] != ',' && !first_) return broken(bytes, lead, "a comma or ] is expected behind a row");

    Walker walker;
    if (bytes[lead] == ',') walker.next(bytes);  // its own
    Cut found{.kind = Cut::Kind::rows};
    for (;;) {
      const std::size_t stop = walker.next(bytes);
      if (stop == bytes.size() || stop - record > plan_.row_bytes) {
        if (found.bytes != 0) return found;
        // Decided on the record's first row_bytes alone: how much more is in sight must make no difference.
        if (bytes.size() > plan_.row_bytes) return oversized(bytes);
        if (at_end) return broken(bytes, stop, "the document ends inside the array of rows");
        return Cut{};
      }
      if (found.bytes != 0 && stop > target) return found;
      if (bytes[stop] == ']' && is_only_comma(bytes.substr(record, stop - record))) {
        if (found.bytes != 0) return found;
        return broken(bytes, stop, "a row is expected behind the last comma");
      }
      if (bytes[stop] == '}') {
        if (found.bytes != 0) return found;
        return broken(bytes, stop, "a comma or ] is expected behind a row");
      }
      found.bytes = record = stop;
      ++found.rows;
      if (bytes[stop] == ']' || found.rows >= max_rows) return found;
    }
  }

  static std::size_t first_nonspace(std::string_view bytes, std::size_t from) {
    while (from < bytes.size() && is_space(bytes[from])) ++from;
    return from;
  }
  static bool is_only_comma(std::string_view record) {
    std::size_t at = first_nonspace(record, 0);
    if (at < record.size() && record[at] == ',') at = first_nonspace(record, at + 1);
    return at == record.size();
  }

  // What stands behind the ] is checked as far as every reading has it in sight, row_bytes.
  Result<Cut> end(std::string_view bytes, std::size_t from, bool at_end) const {
    const std::size_t seen =
        std::max<std::size_t>(from, std::min<std::size_t>(bytes.size(), plan_.row_bytes));
    const std::string_view rest = bytes.substr(from, seen - from);
    at_end = at_end && seen == bytes.size();
    if (auto problem = check_json_rest(rest, plan_.pointer, at_end))
      return fail(ErrorKind::input, "The document is no valid JSON: behind the array of rows (" +
                                        std::to_string(at_.row - 1) + " rows, " + "it ends on line " +
                                        std::to_string(at_.line) + " or later) " + *problem + ".");
    return Cut{.kind = Cut::Kind::end};
  }

  Result<Cut> oversized(std::string_view bytes) {
    // A text that is never closed makes the rest of the document one record: that is broken, not big.
    if (auto problem =
            syntax_problem(bytes.substr(0, std::min<std::size_t>(bytes.size(), plan_.row_bytes + 1)), false))
      return std::unexpected(*problem);
    std::size_t kept = std::min<std::size_t>({bytes.size() - 1, kOversizedKept, plan_.row_bytes});
    while (kept > 1 && ((static_cast<unsigned char>(bytes[kept]) & 0xC0) == 0x80 || bytes[kept - 1] == '\r'))
      --kept;
    after_cr_ = bytes[kept - 1] == '\r';
    skipping_ = Walker();
    const std::string_view beginning = bytes.substr(0, kept);
    if (const std::size_t lead = first_nonspace(beginning, 0); lead < kept && beginning[lead] == ',')
      skipping_.next(beginning);
    skipping_.next(beginning);
    return Cut{.kind = Cut::Kind::oversized, .bytes = kept, .rows = 1};
  }

  // The record at the front of `bytes` is broken: says where, as exactly as the strict scanner knows.
  Result<Cut> broken(std::string_view bytes, std::size_t at, const char* otherwise) const {
    if (const std::size_t row = row_begin(bytes); row < at)
      if (auto problem = syntax_problem(bytes.substr(0, std::min<std::size_t>(bytes.size(), at + 1)), true))
        return std::unexpected(*problem);
    const std::size_t row = row_begin(bytes);
    return std::unexpected(broken_json_row(at_.row, at_.line + json_blocks::count_lines(bytes.substr(0, row)),
                                           bytes.data() + row, bytes.data() + std::max(at, row), otherwise));
  }

  static std::size_t row_begin(std::string_view bytes) {
    std::size_t row = first_nonspace(bytes, 0);
    if (row < bytes.size() && bytes[row] == ',') row = first_nonspace(bytes, row + 1);
    return row;
  }

  // What the strict scanner has to say of the record at the front of `bytes`, if it is wrong before their
  // end. `whole`: it is wrong, too, if they end before the value does.
  std::optional<Error> syntax_problem(std::string_view bytes, bool whole) const {
    const Buffer copy(bytes);  // the bytes must be followed by zeros
    const char* const end = copy.data() + copy.size();
    const std::size_t row = row_begin(bytes);
    if (row == bytes.size()) return std::nullopt;
    JsonScanner scanner(JsonScanner::Space::document);
    scanner.begin(end);
    JsonValue value;
    const char* behind = scanner.value(copy.data() + row, value);
    if (behind != nullptr) {
      behind = scanner.skip_space(behind);
      if (behind >= end || *behind == ',' || *behind == ']') return std::nullopt;
      scanner.broken(behind, "a comma or ] is expected behind a row");
    }
    // A value that was only cut short looks broken within its last few bytes.
    if (!whole && scanner.problem_at() + 12 >= end) return std::nullopt;
    return broken_json_row(at_.row, at_.line + json_blocks::count_lines(bytes.substr(0, row)),
                           copy.data() + row, scanner.problem_at(), scanner.problem());
  }

  const ReadPlan& plan_;
  Position at_;  // row and line only
  bool first_;
  Walker skipping_;
  bool after_cr_ = false;
};

}  // namespace

std::unique_ptr<RecordSplitter> make_json_splitter(const ReadPlan& plan, Position at) {
  return std::make_unique<JsonSplitter>(plan, at);
}

Error broken_json_row(std::uint64_t row_number, std::uint64_t line, const char* row, const char* at,
                      const std::string& problem) {
  const std::string_view before(row, static_cast<std::size_t>(at - row));
  const std::uint64_t lines = json_blocks::count_lines(before);
  std::size_t start = 0;  // of the last line, in the row
  if (lines != 0) start = before.find_last_of("\r\n") + 1;
  const auto characters =
      std::count_if(before.begin() + static_cast<std::ptrdiff_t>(start), before.end(),
                    [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  // The row's own line may have begun long before it: there the place is counted from the row.
  return {ErrorKind::input, "The JSON array is broken in row " + std::to_string(row_number) + ", line " +
                                std::to_string(line + lines) + ", " +
                                (lines != 0 ? "column " : "character ") + std::to_string(characters + 1) +
                                (lines != 0 ? ": " : " of the row: ") + problem + "."};
}

}  // namespace sluice
