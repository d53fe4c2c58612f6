// ChunkReader: reads an input from a Position on and hands out chunks of whole records, numbered. One thread.
// It also keeps the running SHA-256 of the decoded bytes it handed out, for the checkpoint.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include "base/result.h"
#include "base/sha256.h"
#include "formats/format.h"
#include "ports/byte_source.h"

namespace sluice {

// A part of an input: a split, or what is left of it.
struct ReadRange {
  Position begin;
  std::optional<Position> end;  // none: to the end of the input
};

// How large a chunk gets: about `bytes`, and never more than `rows` rows.
struct ChunkSize {
  std::size_t bytes = 1 << 20;
  std::uint64_t rows = 16384;
};

class ChunkReader {
 public:
  // Decompresses, decodes, and reads past what is before range.begin where the input is not seekable.
  // `format` is used until the reader is gone. `digest`: a running digest to go on with (of nothing, or of
  // the split's bytes before range.begin); none: the bytes are not hashed.
  static Result<std::unique_ptr<ChunkReader>> open(const ReadPlan& plan, const RowFormat& format,
                                                   const Opener& opener, ReadRange range, ChunkSize size,
                                                   std::optional<Sha256> digest, std::stop_token stop);
  virtual ~ChunkReader() = default;

  // The next chunk; none at the end. Chunks follow each other without gaps: each begins where the last ended.
  virtual Result<std::optional<Chunk>> next(std::stop_token stop) = 0;
  // The running digest up to the end of the last chunk handed out.
  virtual const Sha256& digest() const = 0;
};

// The running SHA-256 of the decoded bytes between two positions of one input. Resuming asks it whether the
// bytes that a checkpoint covered are still the same, and goes on hashing with it.
Result<Sha256> hash_range(const ReadPlan& plan, const Opener& opener, Position begin, Position end,
                          std::stop_token stop);

// Planning: one pass of the very record splitter that reading uses, so that every split knows its first row
// and line. Ends about every `split_bytes` where the plan is seekable; else the whole input is one range.
struct PlannedInput {
  std::vector<ReadRange> ranges;  // each with its end, together the whole input
  std::uint64_t rows = 0;
  // The input is broken after the last of these rows (a torn gzip, a JSON array that is none). The last range
  // then has no end, so that reading it hands out the same rows and fails with the same error.
  std::optional<Error> broken;
};
Result<PlannedInput> plan_ranges(const ReadPlan& plan, const Opener& opener, std::uint64_t split_bytes,
                                 std::stop_token stop);

}  // namespace sluice
