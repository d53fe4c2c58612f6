// The decoders behind make_decoder (encoding.cpp), one factory for each kind.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <string>

#include "formats/encoding.h"

namespace sluice {

enum class SingleByteSet : std::uint8_t { windows_1252, iso_8859_1 };

std::unique_ptr<Decoder> make_single_byte_decoder(SingleByteSet set);
std::unique_ptr<Decoder> make_utf16_decoder(std::endian order);
std::unique_ptr<Decoder> make_utf32_decoder(std::endian order);
Result<std::unique_ptr<Decoder>> make_icu_decoder(const std::string& encoding);

inline constexpr char32_t kByteOrderMark = 0xFEFF;

// Appends one character and returns the place after it; needs room for four bytes. What is no character
// (a lone surrogate, a number beyond Unicode) becomes kUndecodable.
inline char* put_utf8(char* to, char32_t c) {
  if (c < 0x80) {
    *to++ = static_cast<char>(c);
  } else if (c < 0x800) {
    *to++ = static_cast<char>(0xC0 | c >> 6);
    *to++ = static_cast<char>(0x80 | (c & 0x3F));
  } else if ((c >= 0xD800 && c < 0xE000) || c > 0x10FFFF) {
    *to++ = kUndecodable;
  } else if (c < 0x10000) {
    *to++ = static_cast<char>(0xE0 | c >> 12);
    *to++ = static_cast<char>(0x80 | (c >> 6 & 0x3F));
    *to++ = static_cast<char>(0x80 | (c & 0x3F));
  } else {
    *to++ = static_cast<char>(0xF0 | c >> 18);
    *to++ = static_cast<char>(0x80 | (c >> 12 & 0x3F));
    *to++ = static_cast<char>(0x80 | (c >> 6 & 0x3F));
    *to++ = static_cast<char>(0x80 | (c & 0x3F));
  }
  return to;
}

}  // namespace sluice
