// Encodings: their names, and decoding a stream to UTF-8. Used by whoever opens an input (chunk_reader) and
// by detection. A decoder belongs to one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ports/byte_source.h"

namespace sluice {

// The canonical lower-case name of an encoding that people write in many ways (latin1, cp1252, UTF8, …).
// "utf-16" and "utf-32" are names too: detection makes them little or big endian. Error: usage, with the
// nearest known name.
Result<std::string> canonical_encoding(std::string_view name);

// What stands in the decoded stream for bytes that are no text in the encoding: never valid UTF-8, so that
// the parser rejects exactly that row (encoding-error).
inline constexpr char kUndecodable = '\xff';

// Decodes piece by piece.
class Decoder {
 public:
  struct Progress {
    std::size_t read = 0;     // bytes of `in` that are done with
    std::size_t written = 0;  // bytes put into `out`
  };
  virtual ~Decoder() = default;
  // Decodes until `out` has no room for another character or `in` is used up, but for the beginning of a
  // character whose rest is to follow: show that again with what follows. `at_end`: nothing follows `in`;
  // then all is over when nothing is read or written any more.
  virtual Progress decode(std::string_view in, std::span<char> out, bool at_end) = 0;

  static constexpr std::size_t kLeastRoom = 64;  // that `out` has
};

// For a canonical name other than "utf-8". A byte order mark at the beginning is dropped.
Result<std::unique_ptr<Decoder>> make_decoder(const std::string& encoding);

// `source` decoded to UTF-8; `source` itself where the encoding is "utf-8" (its byte order mark stays).
Result<std::unique_ptr<ByteSource>> decoded_source(std::unique_ptr<ByteSource> source,
                                                   const std::string& encoding);

}  // namespace sluice
