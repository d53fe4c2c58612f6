// The one loop that reads, cuts and counts. The splitter is always shown row_bytes + chunk bytes (or all
// there is), whatever the sizes of the reads were, so that an input is cut in the same places every time.
#include "formats/chunk_reader_cursor.h"

#include <algorithm>
#include <cstring>

#include "formats/compression.h"
#include "formats/encoding.h"
#include "formats/xlsx_sheet.h"

namespace sluice {
namespace {

// What a small file needs at once; doubled while there is more to come.
constexpr std::size_t kFirstReadBytes = 64 * 1024;
// A splitter that wants to see still more than this many times what it is due is broken.
constexpr std::size_t kMostLookahead = 8;
constexpr std::size_t kSkipBytes = 256 * 1024;

std::unexpected<Error> input_changed(std::string_view what) {
  return fail(ErrorKind::input, "the input is not what it was when it was planned (" + std::string(what) +
                                    "); run it again as a new job");
}

Result<> skip(ByteSource& source, std::uint64_t bytes, const std::stop_token& stop) {
  auto scratch = std::make_unique_for_overwrite<char[]>(kSkipBytes);
  while (bytes > 0) {
    std::size_t step = std::min<std::uint64_t>(bytes, kSkipBytes);
    std::size_t count = TRY(source.read({scratch.get(), step}, stop));
    if (count == 0) return input_changed("it ends earlier");
    bytes -= count;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ByteSource>> open_decoded(const ReadPlan& plan, const Opener& opener,
                                                 std::uint64_t offset, std::stop_token stop) {
  const bool as_stored = plan.compression == Compression::none && plan.encoding == "utf-8";
  if (as_stored && plan.format != FormatKind::xlsx) return opener(offset);
  if (plan.format == FormatKind::xlsx) {
    auto records = TRY(open_planned_sheet(plan, opener, stop));
    TRY(skip(*records, offset, stop));
    return records;
  }
  auto raw = TRY(opener(0));
  auto plain = decompressed_source(std::move(raw), plan.compression, plan.window_bytes);
  auto decoded = TRY(decoded_source(std::move(plain), plan.encoding));
  TRY(skip(*decoded, offset, stop));
  return decoded;
}

Result<std::unique_ptr<RecordCursor>> RecordCursor::open(const ReadPlan& plan, const RowFormat& format,
                                                         const Opener& opener, ReadRange range,
                                                         ChunkSize size, std::optional<Sha256> digest,
                                                         std::stop_token stop) {
  std::unique_ptr<RecordCursor> cursor(new RecordCursor(plan, range, size));
  cursor->source_ = TRY(open_decoded(plan, opener, range.begin.offset, stop));
  cursor->splitter_ = format.splitter(range.begin);
  cursor->position_ = range.begin;
  cursor->hashing_ = digest.has_value();
  if (digest) cursor->digest_ = *digest;
  // A range of lines ends at a record end, where the splitter may as well believe that the input ends. An
  // array has no such places; its one range is the whole input.
  if (range.end && plan.format != FormatKind::json) {
    if (range.end->offset < range.begin.offset) {
      return fail(ErrorKind::internal, "a range of the input ends before it begins");
    }
    cursor->unread_ = range.end->offset - range.begin.offset;
    cursor->at_end_ = cursor->unread_ == 0;
  }
  return cursor;
}

Result<std::optional<RecordCursor::Piece>> RecordCursor::next(const std::stop_token& stop) {
  std::size_t wanted = plan_.row_bytes + size_.bytes;
  while (!finished_) {
    if (range_.end && position_.offset >= range_.end->offset) break;
    TRY(fill(wanted, stop));
    // An array that simply stops is broken, which only its splitter can say; lines that stop are at their
    // end.
    if (at_end_ && pending().empty() && plan_.format != FormatKind::json) break;
    if (failure_ && pending().empty()) return std::unexpected(*failure_);

    Cut cut = TRY(splitter_->cut(pending(), size_.bytes, size_.rows, at_end_));
    // What came before the failure is whole as far as its last record end.
    if (failure_ && cut.kind == Cut::Kind::more) cut = TRY(splitter_->cut_torn(pending(), size_.rows));
    if (cut.kind == Cut::Kind::more || (cut.kind == Cut::Kind::rows && cut.bytes == 0)) {
      if (failure_) return std::unexpected(*failure_);
      if (at_end_ && cut.kind == Cut::Kind::rows) break;
      if (at_end_ || pending().size() < wanted || wanted > kMostLookahead * (plan_.row_bytes + size_.bytes)) {
        return fail(ErrorKind::internal,
                    "the record splitter stopped at byte " + std::to_string(position_.offset));
      }
      wanted += size_.bytes;
      continue;
    }
    finished_ = cut.kind == Cut::Kind::end;
    if (finished_ && cut.bytes == 0) break;

    Piece piece{pending().substr(0, cut.bytes), position_, position_, cut.rows, false};
    position_.row += cut.rows;
    position_.line += cut.lines;
    consume(cut.bytes);
    if (cut.kind == Cut::Kind::oversized) {
      piece.oversized = true;
      kept_ = Buffer(piece.bytes);  // the skipping reads over it
      piece.bytes = kept_.view();
      TRY(skip_rest_of_record(stop));
    }
    piece.end = position_;
    return piece;
  }
  finished_ = true;
  TRY(check_end());
  return std::nullopt;
}

// Until `wanted_bytes` are pending, or all there is.
Result<> RecordCursor::fill(std::size_t wanted_bytes, const std::stop_token& stop) {
  while (!at_end_ && !failure_ && pending().size() < wanted_bytes) TRY(read_some(wanted_bytes, stop));
  return {};
}

Result<> RecordCursor::read_some(std::size_t wanted_bytes, const std::stop_token& stop) {
  std::size_t held = pending().size();
  std::size_t step = std::min(wanted_bytes - held, std::max(kFirstReadBytes, held));
  if (buffer_.size() + step > buffer_.capacity() && head_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + head_, held);
    buffer_.resize(held);
    head_ = 0;
  }
  if (buffer_.capacity() >= wanted_bytes) step = wanted_bytes - held;
  step = std::min<std::uint64_t>(step, unread_);
  std::size_t before = buffer_.size();
  buffer_.resize(before + step);
  auto count = source_->read({buffer_.data() + before, step}, stop);
  buffer_.resize(before + count.value_or(0));
  if (!count) {
    if (count.error().kind == ErrorKind::cancelled) return std::unexpected(std::move(count).error());
    failure_ = std::move(count).error();
    return {};
  }
  bool limited = unread_ != ~std::uint64_t{0};
  if (*count == 0 && limited) failure_ = input_changed("it ends earlier").error();
  if (limited) unread_ -= *count;
  at_end_ = !failure_ && (*count == 0 || unread_ == 0);
  return {};
}

// The rest of an oversized record: hashed and counted, not kept.
Result<> RecordCursor::skip_rest_of_record(const std::stop_token& stop) {
  while (true) {
    bool whole = at_end_;
    std::size_t held = pending().size();
    std::size_t taken = splitter_->skip_oversized(pending(), whole, position_.line);
    consume(taken);
    if (taken < held || whole) return {};
    if (failure_) return std::unexpected(*failure_);
    TRY(read_some(kSkipBytes, stop));
  }
}

Result<> RecordCursor::check_end() const {
  if (!range_.end || position_.row == range_.end->row) return {};
  return input_changed("row " + std::to_string(range_.end->row) + " began where now row " +
                       std::to_string(position_.row) + " begins");
}

void RecordCursor::consume(std::size_t bytes) {
  if (hashing_) digest_.update(pending().substr(0, bytes));
  head_ += bytes;
  position_.offset += bytes;
}

}  // namespace sluice
