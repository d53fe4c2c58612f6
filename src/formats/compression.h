// Compression: told by the first bytes, never by a name; decompressed as a stream. Used by whoever opens an
// input (chunk_reader) and by detection. A source belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "formats/read_plan.h"
#include "ports/byte_source.h"

namespace sluice {

Compression compression_of(std::string_view first_bytes);

// `source` decompressed; `source` itself for Compression::none. Several gzip members or zstd frames in a row
// are one stream. A damaged or truncated stream is Error{input} that names the place, given by the read after
// the one that handed out the last good bytes.
// A zstd frame that refers back further than `window_bytes` is an Error too: that much would be kept in
// memory.
std::unique_ptr<ByteSource> decompressed_source(std::unique_ptr<ByteSource> source, Compression compression,
                                                std::uint64_t window_bytes);

// Of a memory limit, the window gets one part in so many (engine/memory_plan.h).
inline constexpr std::uint64_t kWindowShare = 4;

}  // namespace sluice
