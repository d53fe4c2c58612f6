// ByteSource: a stream of bytes read from front to end by one thread: a file, standard input, an object in
// a blob store, or a decoder around another source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>

#include "base/result.h"

namespace sluice {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Reads up to into.size() bytes (>= 1); fewer is normal, 0 is the end of the input. Blocks; a stop request
  // makes it return Error{cancelled} as soon as it notices.
  virtual Result<std::size_t> read(std::span<char> into, std::stop_token stop) = 0;
  // How many bytes the whole input has, where its Opener gets to any of them at once and at no cost: a local
  // file, bytes in memory. Of anything else nothing is known: who has to go to and fro in it makes a copy.
  virtual std::optional<std::uint64_t> whole_size() const { return std::nullopt; }
};

// Opens the raw bytes of one input from `offset` on; may be called again and again, from any thread.
using Opener = std::function<Result<std::unique_ptr<ByteSource>>(std::uint64_t offset)>;

}  // namespace sluice
