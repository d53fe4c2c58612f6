// Strings, numbers and cells in RFC 8785 form; jcs_json.cpp has the nested values.
#include "pipeline/jcs.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/decimal.h"

namespace sluice {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
static_assert(std::endian::native == std::endian::little, "the lowest byte has to be the first one");

// The high bit of each byte that has to be escaped: below 0x20, a quote or a backslash. Above the first such
// byte there may be false ones (the borrow of a subtraction), so only the lowest bit says where.
std::uint64_t bytes_to_escape(std::uint64_t eight) {
  std::uint64_t control = eight - kOnes * 0x20;
  std::uint64_t quote = (eight ^ kOnes * '"') - kOnes;
  std::uint64_t backslash = (eight ^ kOnes * '\\') - kOnes;
  // A byte ≥ 0x80 stays ≥ 0x80 under all three xors, so ~eight takes every one of them out.
  return (control | quote | backslash) & ~eight & kHighs;
}

std::uint64_t load8(const char* from) {
  std::uint64_t eight;
  std::memcpy(&eight, from, 8);
  return eight;
}

// Fewer than eight bytes without a read or write beyond them: two overlapping halves, or single bytes.
std::uint64_t load_few(const char* from, std::size_t count) {
  if (count >= 4) {
    std::uint32_t low, high;
    std::memcpy(&low, from, 4);
    std::memcpy(&high, from + count - 4, 4);
    return low | static_cast<std::uint64_t>(high) << 8 * (count - 4);
  }
  auto byte = [&](std::size_t i) {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(from[i])) << 8 * i;
  };
  return count == 0 ? 0 : byte(0) | byte(count / 2) | byte(count - 1);
}

void store_few(char* to, std::uint64_t bytes, std::size_t count) {
  if (count >= 4) {
    std::memcpy(to, &bytes, 4);
    std::uint32_t high = static_cast<std::uint32_t>(bytes >> 8 * (count - 4));
    std::memcpy(to + count - 4, &high, 4);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<char>(bytes >> 8 * i);
}

// The shortest escape, as RFC 8785 section 3.2.2.2 asks for.
char* write_escape(char* out, char c) {
  static constexpr char kHex[] = "0123456789abcdef";
  *out++ = '\\';
  switch (c) {
    case '"': *out++ = '"'; return out;
    case '\\': *out++ = '\\'; return out;
    case '\b': *out++ = 'b'; return out;
    case '\t': *out++ = 't'; return out;
    case '\n': *out++ = 'n'; return out;
    case '\f': *out++ = 'f'; return out;
    case '\r': *out++ = 'r'; return out;
    default: break;
  }
  *out++ = 'u';
  *out++ = '0';
  *out++ = '0';
  *out++ = kHex[c >> 4];
  *out++ = kHex[c & 15];
  return out;
}

std::size_t find_escape(std::string_view text, std::size_t from) {
  for (; from + 8 <= text.size(); from += 8)
    if (std::uint64_t hits = bytes_to_escape(load8(text.data() + from)))
      return from + static_cast<std::size_t>(std::countr_zero(hits)) / 8;
  std::size_t left = text.size() - from;
  // The bytes after the text are zero here, which looks like a control character just behind its end.
  std::uint64_t hits = left == 0 ? 0 : bytes_to_escape(load_few(text.data() + from, left));
  return hits == 0 ? text.size() : from + static_cast<std::size_t>(std::countr_zero(hits)) / 8;
}

}  // namespace

bool jcs_less(std::string_view a, std::string_view b) {
  std::size_t common = std::min(a.size(), b.size());
  auto [left, right] = std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(common), b.begin());
  if (left == a.begin() + static_cast<std::ptrdiff_t>(common)) return a.size() < b.size();
  // UTF-8 sorts by code point. UTF-16 differs in one thing: U+10000 and above begin with a surrogate, which
  // is smaller than U+E000 to U+FFFF, whose first bytes are 0xEE and 0xEF.
  auto rank = [](char c) {
    unsigned byte = static_cast<unsigned char>(c);
    return byte == 0xEE || byte == 0xEF ? byte + 0x100 : byte;
  };
  return rank(*left) < rank(*right);
}

char* append_jcs_string(char* out, std::string_view text) {
  const char* from = text.data();
  const char* const end = from + text.size();
  *out++ = '"';
  while (end - from >= 8) {
    std::uint64_t eight = load8(from);
    std::uint64_t hits = bytes_to_escape(eight);
    // Eight bytes always fit: eight of the text are left, and each has six bytes of room.
    std::memcpy(out, &eight, 8);
    if (hits == 0) [[likely]] {
      from += 8;
      out += 8;
      continue;
    }
    std::ptrdiff_t clean = std::countr_zero(hits) / 8;
    out = write_escape(out + clean, from[clean]);
    from += clean + 1;
  }
  while (from != end) {
    std::size_t left = static_cast<std::size_t>(end - from);
    std::uint64_t few = load_few(from, left);
    std::uint64_t hits = bytes_to_escape(few | kOnes * ' ' << 8 * left);  // blanks behind the end
    std::size_t clean = hits == 0 ? left : static_cast<std::size_t>(std::countr_zero(hits)) / 8;
    store_few(out, few, clean);
    out += clean;
    from += clean;
    if (hits != 0) out = write_escape(out, *from++);
  }
  *out++ = '"';
  return out;
}

void append_jcs_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t from = 0;;) {
    std::size_t hit = find_escape(text, from);
    out.append(text, from, hit - from);
    if (hit >= text.size()) break;
    std::array<char, 6> escape;
    out.append(escape.data(),
               static_cast<std::size_t>(write_escape(escape.data(), text[hit]) - escape.data()));
    from = hit + 1;
  }
  out += '"';
}

void append_jcs_number(std::string& out, std::string_view decimal) {
  std::string scratch;
  std::optional<std::string_view> canonical = canonical_decimal(decimal, scratch);
  if (!canonical) return append_jcs_string(out, decimal);
  if (is_exact_json_number(*canonical)) {
    out.append(*canonical);
  } else {
    out.append(1, '"').append(*canonical).append(1, '"');
  }
}

Result<> append_jcs_cell(std::string& out, const Cell& cell) {
  switch (cell.kind) {
    case CellKind::missing:
    case CellKind::null: out += "null"; break;
    case CellKind::string: append_jcs_string(out, cell.text()); break;
    case CellKind::number: append_jcs_number(out, cell.text()); break;
    case CellKind::boolean: out.append(cell.text()); break;
    case CellKind::json: return append_jcs_json(out, cell.text());
  }
  return {};
}

}  // namespace sluice
