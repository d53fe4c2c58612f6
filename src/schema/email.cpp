// Checks e-mail addresses. See email.h.
#include "schema/email.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace sluice {
namespace {

// Lengths of RFC 5321, section 4.5.3.1.
constexpr std::size_t kLongestLocal = 64, kLongestAddress = 254, kLongestLabel = 63;

enum : std::uint8_t { kLocal = 1, kLabel = 2 };
constexpr auto kClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
    if (alphanumeric) classes[c] = kLocal | kLabel;
  }
  for (char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '/', '=', '?', '^', '_', '`', '{', '|', '}', '~'})
    classes[static_cast<unsigned char>(c)] = kLocal;
  classes['-'] = kLocal | kLabel;
  return classes;
}();

bool has_class(char c, std::uint8_t wanted) {
  return (kClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

bool is_local(std::string_view local) {
  if (local.empty() || local.size() > kLongestLocal || local.front() == '.' || local.back() == '.')
    return false;
  for (std::size_t i = 0; i < local.size(); ++i)
    if (!has_class(local[i], kLocal) && !(local[i] == '.' && local[i - 1] != '.')) return false;
  return true;
}

bool is_domain(std::string_view domain) {
  std::size_t labels = 0, from = 0;
  bool letters_at_end = false;
  while (true) {
    std::size_t at = from;
    letters_at_end = false;
    for (; at < domain.size() && domain[at] != '.'; ++at) {
      if (!has_class(domain[at], kLabel)) return false;
      letters_at_end |= static_cast<unsigned char>(domain[at] - '0') > 9;
    }
    if (at == from || at - from > kLongestLabel || domain[from] == '-' || domain[at - 1] == '-') return false;
    ++labels;
    if (at == domain.size()) return labels >= 2 && letters_at_end && at - from >= 2;
    from = at + 1;
  }
}

#ifdef __SSE2__
// Which of the bytes of a text that fits in are what, a bit for each byte, the first the lowest.
struct ByteMap {
  static constexpr std::size_t kSize = 64;
  std::uint64_t word = 0, digit = 0, at = 0, dot = 0, hyphen = 0, mark = 0;  // mark: '_' or '+'
};

ByteMap map_bytes(std::string_view text) {
  alignas(16) char bytes[ByteMap::kSize] = {};
  std::memcpy(bytes, text.data(), text.size());
  ByteMap map;
  for (std::size_t i = 0; i < text.size(); i += 16) {
    const __m128i sixteen = _mm_load_si128(reinterpret_cast<const __m128i*>(bytes + i));
    // From zero up after the subtraction, seen as signed: the smallest are the ones within the range.
    auto within = [](__m128i of, char first, int count) {
      const __m128i moved = _mm_add_epi8(of, _mm_set1_epi8(static_cast<char>(-128 - first)));
      return _mm_cmplt_epi8(moved, _mm_set1_epi8(static_cast<char>(-128 + count)));
    };
    auto bits = [i](__m128i chosen) {
      return std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(chosen))} << i;
    };
    auto equal = [sixteen](char c) { return _mm_cmpeq_epi8(sixteen, _mm_set1_epi8(c)); };
    const __m128i digit = within(sixteen, '0', 10);
    const __m128i letter = within(_mm_or_si128(sixteen, _mm_set1_epi8(0x20)), 'a', 26);
    map.digit |= bits(digit);
    map.word |= bits(_mm_or_si128(_mm_or_si128(digit, letter), sixteen));  // 0x80 and above: the sign bit
    map.at |= bits(equal('@'));
    map.dot |= bits(equal('.'));
    map.hyphen |= bits(equal('-'));
    map.mark |= bits(_mm_or_si128(equal('_'), equal('+')));
  }
  return map;
}

// What is_local and is_domain say, of the addresses that nearly all are: no longer than a ByteMap, with one @
// and none of the rarer characters. std::nullopt: another.
std::optional<bool> judge_usual(std::string_view text) {
  if (text.empty() || text.size() > ByteMap::kSize) return std::nullopt;
  const ByteMap map = map_bytes(text);
  const std::uint64_t last = std::uint64_t{1} << (text.size() - 1), all = last | (last - 1);
  const std::uint64_t known = map.word | map.at | map.dot | map.hyphen | map.mark;
  if ((known & all) != all || !std::has_single_bit(map.at)) return std::nullopt;
  auto beside = [](std::uint64_t these) { return these << 1 | these >> 1; };
  const std::uint64_t domain = all & ~(map.at | (map.at - 1));
  const std::uint64_t at_an_end = last | 1 | beside(map.at);
  std::uint64_t bad = map.dot & (at_an_end | beside(map.dot));
  bad |= domain & map.hyphen & (at_an_end | beside(map.dot));
  bad |= domain & map.mark;
  bad |= map.at & (last | 1);
  const std::uint64_t dots = map.dot & domain;
  if (bad != 0 || dots == 0) return false;
  const int begin = std::bit_width(dots);  // of the last label
  return text.size() - static_cast<std::size_t>(begin) >= 2 && (all & ~map.digit) >> begin != 0;
}
#else
std::optional<bool> judge_usual(std::string_view) { return std::nullopt; }
#endif

}  // namespace

bool is_email(std::string_view text) {
  if (auto usual = judge_usual(text)) [[likely]]
    return *usual;
  return is_email_by_character(text);
}

bool is_email_by_character(std::string_view text) {
  std::size_t at = text.find('@');
  if (at == std::string_view::npos || text.size() > kLongestAddress) return false;
  return is_local(text.substr(0, at)) && is_domain(text.substr(at + 1));
}

std::string mend_email(std::string_view text) {
  if (text.size() > 2 * kLongestAddress) return {};
  if (std::size_t open = text.find('<'), close = text.find('>');
      open != std::string_view::npos && close != std::string_view::npos && open < close)
    text = text.substr(open + 1, close - open - 1);
  std::string mended;
  for (char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    if (c == ',' || c == ';') c = '.';
    if ((c == '.' || c == '@') && !mended.empty() && mended.back() == c) continue;
    mended += c;
  }
  if (mended.starts_with("mailto:")) mended.erase(0, 7);
  while (!mended.empty() && mended.back() == '.') mended.pop_back();
  if (mended.find('@') == std::string::npos)
    for (std::string_view at : {"(at)", "[at]"})
      if (std::size_t found = mended.find(at); found != std::string::npos)
        mended.replace(found, at.size(), "@");
  if (std::size_t found = mended.find("(dot)"); found != std::string::npos) mended.replace(found, 5, ".");
  return mended != text && is_email(mended) ? mended : std::string();
}

}  // namespace sluice
