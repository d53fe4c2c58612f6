// What is compressed how, and zstd; gzip has its own file.
#include "formats/compression.h"

#include "formats/compression_streams.h"

namespace sluice {

Compression compression_of(std::string_view first_bytes) {
  if (first_bytes.starts_with("\x1f\x8b\x08")) return Compression::gzip;
  if (first_bytes.starts_with("\x28\xb5\x2f\xfd")) return Compression::zstd;
  // A frame to be skipped, which parallel zstd writers put first.
  bool skippable = first_bytes.size() >= 4 && (first_bytes[0] & 0xF0) == 0x50 &&
                   first_bytes.substr(1).starts_with("\x2a\x4d\x18");
  return skippable ? Compression::zstd : Compression::none;
}

std::unique_ptr<ByteSource> decompressed_source(std::unique_ptr<ByteSource> source, Compression compression,
                                                std::uint64_t window_bytes) {
  switch (compression) {
    case Compression::none: return source;
    case Compression::gzip: return make_gzip_source(std::move(source));
    case Compression::zstd: return make_zstd_source(std::move(source), window_bytes);
  }
  return source;
}

CompressedInput::CompressedInput(std::unique_ptr<ByteSource> source)
    : source_(std::move(source)), bytes_(std::make_unique_for_overwrite<char[]>(kBytes)) {}

Result<bool> CompressedInput::refill(const std::stop_token& stop) {
  if (begin_ < end_) return true;
  if (at_end_) return false;
  begin_ = end_ = 0;
  end_ = TRY(source_->read({bytes_.get(), kBytes}, stop));
  at_end_ = end_ == 0;
  return !at_end_;
}

std::unexpected<Error> damaged_stream(std::string_view kind, std::string_view what,
                                      std::uint64_t decoded_bytes) {
  return fail(ErrorKind::input,
              "the " + std::string(kind) + " data " + std::string(what) + " after " +
                  std::to_string(decoded_bytes) +
                  " decompressed bytes; what is before that place can be read, the rest is lost: "
                  "fetch or compress the file again");
}

}  // namespace sluice
