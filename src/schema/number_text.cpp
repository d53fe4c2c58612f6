// Reads numbers as people write them. See number_text.h.
#include "schema/number_text.h"

#include <algorithm>
#include <array>

#include "base/decimal.h"
#include "schema/moment.h"
#include "schema/rule.h"

namespace sluice {
namespace {

// ECMAScript writes 10^21 and above, and less than 10^-6, with an exponent: beyond these the slow path
// decides.
constexpr std::size_t kPlainIntegerDigits = 20, kPlainLeadingZeros = 5;

struct Scaled {
  std::int64_t mantissa = 0;
  int scale = 0;  // value = mantissa / 10^scale
};

std::optional<Scaled> scaled(std::string_view text) {
  Scaled result;
  bool negative = !text.empty() && text[0] == '-';
  int digits = 0;
  bool point = false;
  for (char c : text.substr(negative)) {
    if (c == '.') {
      point = true;
      continue;
    }
    if (!is_digit(c) || ++digits > 18) return std::nullopt;
    result.mantissa = result.mantissa * 10 + (c - '0');
    result.scale += point;
  }
  if (negative) result.mantissa = -result.mantissa;
  return result;
}

// "1,234,567" or "1,234.5" by a group character: groups between digits of the integer part only.
bool drop_groups(std::string_view text, std::string_view group, char decimal_char, char*& to) {
  bool in_fraction = false;
  for (std::size_t i = 0; i < text.size();) {
    char c = text[i];
    if (!group.empty() && text.substr(i).starts_with(group)) {
      bool inside = i > 0 && is_digit(text[i - 1]) && i + group.size() < text.size() &&
                    is_digit(text[i + group.size()]);
      if (in_fraction || !inside) return false;
      i += group.size();
      continue;
    }
    if (c == decimal_char) {
      in_fraction = true;
      c = '.';
    } else if (c == '.') {
      return false;
    } else if (c == 'e' || c == 'E') {
      in_fraction = true;
    }
    *to++ = c;
    ++i;
  }
  return true;
}

// "$ 95.00" → "95.00", "-€5" → "-5", "95%" → "95". Letters and signs around the number go, a minus in front
// stays.
std::string_view strip_bare(std::string_view text, char decimal_char, bool& negative) {
  std::size_t first = 0;
  auto starts_number = [&](std::size_t i) {
    return is_digit(text[i]) || (text[i] == decimal_char && i + 1 < text.size() && is_digit(text[i + 1]));
  };
  while (first < text.size() && !starts_number(first)) ++first;
  std::string_view prefix = trimmed(text.substr(0, first));
  negative = prefix.starts_with("-") || prefix.ends_with("-");
  std::size_t last = text.size();
  while (last > first && !is_digit(text[last - 1])) --last;
  return text.substr(first, last - first);
}

}  // namespace

bool is_plain_canonical(std::string_view text) {
  const char* at = text.data();
  const char* end = at + text.size();
  if (at == end) return false;
  bool negative = *at == '-';
  at += negative;
  const char* from = at;
  while (at != end && is_digit(*at)) ++at;
  std::size_t digits = static_cast<std::size_t>(at - from);
  if (digits == 0 || digits > kPlainIntegerDigits) return false;
  bool zero = *from == '0';
  if (zero && digits > 1) return false;
  if (at == end) return !(zero && negative);
  if (*at != '.' || at + 1 == end || end[-1] == '0') return false;
  const char* fraction = ++at;
  while (at != end && is_digit(*at)) ++at;
  if (at != end) return false;
  if (!zero) return true;
  const char* significant = fraction;
  while (*significant == '0') ++significant;
  return static_cast<std::size_t>(significant - fraction) <= kPlainLeadingZeros;
}

bool is_integer_text(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

bool is_canonical_integer(std::string_view canonical) {
  if (canonical.find('e') == std::string_view::npos) return canonical.find('.') == std::string_view::npos;
  auto value = parse_decimal(canonical);
  return value && value->is_integer();
}

std::optional<std::string_view> canonical_in(std::string_view text, Arena& arena) {
  if (is_plain_canonical(text)) return text;
  thread_local std::string scratch;
  auto canonical = canonical_decimal(text, scratch);
  if (!canonical) return std::nullopt;
  return canonical->data() == text.data() ? *canonical : arena.copy(*canonical);
}

std::optional<std::string_view> NumberSpelling::plain(std::string_view text, Arena& arena) const {
  if (is_default()) return text;
  bool negative = false;
  std::string_view number = text;
  if (!bare) {
    if (text.starts_with('(') && text.ends_with(')'))
      return std::nullopt;  // an accountant's minus: do not guess
    number = strip_bare(text, decimal_char, negative);
  }
  char* buffer = arena.allocate(number.size() + 1);
  char* to = buffer;
  if (negative) *to++ = '-';
  if (!drop_groups(number, group_char, decimal_char, to)) return std::nullopt;
  std::size_t size = static_cast<std::size_t>(to - buffer);
  arena.shrink_last(size);
  return std::string_view(buffer, size);
}

int compare_canonical(std::string_view a, std::string_view b) {
  static constexpr auto kPowers = [] {
    std::array<std::int64_t, 19> powers{1};
    for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
    return powers;
  }();
  auto x = scaled(a), y = scaled(b);
  if (x && y) {
    __extension__ using Wide = __int128;
    int scale = std::max(x->scale, y->scale);
    Wide left = static_cast<Wide>(x->mantissa) * kPowers[static_cast<std::size_t>(scale - x->scale)];
    Wide right = static_cast<Wide>(y->mantissa) * kPowers[static_cast<std::size_t>(scale - y->scale)];
    return left < right ? -1 : left > right;
  }
  auto left = parse_decimal(a), right = parse_decimal(b);
  return left && right ? compare(*left, *right) : a.compare(b);
}

std::string mend_number(std::string_view text, bool whole) {
  Arena arena;
  auto good = [&](std::string_view candidate) -> std::string {
    auto value = canonical_in(candidate, arena);
    if (!value || (whole && !is_canonical_integer(*value))) return {};
    if (whole && !is_integer_text(candidate))
      return is_integer_text(*value) ? std::string(*value) : std::string();
    return std::string(candidate);
  };
  if (text.size() > 64) return {};
  std::string bare;
  bool accounting = text.starts_with('(') && text.ends_with(')');
  bool negative = false;
  std::string_view rest = trimmed(text);
  // Only signs and blanks are taken off: "12,3x" is no number with a unit.
  std::string_view stripped = strip_bare(rest, '.', negative);
  std::size_t before = static_cast<std::size_t>(stripped.data() - rest.data());
  std::string outside =
      std::string(rest.substr(0, before)) + std::string(rest.substr(before + stripped.size()));
  for (char c : outside)
    if (static_cast<unsigned char>((c | 0x20) - 'a') < 26 || c == '.' || c == '/') return {};
  if (negative || accounting) bare = "-";
  std::size_t commas = 0, points = 0;
  for (char c : stripped)
    if (c != ' ' && c != '\'' && static_cast<unsigned char>(c) < 0x80) {
      commas += c == ',';
      points += c == '.';
      bare += c;
    }
  std::string found = good(bare);
  if (!found.empty() && found != text) return found;
  std::size_t comma = bare.find(','), point = bare.rfind('.');
  bool thousands = commas > 0 && bare.size() - bare.rfind(',') == 4;
  if (commas == 1 && points == 0) {
    if (thousands && !whole) return {};  // 1,234 may be 1234 or 1.234
    if (thousands)
      bare.erase(comma, 1);
    else
      bare[comma] = '.';
    return good(bare);
  }
  if (commas > 0 && points <= 1 && (points == 0 ? thousands : bare.rfind(',') < point)) {
    std::erase(bare, ',');
    return good(bare);
  }
  if (points > 0 && commas == 1 && point < comma) {
    std::erase(bare, '.');
    bare[bare.find(',')] = '.';
    return good(bare);
  }
  return {};
}

}  // namespace sluice
