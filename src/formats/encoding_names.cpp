// What encodings are called. Any thread.
#include <unicode/ucnv.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "base/nearest.h"
#include "formats/encoding.h"

namespace sluice {
namespace {

// Names as they are compared: lower case, only letters and digits.
std::string bare(std::string_view name) {
  std::string letters;
  for (char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      letters.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
  }
  return letters;
}

// What we decode ourselves, and names that people write and ICU does not know or takes for something else.
// ASCII is read as UTF-8: it is its first half, and a byte beyond it is a reject in both.
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"utf8", "utf-8"},
    {"utf8sig", "utf-8"},
    {"utf8bom", "utf-8"},
    {"utf8mb4", "utf-8"},
    {"u8", "utf-8"},
    {"cp65001", "utf-8"},
    {"unicode11utf8", "utf-8"},
    {"ascii", "utf-8"},
    {"usascii", "utf-8"},
    {"utf16", "utf-16"},
    {"unicode", "utf-16"},
    {"ucs2", "utf-16"},
    {"utf16le", "utf-16le"},
    {"ucs2le", "utf-16le"},
    {"utf16be", "utf-16be"},
    {"ucs2be", "utf-16be"},
    {"utf32", "utf-32"},
    {"ucs4", "utf-32"},
    {"utf32le", "utf-32le"},
    {"utf32be", "utf-32be"},
    {"windows1252", "windows-1252"},
    {"win1252", "windows-1252"},
    {"cp1252", "windows-1252"},
    {"ansi", "windows-1252"},
    {"latin1", "iso-8859-1"},
    {"latin", "iso-8859-1"},
    {"l1", "iso-8859-1"},
    {"iso88591", "iso-8859-1"},
    {"iso885911987", "iso-8859-1"},
    {"macroman", "macintosh"},
    {"cp932", "windows-31j"},
    {"ms932", "windows-31j"},
    {"win1250", "windows-1250"},
    {"win1251", "windows-1251"},
    {"latin2", "iso-8859-2"},
    {"latin9", "iso-8859-15"},
    {"cp936", "gbk"},
    {"cp950", "big5"},
    {"cp949", "windows-949"},
};

// For "known are …": the usual ones; the whole list would be some hundred names.
constexpr std::string_view kUsual =
    "utf-8, utf-16le, utf-16be, utf-32le, utf-32be, windows-1252, iso-8859-1, iso-8859-15, windows-1250, "
    "windows-1251, macintosh, cp850, cp437, shift_jis, euc-jp, gb18030, big5, euc-kr, koi8-r and all others "
    "that ICU has";

std::string lower(std::string_view text) {
  std::string low(text);
  std::ranges::transform(low, low.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return low;
}

std::string_view own_name(std::string_view name) {
  std::string letters = bare(name);
  for (const auto& [alias, canonical] : kAliases) {
    if (alias == letters) return canonical;
  }
  return {};
}

// The name that ICU says is the standard one, "" where ICU does not know it.
std::string icu_name(const std::string& name) {
  UErrorCode error = U_ZERO_ERROR;
  UConverter* converter = ucnv_open(name.c_str(), &error);
  if (U_FAILURE(error)) return "";
  std::string internal = ucnv_getName(converter, &error);
  ucnv_close(converter);
  for (const char* standard : {"MIME", "IANA"}) {
    error = U_ZERO_ERROR;
    const char* found = ucnv_getStandardName(internal.c_str(), standard, &error);
    if (U_SUCCESS(error) && found != nullptr) return lower(found);
  }
  return lower(internal);
}

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const auto& [alias, canonical] : kAliases) {
    names.emplace_back(canonical);
    names.emplace_back(alias);
  }
  for (std::int32_t at = 0; at < ucnv_countAvailable(); ++at) {
    UErrorCode error = U_ZERO_ERROR;
    const char* converter = ucnv_getAvailableName(at);
    std::uint16_t aliases = ucnv_countAliases(converter, &error);
    for (std::uint16_t alias = 0; U_SUCCESS(error) && alias < aliases; ++alias) {
      names.push_back(lower(ucnv_getAlias(converter, alias, &error)));
    }
  }
  return names;
}

}  // namespace

Result<std::string> canonical_encoding(std::string_view name) {
  std::string_view own = own_name(name);
  if (!own.empty()) return std::string(own);
  // ICU takes an empty name for its own default.
  std::string standard = bare(name).empty() || name.size() > 60 ? "" : icu_name(std::string(name));
  if (!standard.empty()) {
    own = own_name(standard);
    return own.empty() ? standard : std::string(own);
  }
  std::string close = nearest(name, all_names());
  return fail(ErrorKind::usage, "the encoding '" + std::string(name) + "' is not known; " +
                                    (close.empty() ? "" : "did you mean '" + close + "'? ") + "Known are " +
                                    std::string(kUsual) + ".");
}

}  // namespace sluice
