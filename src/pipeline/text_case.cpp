#include "pipeline/text_case.h"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>

#include <string>

namespace sluice {

namespace {

enum class To : bool { lower, upper };

template <To to>
std::string_view unicode_case(std::string_view text, Arena& arena) {
  std::string changed;
  icu::StringByteSink<std::string> sink(&changed, static_cast<std::int32_t>(text.size()));
  UErrorCode error = U_ZERO_ERROR;
  icu::StringPiece piece(text.data(), static_cast<std::int32_t>(text.size()));
  if constexpr (to == To::lower) {
    icu::CaseMap::utf8ToLower("", 0, piece, sink, nullptr, error);
  } else {
    icu::CaseMap::utf8ToUpper("", 0, piece, sink, nullptr, error);
  }
  if (U_FAILURE(error) || changed == text) return text;
  return arena.copy(changed);
}

template <To to>
std::string_view change_case(std::string_view text, Arena& arena) {
  constexpr char kFirst = to == To::lower ? 'A' : 'a';
  auto changes = [](char c) { return static_cast<unsigned char>(c - kFirst) < 26; };
  bool any = false;
  unsigned char all = 0;
  for (char c : text) {
    any |= changes(c);
    all |= static_cast<unsigned char>(c);
  }
  if (all >= 0x80) [[unlikely]]
    return unicode_case<to>(text, arena);
  if (!any) return text;
  char* out = arena.allocate(text.size());
  for (std::size_t i = 0; i < text.size(); ++i)
    out[i] = static_cast<char>(text[i] ^ (changes(text[i]) ? 0x20 : 0));
  return {out, text.size()};
}

}  // namespace

std::string_view lowercase(std::string_view text, Arena& arena) {
  return change_case<To::lower>(text, arena);
}
std::string_view uppercase(std::string_view text, Arena& arena) {
  return change_case<To::upper>(text, arena);
}

}  // namespace sluice
