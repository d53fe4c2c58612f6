// Every other encoding by ICU's converters. The converter stops at what it cannot decode, so that it is
// marked and not replaced. One thread per decoder.
#include <unicode/ucnv.h>

#include <algorithm>
#include <array>

#include "formats/encoding_decoders.h"

namespace sluice {
namespace {

class IcuDecoder : public Decoder {
 public:
  explicit IcuDecoder(UConverter* converter) : converter_(converter) {}

  Progress decode(std::string_view in, std::span<char> out, bool at_end) override {
    // Three bytes for each unit, and one mark, and one more for a surrogate left from before.
    std::size_t room = std::min(units_.size(), (out.size() - 4) / 3);
    const char* from = in.data();
    UChar* unit = units_.data();
    UErrorCode error = U_ZERO_ERROR;
    ucnv_toUnicode(converter_.get(), &unit, units_.data() + room, &from, in.data() + in.size(), nullptr,
                   static_cast<UBool>(at_end), &error);
    char* to = out.data();
    for (const UChar* at = units_.data(); at != unit; ++at) to = put_unit(to, *at);
    bool undecodable = U_FAILURE(error) && error != U_BUFFER_OVERFLOW_ERROR;
    bool all = at_end && !undecodable && from == in.data() + in.size() && unit == units_.data();
    if (high_ != 0 && (undecodable || all)) {
      *to++ = kUndecodable;
      high_ = 0;
    }
    if (undecodable) *to++ = kUndecodable;
    return {static_cast<std::size_t>(from - in.data()), static_cast<std::size_t>(to - out.data())};
  }

 private:
  char* put_unit(char* to, UChar unit) {
    if (high_ != 0) {
      char32_t high = std::exchange(high_, UChar{0});
      if (U16_IS_TRAIL(unit)) return put_utf8(to, U16_GET_SUPPLEMENTARY(high, unit));
      *to++ = kUndecodable;
    }
    bool first = !std::exchange(begun_, true);
    if (first && unit == kByteOrderMark) return to;
    if (U16_IS_LEAD(unit)) {
      high_ = unit;
      return to;
    }
    return put_utf8(to, unit);
  }

  struct Close {
    void operator()(UConverter* converter) const { ucnv_close(converter); }
  };
  std::unique_ptr<UConverter, Close> converter_;
  std::array<UChar, 2048> units_{};
  UChar high_ = 0;  // a high surrogate whose low one is to follow
  bool begun_ = false;
};

}  // namespace

Result<std::unique_ptr<Decoder>> make_icu_decoder(const std::string& encoding) {
  UErrorCode error = U_ZERO_ERROR;
  UConverter* converter = ucnv_open(encoding.c_str(), &error);
  if (U_FAILURE(error)) return fail(ErrorKind::usage, "the encoding '" + encoding + "' is not known here");
  auto decoder = std::make_unique<IcuDecoder>(converter);
  ucnv_setToUCallBack(converter, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
  if (U_FAILURE(error))
    return fail(ErrorKind::internal, "the decoder for '" + encoding + "' cannot be set up");
  return decoder;
}

}  // namespace sluice
