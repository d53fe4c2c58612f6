// What the decompressing sources share. Included by compression*.cpp only.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "ports/byte_source.h"

namespace sluice {

std::unique_ptr<ByteSource> make_gzip_source(std::unique_ptr<ByteSource> source);
std::unique_ptr<ByteSource> make_zstd_source(std::unique_ptr<ByteSource> source, std::uint64_t window_bytes);

// Compressed bytes on their way from a source to a decompressor.
class CompressedInput {
 public:
  explicit CompressedInput(std::unique_ptr<ByteSource> source);
  // Are there bytes? Reads more where all were taken; false at the end of the source.
  Result<bool> refill(const std::stop_token& stop);
  std::string_view bytes() const { return {bytes_.get() + begin_, end_ - begin_}; }
  void take(std::size_t count) { begin_ += count; }

 private:
  static constexpr std::size_t kBytes = 128 * 1024;
  std::unique_ptr<ByteSource> source_;
  std::unique_ptr<char[]> bytes_;
  std::size_t begin_ = 0, end_ = 0;
  bool at_end_ = false;
};

std::unexpected<Error> damaged_stream(std::string_view kind, std::string_view what,
                                      std::uint64_t decoded_bytes);

}  // namespace sluice
