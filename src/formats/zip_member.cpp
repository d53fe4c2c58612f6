// By ISA-L, as gzip. Limits go by the bytes that came out, never by what the archive says of them.
#include "formats/zip_member.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <optional>

namespace sluice {
namespace {

constexpr std::size_t kPackedBytes = 64 * 1024;

class ZipMemberSource : public ByteSource {
 public:
  ZipMemberSource(std::unique_ptr<ByteSource> packed, const ZipMember& member)
      : packed_(std::move(packed)), member_(member), left_(member.packed_bytes) {
    if (member_.method == kZipStored) return;
    inflate_ = std::make_unique<inflate_state>();
    isal_inflate_init(inflate_.get());  // without a header: what a zip archive holds
    block_ = std::make_unique_for_overwrite<char[]>(kPackedBytes);
  }

  Result<std::size_t> read(std::span<char> into, std::stop_token stop) override {
    if (failure_) return std::unexpected(*failure_);
    if (done_) return 0;
    auto count = inflate_ ? read_deflated(into, stop) : read_stored(into, stop);
    if (!count) return count;
    checksum_ = crc32_gzip_refl(checksum_, reinterpret_cast<const unsigned char*>(into.data()), *count);
    plain_ += *count;
    if (auto refused = over_limit()) failure_ = Error{ErrorKind::input, std::move(*refused)};
    if (!failure_ && done_ &&
        (checksum_ != member_.checksum || plain_ != low_bits(member_.plain_bytes, plain_)))
      fail_damaged("does not match its checksum");
    // What came out before the damage was seen is handed out; the next read says what is wrong.
    if (failure_ && *count == 0) return std::unexpected(*failure_);
    if (failure_) done_ = false;
    return count;
  }

 private:
  // A writer without zip64 keeps only the lower 32 bits of a size.
  static std::uint64_t low_bits(std::uint64_t declared, std::uint64_t counted) {
    constexpr std::uint64_t kLow = 0xFFFFFFFF;
    return declared <= kLow && (counted & kLow) == declared ? counted : declared;
  }

  Result<std::size_t> read_stored(std::span<char> into, const std::stop_token& stop) {
    std::size_t count = 0;
    if (left_ > 0) {
      count = TRY(packed_->read(into.first(std::min<std::uint64_t>(into.size(), left_)), stop));
      if (count == 0) fail_damaged("ends too early");
    }
    left_ -= count;
    done_ = left_ == 0;
    return count;
  }

  Result<std::size_t> read_deflated(std::span<char> into, const std::stop_token& stop) {
    inflate_->next_out = reinterpret_cast<std::uint8_t*>(into.data());
    const std::size_t room = std::min<std::size_t>(into.size(), 1u << 30);
    inflate_->avail_out = static_cast<std::uint32_t>(room);
    while (inflate_->avail_out == room && !done_ && !failure_) {
      if (inflate_->avail_in == 0 && left_ > 0) {
        std::size_t count =
            TRY(packed_->read({block_.get(), std::min<std::uint64_t>(kPackedBytes, left_)}, stop));
        if (count == 0) fail_damaged("ends too early");
        left_ -= count;
        inflate_->next_in = reinterpret_cast<std::uint8_t*>(block_.get());
        inflate_->avail_in = static_cast<std::uint32_t>(count);
      }
      const bool starved = inflate_->avail_in == 0;
      const int code = isal_inflate(inflate_.get());
      if (code < ISAL_DECOMP_OK) fail_damaged("cannot be decompressed");
      if (inflate_->block_state == ISAL_BLOCK_FINISH) done_ = true;
      if (starved && !done_ && inflate_->avail_out == room) fail_damaged("ends too early");
    }
    return room - inflate_->avail_out;
  }

  std::optional<std::string> over_limit() const {
    const std::string title = "'" + member_.name + "'";
    if (plain_ > kZipMostMemberBytes)
      return "unpacks to more than " + std::to_string(kZipMostMemberBytes >> 30) + " GiB in " + title +
             ", which is over the limit; split it, or save a sheet as CSV";
    if (plain_ > kZipFreeBytes && plain_ / kZipMostRatio > member_.packed_bytes)
      return "is compressed more than " + std::to_string(kZipMostRatio) + " to 1 in " + title +
             ", as only a zip bomb is: it is over the limit and not read further; if it is honest, save the "
             "sheet as CSV, or send the file by itself";
    return std::nullopt;
  }

  void fail_damaged(std::string_view what) {
    failure_ =
        Error{ErrorKind::input, "is damaged: '" + member_.name + "' in it " + std::string(what) + " after " +
                                    std::to_string(plain_) + " bytes. Fetch or save it again"};
  }

  std::unique_ptr<ByteSource> packed_;
  const ZipMember member_;
  std::uint64_t left_;  // packed bytes that were not read yet
  std::unique_ptr<inflate_state> inflate_;
  std::unique_ptr<char[]> block_;
  std::uint32_t checksum_ = 0;
  std::uint64_t plain_ = 0;
  bool done_ = false;
  std::optional<Error> failure_;
};

}  // namespace

std::unique_ptr<ByteSource> zip_member_source(std::unique_ptr<ByteSource> packed, const ZipMember& member) {
  return std::make_unique<ZipMemberSource>(std::move(packed), member);
}

}  // namespace sluice
