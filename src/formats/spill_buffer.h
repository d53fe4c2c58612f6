// SpillBuffer: bytes that are appended to and read at any place, in memory up to a bound, in a temporary file
// beyond it, with a few blocks of it in memory. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "base/temporary_file.h"

namespace sluice {

class SpillBuffer {
 public:
  // Once spilled, what is kept of the file is about as much as `memory_bytes`, too.
  explicit SpillBuffer(std::size_t memory_bytes);

  Result<> append(std::string_view bytes);
  std::uint64_t size() const { return spilled_bytes_ + memory_.size(); }
  bool spilled() const { return file_.has_value(); }
  // Appends `size` bytes from `offset` on to `out`; they must be there.
  Result<> read(std::uint64_t offset, std::size_t size, std::string& out);
  // The bytes from `offset` on, as many as lie together: one at least, where there is one. Until the next
  // call.
  Result<std::string_view> view(std::uint64_t offset);

 private:
  // What is asked for lies anywhere, and is short: of larger blocks fewer would be in memory.
  static constexpr std::size_t kBlockBytes = 4 * 1024;
  static constexpr std::size_t kTailBytes = 64 * 1024;  // appended, and not written yet
  struct Block {
    std::string bytes;
    std::list<std::uint64_t>::iterator age;
  };
  Result<const std::string*> block(std::uint64_t number);

  const std::size_t memory_bytes_;
  std::string memory_;  // all of it, or what comes after spilled_bytes_
  std::optional<TemporaryFile> file_;
  std::uint64_t spilled_bytes_ = 0;
  std::unordered_map<std::uint64_t, Block> blocks_;  // of the file, by number
  std::list<std::uint64_t> ages_;                    // the blocks in memory, the last used first
};

}  // namespace sluice
