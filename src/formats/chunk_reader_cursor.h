// RecordCursor: walks a decoded input record by record end, and looks at nothing twice. ChunkReader copies
// what it passes over into chunks, the split planner only counts. One thread.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

#include "base/buffer.h"
#include "base/result.h"
#include "base/sha256.h"
#include "formats/chunk_reader.h"
#include "formats/format.h"

namespace sluice {

// The decoded bytes of an input (decompressed, as UTF-8) from `offset` on: sought where bytes are stored as
// they are, read past otherwise.
Result<std::unique_ptr<ByteSource>> open_decoded(const ReadPlan& plan, const Opener& opener,
                                                 std::uint64_t offset, std::stop_token stop);

class RecordCursor {
 public:
  struct Piece {
    std::string_view bytes;  // until the next call; of an oversized record the part to keep
    Position begin, end;
    std::uint64_t rows = 0;
    bool oversized = false;
  };

  static Result<std::unique_ptr<RecordCursor>> open(const ReadPlan& plan, const RowFormat& format,
                                                    const Opener& opener, ReadRange range, ChunkSize size,
                                                    std::optional<Sha256> digest, std::stop_token stop);

  // The next whole records; none at the end. When reading fails, what was whole before that place comes
  // first.
  Result<std::optional<Piece>> next(const std::stop_token& stop);

  const Sha256& digest() const { return digest_; }  // of all bytes up to the end of the last piece
  Position position() const { return position_; }

 private:
  RecordCursor(const ReadPlan& plan, ReadRange range, ChunkSize size)
      : plan_(plan), range_(range), size_{size.bytes, std::min(size.rows, most_rows(plan, size.bytes))} {}

  // A row has a cell for each column, whether it says something there or not: those of a chunk's rows are to
  // stay within what is planned for all that is made of the chunk.
  static std::uint64_t most_rows(const ReadPlan& plan, std::size_t chunk_bytes) {
    constexpr std::size_t kCellBytes = 16, kCellsShare = 4;  // cells: four times the chunk's bytes
    const std::size_t row_cells = std::max<std::size_t>(plan.columns.size(), 1);
    return std::max<std::uint64_t>(chunk_bytes * kCellsShare / (row_cells * kCellBytes), 1);
  }

  Result<> fill(std::size_t wanted_bytes, const std::stop_token& stop);
  Result<> read_some(std::size_t wanted_bytes, const std::stop_token& stop);
  Result<> skip_rest_of_record(const std::stop_token& stop);
  Result<> check_end() const;
  void consume(std::size_t bytes);
  std::string_view pending() const { return buffer_.view().substr(head_); }

  const ReadPlan plan_;
  const ReadRange range_;
  const ChunkSize size_;
  std::unique_ptr<ByteSource> source_;
  std::unique_ptr<RecordSplitter> splitter_;
  Buffer buffer_;  // its bytes from head_ on are not cut yet
  Buffer kept_;    // what is kept of an oversized record
  std::size_t head_ = 0;
  std::uint64_t unread_ = ~std::uint64_t{0};  // bytes that may still be read from the source
  bool at_end_ = false;                       // nothing follows what is in buffer_
  bool finished_ = false;
  std::optional<Error> failure_;  // reading failed after what is in buffer_
  Position position_;             // of pending()
  Sha256 digest_;
  bool hashing_ = false;
};

}  // namespace sluice
