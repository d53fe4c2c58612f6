// Zstandard by libzstd. Frames follow each other; the window is bounded. One thread per source.
#include <zstd.h>
#include <zstd_errors.h>

#include <optional>

#include "formats/compression_streams.h"

namespace sluice {
namespace {

// A frame says how far back it refers, and the reader must keep that much. All levels up to 20 stay within
// 32 MiB (up to 19 within 8 MiB); 128 MiB, which --long and level 22 may ask for, is all the memory we have.
constexpr int kWindowLog = 25;

class ZstdSource : public ByteSource {
 public:
  explicit ZstdSource(std::unique_ptr<ByteSource> source)
      : input_(std::move(source)), stream_(ZSTD_createDCtx()) {
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kWindowLog);
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
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    std::size_t left = ZSTD_decompressStream(stream_.get(), &out, &in);
    input_.take(in.pos);
    decoded_bytes_ += out.pos;
    in_frame_ = left != 0;
    if (ZSTD_isError(left)) {
      failure_ = error_of(left);
    } else if (!has_input && in_frame_ && out.pos == 0) {
      failure_ = damaged_stream("zstd", "ends too early,", decoded_bytes_).error();
    }
    return out.pos;
  }

  Error error_of(std::size_t code) const {
    switch (ZSTD_getErrorCode(code)) {
      case ZSTD_error_frameParameter_windowTooLarge:
        return {
            ErrorKind::input,
            "the zstd data needs a window of more than 32 MiB to be decompressed; compress it again without "
            "--long and with a level up to 20"};
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
  std::optional<Error> failure_;
};

}  // namespace

std::unique_ptr<ByteSource> make_zstd_source(std::unique_ptr<ByteSource> source) {
  return std::make_unique<ZstdSource>(std::move(source));
}

}  // namespace sluice
