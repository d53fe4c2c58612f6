#include "formats/json_scanner.h"

#include <cstring>

#include "base/ascii.h"
#include "formats/json_blocks.h"
#include "rows/issue.h"

namespace sluice {
namespace {

constexpr const char* kNul = "the character U+0000 (\\u0000)";
constexpr const char* kSurrogate =
    "half of a surrogate pair (\\ud800 to \\udfff standing alone), which is no character";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The code unit of \uXXXX whose backslash stands at `at`; -1 where it is none.
int code_unit(const char* at) {
  if (at[0] != '\\' || at[1] != 'u') return -1;
  int unit = 0;
  for (int i = 2; i < 6; ++i) {
    const int digit = hex_value(at[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}
bool is_high_surrogate(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

char* write_utf8(std::uint32_t code, char* to) {
  if (code < 0x80) {
    *to++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *to++ = static_cast<char>(0xC0 | code >> 6);
    *to++ = static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *to++ = static_cast<char>(0xE0 | code >> 12);
    *to++ = static_cast<char>(0x80 | (code >> 6 & 0x3F));
    *to++ = static_cast<char>(0x80 | (code & 0x3F));
  } else {
    *to++ = static_cast<char>(0xF0 | code >> 18);
    *to++ = static_cast<char>(0x80 | (code >> 12 & 0x3F));
    *to++ = static_cast<char>(0x80 | (code >> 6 & 0x3F));
    *to++ = static_cast<char>(0x80 | (code & 0x3F));
  }
  return to;
}

char unescaped(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
  }
}

}  // namespace

const char* JsonScanner::broken(const char* at, const char* what) {
  problem_at_ = at;
  problem_ = what;
  return nullptr;
}

std::string JsonScanner::problem() const {
  std::string said = problem_;
  if (problem_at_ >= end_) return said + ", but the text ends there";
  const auto byte = static_cast<unsigned char>(*problem_at_);
  std::size_t size = 1;  // the whole character, where it is one
  if (byte >= 0xC2 && byte < 0xF5) {
    const std::size_t wanted = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    while (size < wanted && problem_at_ + size < end_ &&
           (static_cast<unsigned char>(problem_at_[size]) & 0xC0) == 0x80)
      ++size;
    if (size < wanted) size = 1;
  }
  if (size == 1 && byte >= 0x80) return said + ", but there are bytes that are no UTF-8 text";
  return said + ", but there is " + shown_value({problem_at_, size});
}

const char* JsonScanner::escape(const char* at) {
  switch (at[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return at + 2;
    case 'u': break;
    default: return broken(at + 1, "an escape in a text is one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
  }
  for (int i = 2; i < 6; ++i)
    if (hex_value(at[i]) < 0) return broken(at + i, "four hexadecimal digits are expected after \\u");
  const int unit = code_unit(at);
  if (unit == 0 && unstorable_ == nullptr) unstorable_ = kNul;
  if (is_high_surrogate(unit) && is_low_surrogate(code_unit(at + 6))) return at + 12;
  if ((is_high_surrogate(unit) || is_low_surrogate(unit)) && unstorable_ == nullptr) unstorable_ = kSurrogate;
  return at + 6;
}

const char* JsonScanner::string(const char* at, JsonValue& into) {
  const char* begin = ++at;
  bool escaped = false;
  for (;;) {
    at = json_blocks::find_string_special(at);
    if (*at == '"') {
      into = {begin, static_cast<std::uint32_t>(at - begin), CellKind::string, escaped};
      return at + 1;
    }
    if (*at != '\\')
      return broken(at, at >= end_
                            ? "a text is not closed by a \""
                            : "a text must have no control characters other than as escapes (\\n, \\t)");
    escaped = true;
    at = escape(at);
    if (at == nullptr) return nullptr;
  }
}

const char* JsonScanner::number(const char* at) {
  if (*at == '-') ++at;
  if (*at == '0') {
    ++at;
    if (is_digit(*at)) return broken(at, "a number must have no zeros in front");
  } else {
    if (!is_digit(*at)) return broken(at, "a digit is expected in a number");
    while (is_digit(*at)) ++at;
  }
  if (*at == '.') {
    ++at;
    if (!is_digit(*at)) return broken(at, "a digit is expected behind a number's decimal point");
    while (is_digit(*at)) ++at;
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!is_digit(*at)) return broken(at, "a digit is expected in a number's exponent");
    while (is_digit(*at)) ++at;
  }
  return at;
}

const char* JsonScanner::literal(const char* at, std::string_view word) {
  for (std::size_t i = 0; i < word.size(); ++i)
    if (at[i] != word[i])
      return broken(at + i, "a value is expected (a text in \", a number, true, false, null, { or [)");
  return at + word.size();
}

const char* JsonScanner::value(const char* at, JsonValue& into) {
  const char* behind = nullptr;
  switch (*at) {
    case '"': return string(at, into);
    case '{':
    case '[':
      into.kind = CellKind::json;
      behind = nested(at);
      break;
    case 't':
      into.kind = CellKind::boolean;
      behind = literal(at, "true");
      break;
    case 'f':
      into.kind = CellKind::boolean;
      behind = literal(at, "false");
      break;
    case 'n':
      into.kind = CellKind::null;
      behind = literal(at, "null");
      break;
    default:
      into.kind = CellKind::number;
      if (*at != '-' && !is_digit(*at))
        return broken(at, "a value is expected (a text in \", a number, true, false, null, { or [)");
      behind = number(at);
  }
  if (behind == nullptr) return nullptr;
  into.data = at;
  into.size = static_cast<std::uint32_t>(behind - at);
  into.escaped = false;
  return behind;
}

// An object or array with everything in it. No recursion, and no limit but the text: a row that is too deep
// is one bad row, and what follows must still be found.
const char* JsonScanner::nested(const char* at) {
  open_.clear();
  JsonValue ignored;
  for (;;) {
    // Here a value begins.
    if (*at == '{' || *at == '[') {
      open_.push_back(*at == '{' ? '}' : ']');
      if (open_.size() >= kJsonDepth) too_deep_ = true;
      const bool is_object = *at == '{';
      at = skip_space(at + 1);
      if (*at != open_.back()) {
        if (!is_object) continue;
        at = name_and_colon(at, ignored);
        if (at == nullptr) return nullptr;
        continue;
      }
      ++at;
      open_.pop_back();
    } else {
      at = value(at, ignored);
      if (at == nullptr) return nullptr;
    }
    // Here one has ended.
    for (;;) {
      if (open_.empty()) return at;
      at = skip_space(at);
      if (*at != open_.back()) break;
      ++at;
      open_.pop_back();
    }
    const bool in_object = open_.back() == '}';
    if (*at != ',') return broken(at, in_object ? "a comma or } is expected" : "a comma or ] is expected");
    at = skip_space(at + 1);
    if (in_object) {
      at = name_and_colon(at, ignored);
      if (at == nullptr) return nullptr;
    }
  }
}

const char* JsonScanner::name_and_colon(const char* at, JsonValue& name) {
  if (*at != '"') return broken(at, "the name of a member in \" is expected");
  at = string(at, name);
  if (at == nullptr) return nullptr;
  at = skip_space(at);
  if (*at != ':') return broken(at, "a colon is expected behind the name of a member");
  return skip_space(at + 1);
}

const char* JsonScanner::object(const char* at, std::vector<JsonMember>& members) {
  members.clear();
  at = skip_space(at + 1);
  if (*at == '}') return at + 1;
  for (;;) {
    JsonMember& member = members.emplace_back();
    at = name_and_colon(at, member.name);
    if (at == nullptr) return nullptr;
    at = value(at, member.value);
    if (at == nullptr) return nullptr;
    at = skip_space(at);
    if (*at == '}') return at + 1;
    if (*at != ',') return broken(at, "a comma or } is expected");
    at = skip_space(at + 1);
  }
}

const char* JsonScanner::array(const char* at, std::vector<JsonValue>& elements) {
  elements.clear();
  at = skip_space(at + 1);
  if (*at == ']') return at + 1;
  for (;;) {
    at = value(at, elements.emplace_back());
    if (at == nullptr) return nullptr;
    at = skip_space(at);
    if (*at == ']') return at + 1;
    if (*at != ',') return broken(at, "a comma or ] is expected");
    at = skip_space(at + 1);
  }
}

std::size_t unescape_json(std::string_view text, char* to) {
  const char* at = text.data();
  const char* end = at + text.size();
  char* out = to;
  while (at < end) {
    const auto* backslash =
        static_cast<const char*>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)));
    const char* stop = backslash == nullptr ? end : backslash;
    std::memcpy(out, at, static_cast<std::size_t>(stop - at));
    out += stop - at;
    at = stop;
    if (at == end) break;
    if (at[1] != 'u') {
      *out++ = unescaped(at[1]);
      at += 2;
      continue;
    }
    const int unit = code_unit(at);
    at += 6;
    auto code = static_cast<std::uint32_t>(unit);
    if (is_high_surrogate(unit) && end - at >= 6 && is_low_surrogate(code_unit(at))) {
      code = 0x10000 + ((code - 0xD800) << 10) + (static_cast<std::uint32_t>(code_unit(at)) - 0xDC00);
      at += 6;
    } else if (is_high_surrogate(unit) || is_low_surrogate(unit)) {
      code = 0xFFFD;
    }
    out = write_utf8(code, out);
  }
  return static_cast<std::size_t>(out - to);
}

std::string unescape_json(std::string_view text) {
  std::string plain(text.size(), '\0');
  plain.resize(unescape_json(text, plain.data()));
  return plain;
}

const char* json_kind_name(const JsonValue& value) {
  switch (value.kind) {
    case CellKind::missing: return "nothing";
    case CellKind::null: return "null";
    case CellKind::string: return "a text";
    case CellKind::number: return "a number";
    case CellKind::boolean: return "true or false";
    case CellKind::json: return *value.data == '{' ? "an object" : "an array";
  }
  return "nothing";
}

}  // namespace sluice
