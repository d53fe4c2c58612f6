#include "pipeline/utf8.h"

#include <unicode/utf8.h>

#include <cstdint>

namespace sluice {

namespace {

bool is_white_space(std::int32_t c) {
  if (c <= 0x20) return c == 0x20 || (c >= 0x09 && c <= 0x0d);
  if (c < 0x1680) return c == 0x85 || c == 0xa0;
  return c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
         c == 0x205f || c == 0x3000;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  const char* bytes = text.data();
  std::int64_t at = 0, size = static_cast<std::int64_t>(text.size());
  while (at < size) {
    std::int32_t c;
    U8_NEXT(bytes, at, size, c);
    if (c < 0) return false;
  }
  return true;
}

std::string repaired_utf8(std::string_view text) {
  std::string repaired;
  std::int64_t at = 0, size = static_cast<std::int64_t>(text.size());
  while (at < size) {
    std::int64_t begin = at;
    std::int32_t c;
    U8_NEXT(text.data(), at, size, c);
    repaired += c < 0 ? std::string_view("\xEF\xBF\xBD")
                      : text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(at - begin));
  }
  return repaired;
}

std::string_view cut_utf8(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

std::string_view trim_unicode(std::string_view text) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  std::int32_t begin = 0, end = static_cast<std::int32_t>(text.size());  // a cell is far below 2 GiB
  while (begin < end) {
    std::int32_t next = begin;
    std::int32_t c;
    U8_NEXT(bytes, next, end, c);
    if (!is_white_space(c)) break;
    begin = next;
  }
  while (end > begin) {
    std::int32_t before = end;
    std::int32_t c;
    U8_PREV(bytes, begin, before, c);
    if (!is_white_space(c)) break;
    end = before;
  }
  return text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
}

}  // namespace sluice
