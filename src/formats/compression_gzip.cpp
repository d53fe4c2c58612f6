// Gzip by ISA-L, which inflates two to three times as fast as zlib. Members follow each other, zeros may
// follow the last (tape blocks). One thread per source.
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <optional>

#include "formats/compression_streams.h"

namespace sluice {
namespace {

std::string_view what_is_wrong(int code) {
  switch (code) {
    case ISAL_INCORRECT_CHECKSUM:
      return "does not match its checksum";
    case ISAL_UNSUPPORTED_METHOD:
      return "is compressed by an unknown method";
    default:
      return "is damaged";
  }
}

class GzipSource : public ByteSource {
 public:
  explicit GzipSource(std::unique_ptr<ByteSource> source) : input_(std::move(source)) {}

  Result<std::size_t> read(std::span<char> into, std::stop_token stop) override {
    while (!failure_) {
      if (!in_member_) {
        bool another = TRY(begin_member(stop));
        if (failure_) break;
        if (!another) return 0;
      }
      bool more = TRY(input_.refill(stop));
      std::size_t written = inflate(into, more);
      if (written > 0) return written;
    }
    return std::unexpected(*failure_);
  }

 private:
  // Comes to the next member; false at the end of the input.
  Result<bool> begin_member(const std::stop_token& stop) {
    while (TRY(input_.refill(stop))) {
      std::string_view bytes = input_.bytes();
      if (members_ > 0 && bytes[0] == '\0') {
        std::size_t zeros = std::min(bytes.find_first_not_of('\0'), bytes.size());
        input_.take(zeros);
        continue;
      }
      if (bytes[0] != '\x1f') {
        failure_ = damaged_stream("gzip", "is followed by something else", decoded_bytes_).error();
        return false;
      }
      isal_inflate_init(&state_);
      state_.crc_flag = ISAL_GZIP;
      in_member_ = true;
      ++members_;
      return true;
    }
    return false;
  }

  // Returns the bytes written; sets in_member_ or failure_ when it comes to the member's end or a bad place.
  std::size_t inflate(std::span<char> into, bool has_input) {
    std::string_view bytes = input_.bytes();
    state_.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
    state_.avail_in = static_cast<std::uint32_t>(bytes.size());
    state_.next_out = reinterpret_cast<std::uint8_t*>(into.data());
    std::size_t room = std::min<std::size_t>(into.size(), 1u << 30);
    state_.avail_out = static_cast<std::uint32_t>(room);
    int code = isal_inflate(&state_);
    input_.take(bytes.size() - state_.avail_in);
    std::size_t written = room - state_.avail_out;
    decoded_bytes_ += written;
    if (code < ISAL_DECOMP_OK) {
      failure_ = damaged_stream("gzip", what_is_wrong(code), decoded_bytes_).error();
    } else if (state_.block_state == ISAL_BLOCK_FINISH) {
      in_member_ = false;
    } else if (!has_input && written == 0) {
      failure_ = damaged_stream("gzip", "ends too early,", decoded_bytes_).error();
    }
    return written;
  }

  CompressedInput input_;
  inflate_state state_;
  bool in_member_ = false;
  std::uint64_t members_ = 0;
  std::uint64_t decoded_bytes_ = 0;
  std::optional<Error> failure_;
};

}  // namespace

std::unique_ptr<ByteSource> make_gzip_source(std::unique_ptr<ByteSource> source) {
  return std::make_unique<GzipSource>(std::move(source));
}

}  // namespace sluice
