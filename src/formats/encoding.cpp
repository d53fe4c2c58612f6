// Which decoder serves which encoding, and the ByteSource that runs one over another source.
#include "formats/encoding.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "formats/encoding_decoders.h"

namespace sluice {
namespace {

constexpr std::size_t kRawBytes = 64 * 1024;  // stays in the second-level cache beside what it becomes

class DecodedSource : public ByteSource {
 public:
  DecodedSource(std::unique_ptr<ByteSource> source, std::unique_ptr<Decoder> decoder)
      : source_(std::move(source)), decoder_(std::move(decoder)) {}

  Result<std::size_t> read(std::span<char> into, std::stop_token stop) override {
    if (small_begin_ == small_end_) {
      if (into.size() >= Decoder::kLeastRoom) return decode(into, stop);
      small_begin_ = 0;
      small_end_ = TRY(decode(small_, stop));
    }
    std::size_t count = std::min(into.size(), small_end_ - small_begin_);
    std::memcpy(into.data(), small_.data() + small_begin_, count);
    small_begin_ += count;
    return count;
  }

 private:
  Result<std::size_t> decode(std::span<char> into, const std::stop_token& stop) {
    if (!raw_) raw_ = std::make_unique_for_overwrite<char[]>(kRawBytes);
    while (true) {
      std::string_view in(raw_.get() + raw_begin_, raw_end_ - raw_begin_);
      Decoder::Progress progress = decoder_->decode(in, into, raw_at_end_);
      raw_begin_ += progress.read;
      if (progress.written > 0) return progress.written;
      if (progress.read > 0) continue;
      if (raw_at_end_) return 0;
      TRY(read_raw(stop));
    }
  }

  Result<> read_raw(const std::stop_token& stop) {
    std::memmove(raw_.get(), raw_.get() + raw_begin_, raw_end_ - raw_begin_);
    raw_end_ -= raw_begin_;
    raw_begin_ = 0;
    std::size_t count = TRY(source_->read({raw_.get() + raw_end_, kRawBytes - raw_end_}, stop));
    raw_end_ += count;
    raw_at_end_ = count == 0;
    return {};
  }

  std::unique_ptr<ByteSource> source_;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<char[]> raw_;  // not decoded yet: from raw_begin_ to raw_end_
  std::size_t raw_begin_ = 0, raw_end_ = 0;
  bool raw_at_end_ = false;
  // Decoded for a reader that has no room for a whole character.
  std::array<char, Decoder::kLeastRoom> small_;
  std::size_t small_begin_ = 0, small_end_ = 0;
};

}  // namespace

Result<std::unique_ptr<Decoder>> make_decoder(const std::string& encoding) {
  if (encoding == "windows-1252") return make_single_byte_decoder(SingleByteSet::windows_1252);
  if (encoding == "iso-8859-1") return make_single_byte_decoder(SingleByteSet::iso_8859_1);
  if (encoding == "utf-16le") return make_utf16_decoder(std::endian::little);
  if (encoding == "utf-16be") return make_utf16_decoder(std::endian::big);
  if (encoding == "utf-32le") return make_utf32_decoder(std::endian::little);
  if (encoding == "utf-32be") return make_utf32_decoder(std::endian::big);
  return make_icu_decoder(encoding);
}

Result<std::unique_ptr<ByteSource>> decoded_source(std::unique_ptr<ByteSource> source,
                                                   const std::string& encoding) {
  if (encoding == "utf-8") return source;
  auto decoder = TRY(make_decoder(encoding));
  return std::make_unique<DecodedSource>(std::move(source), std::move(decoder));
}

}  // namespace sluice
