// Zstandard by libzstd. Frames follow each other; the window is bounded. One thread per source.
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <bit>
#include <optional>

#include "formats/compression.h"
#include "formats/compression_streams.h"

namespace sluice {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
// RFC 8878, 3.1.1.
constexpr std::uint64_t kMagicBytes = 4;
constexpr std::size_t kBlockHeaderBytes = 3;

// Libzstd takes the limit as a power of two, and has a least and a greatest.
int window_log(std::uint64_t window_bytes) {
  ZSTD_bounds bounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
  return std::clamp(static_cast<int>(std::bit_width(window_bytes)) - 1, bounds.lowerBound, bounds.upperBound);
}

// How far back a frame refers, by its header (RFC 8878, 3.1.1.1); 0 where not all of it is there.
std::uint64_t window_of(std::string_view frame) {
  auto byte = [&](std::size_t at) { return std::uint64_t{static_cast<unsigned char>(frame[at])}; };
  constexpr std::size_t kMostHeaderBytes = 18;
  if (frame.size() < kMostHeaderBytes || !frame.starts_with("\x28\xb5\x2f\xfd")) return 0;
  const std::uint64_t descriptor = byte(4);
  if ((descriptor & 0x20) == 0) {
    const std::uint64_t base = std::uint64_t{1} << (10 + (byte(5) >> 3));
    return base + base / 8 * (byte(5) & 7);
  }
  constexpr std::size_t kDictionaryBytes[] = {0, 1, 2, 4}, kContentBytes[] = {1, 2, 4, 8};
  const std::size_t content_at = 5 + kDictionaryBytes[descriptor & 3];
  std::uint64_t content = 0;  // one segment: as much as the whole content
  for (std::size_t i = kContentBytes[descriptor >> 6]; i-- > 0;)
    content = content << 8 | byte(content_at + i);
  return content;
}

class ZstdSource : public ByteSource {
 public:
  ZstdSource(std::unique_ptr<ByteSource> source, std::uint64_t window_bytes)
      : input_(std::move(source)), stream_(ZSTD_createDCtx()), window_log_(window_log(window_bytes)) {
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, window_log_);
  }

  Result<std::size_t> read(std::span<char> into, std::stop_token stop) override {
    while (!failure_) {
      bool more = TRY(input_.refill(stop));
      if (!more && !in_frame_) return 0;
      std::size_t written = decompress(into, more);
      if (written > 0) return written;
    }
    return std::unexpected(*failure_);
  }

 private:
  std::size_t decompress(std::span<char> into, bool has_input) {
    std::string_view bytes = input_.bytes();
    ZSTD_inBuffer in{bytes.data(), std::min(bytes.size(), wanted()), 0};
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    if (!in_frame_ || decoded_bytes_ == 0) frame_window_ = std::max(window_of(bytes), frame_window_);
    std::size_t left = ZSTD_decompressStream(stream_.get(), &out, &in);
    input_.take(in.pos);
    decoded_bytes_ += out.pos;
    in_frame_ = left != 0;
    frame_bytes_ = in_frame_ ? frame_bytes_ + in.pos : 0;
    expected_ = ZSTD_isError(left) ? 0 : left;
    if (ZSTD_isError(left)) {
      failure_ = error_of(left);
    } else if (!has_input && in_frame_ && out.pos == 0) {
      failure_ = damaged_stream("zstd", "ends too early,", decoded_bytes_).error();
    }
    return out.pos;
  }

  // How much libzstd is given at once, whatever there is, so that what becomes of a damaged stream does not
  // depend on how its bytes came. Four at the beginning of a frame would let it look for the formats before
  // version 1; a block with the header of the next would not be given out where that header is damaged.
  std::size_t wanted() const {
    if (frame_bytes_ < kMagicBytes) return 1;
    return std::max<std::size_t>(expected_ > kBlockHeaderBytes ? expected_ - kBlockHeaderBytes : expected_,
                                 1);
  }

  Error window_error() const {
    std::uint64_t needed = std::max(frame_window_, (std::uint64_t{1} << window_log_) + 1);
    std::uint64_t memory = std::bit_ceil(needed) * kWindowShare;
    return {ErrorKind::input, "to decompress this zstd data " + std::to_string((needed + kMiB - 1) / kMiB) +
                                  " MiB have to be kept in memory, and the limit leaves " +
                                  std::to_string((std::uint64_t{1} << window_log_) / kMiB) +
                                  " MiB for that: run it with --memory " + std::to_string(memory / kMiB) +
                                  "MiB, or compress it again without --long and with a level up to 19"};
  }

  Error error_of(std::size_t code) const {
    switch (ZSTD_getErrorCode(code)) {
      case ZSTD_error_frameParameter_windowTooLarge: return window_error();
      case ZSTD_error_dictionary_wrong:
        return {ErrorKind::input, "the zstd data needs a dictionary; compress it again without one"};
      case ZSTD_error_checksum_wrong:
        return damaged_stream("zstd", "does not match its checksum", decoded_bytes_).error();
      case ZSTD_error_prefix_unknown:
        return damaged_stream("zstd", "is followed by something else", decoded_bytes_).error();
      default: return damaged_stream("zstd", "is damaged", decoded_bytes_).error();
    }
  }

  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  CompressedInput input_;
  std::unique_ptr<ZSTD_DCtx, Free> stream_;
  bool in_frame_ = true;  // also before the first: an empty input is a truncated one
  std::uint64_t decoded_bytes_ = 0;
  std::uint64_t frame_bytes_ = 0;  // of the frame, compressed
  std::size_t expected_ = 0;       // what libzstd asks for next
  const int window_log_;
  std::uint64_t frame_window_ = 0;  // the largest so far
  std::optional<Error> failure_;
};

}  // namespace

std::unique_ptr<ByteSource> make_zstd_source(std::unique_ptr<ByteSource> source, std::uint64_t window_bytes) {
  return std::make_unique<ZstdSource>(std::move(source), window_bytes);
}

}  // namespace sluice
