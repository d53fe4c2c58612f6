// Byte sources and a line format for the tests of reading.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "formats/format.h"
#include "ports/byte_source.h"

namespace sluice::testing {

// Hands out a text in reads of at most `step` bytes (0: of random length), then fails if told to.
class TextSource : public ByteSource {
 public:
  TextSource(std::string text, std::size_t step, std::optional<Error> failure = {})
      : text_(std::move(text)), step_(step), failure_(std::move(failure)) {}
  Result<std::size_t> read(std::span<char> into, std::stop_token stop) override {
    if (stop.stop_requested()) return fail(ErrorKind::cancelled, "stopped");
    std::size_t step = step_ != 0 ? step_ : 1 + random_() % 100;
    std::size_t count = std::min({into.size(), step, text_.size() - at_});
    if (count == 0 && failure_) return std::unexpected(*failure_);
    std::memcpy(into.data(), text_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  std::string text_;
  std::size_t at_ = 0, step_;
  std::optional<Error> failure_;
  std::minstd_rand random_{42};
};

inline Opener text_opener(const std::string& text, std::size_t step = 1 << 20,
                          const std::optional<Error>& failure = {}) {
  return [text, step, failure](std::uint64_t offset) -> Result<std::unique_ptr<ByteSource>> {
    return std::make_unique<TextSource>(text.substr(std::min<std::size_t>(offset, text.size())), step,
                                        failure);
  };
}

struct ReadResult {
  std::string text;
  std::optional<Error> error;
};
inline ReadResult read_all(ByteSource& source, std::size_t step = 1 << 16) {
  ReadResult result;
  std::string buffer(step, '\0');
  while (true) {
    auto count = source.read(buffer, {});
    if (!count) {
      result.error = count.error();
      return result;
    }
    if (*count == 0) return result;
    result.text.append(buffer.data(), *count);
  }
}

// A record is a line that ends in LF (or at the end); an empty one is no row. A format of three rules, so
// that the reader is tested without any real format's.
class LineFormat : public RowFormat {
 public:
  explicit LineFormat(std::size_t row_bytes) : row_bytes_(row_bytes) {}

  std::unique_ptr<RecordSplitter> splitter(Position) const override {
    return std::make_unique<Splitter>(row_bytes_);
  }
  ParseResult parse(Chunk) const override { return {}; }

 private:
  class Splitter : public RecordSplitter {
   public:
    explicit Splitter(std::size_t row_bytes) : row_bytes_(row_bytes) {}
    Result<Cut> cut(std::string_view bytes, std::size_t target, std::uint64_t max_rows,
                    bool at_end) override {
      Cut cut{Cut::Kind::rows, 0, 0, 0};
      while (cut.bytes < bytes.size() && cut.rows < max_rows) {
        std::size_t newline = bytes.find('\n', cut.bytes);
        bool ended = newline != std::string_view::npos;
        std::size_t text = (ended ? newline : bytes.size()) - cut.bytes;
        if (text > row_bytes_) {
          if (cut.bytes == 0) return Cut{Cut::Kind::oversized, row_bytes_ / 2, 1, 0};
          break;
        }
        if (!ended && !at_end) break;
        std::size_t size = text + ended;
        if (cut.bytes > 0 && cut.bytes + size > target) break;
        cut.bytes += size;
        cut.rows += text > 0;
        cut.lines += ended;
      }
      if (cut.bytes == 0 && !at_end) cut.kind = Cut::Kind::more;
      return cut;
    }
    std::size_t skip_oversized(std::string_view bytes, bool, std::uint64_t& lines) override {
      if (done_) return std::exchange(done_, false), 0;
      std::size_t newline = bytes.find('\n');
      if (newline == std::string_view::npos) return bytes.size();
      ++lines;
      done_ = newline + 1 == bytes.size();
      return newline + 1;
    }

   private:
    std::size_t row_bytes_;
    bool done_ = false;  // the record ended with the last byte shown
  };

  std::size_t row_bytes_;
};

}  // namespace sluice::testing
