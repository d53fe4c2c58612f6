// ChunkReader over the RecordCursor: each piece is copied into a buffer of its own, just as large as it is,
// so that chunks in flight hold no slack.
#include "formats/chunk_reader.h"

#include <algorithm>

#include "formats/chunk_reader_cursor.h"

namespace sluice {
namespace {

constexpr std::size_t kHashBytes = 256 * 1024;

class CursorChunkReader : public ChunkReader {
 public:
  explicit CursorChunkReader(std::unique_ptr<RecordCursor> cursor) : cursor_(std::move(cursor)) {}

  Result<std::optional<Chunk>> next(std::stop_token stop) override {
    auto piece = TRY(cursor_->next(stop));
    if (!piece) return std::nullopt;
    return Chunk{Buffer(piece->bytes), piece->begin, piece->end, piece->rows, piece->oversized};
  }
  const Sha256& digest() const override { return cursor_->digest(); }

 private:
  std::unique_ptr<RecordCursor> cursor_;
};

}  // namespace

Result<std::unique_ptr<ChunkReader>> ChunkReader::open(const ReadPlan& plan, const RowFormat& format,
                                                       const Opener& opener, ReadRange range, ChunkSize size,
                                                       std::optional<Sha256> digest, std::stop_token stop) {
  auto cursor = TRY(RecordCursor::open(plan, format, opener, range, size, digest, stop));
  return std::make_unique<CursorChunkReader>(std::move(cursor));
}

Result<Sha256> hash_range(const ReadPlan& plan, const Opener& opener, Position begin, Position end,
                          std::stop_token stop) {
  Sha256 digest;
  if (end.offset <= begin.offset) return digest;
  auto source = TRY(open_decoded(plan, opener, begin.offset, stop));
  auto buffer = std::make_unique_for_overwrite<char[]>(kHashBytes);
  for (std::uint64_t left = end.offset - begin.offset; left > 0;) {
    std::size_t count = TRY(source->read({buffer.get(), std::min<std::uint64_t>(left, kHashBytes)}, stop));
    if (count == 0) break;  // shorter than it was: the digest of what is there, which is another one
    digest.update({buffer.get(), count});
    left -= count;
  }
  return digest;
}

}  // namespace sluice
