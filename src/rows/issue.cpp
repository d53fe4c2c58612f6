#include "rows/issue.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace sluice {
namespace {
constexpr std::array<std::string_view, 10> kNames = {
    "blank-row",    "missing-cell",   "extra-cell",   "type-error",    "constraint-error",
    "unique-error", "encoding-error", "syntax-error", "row-too-large", "transform-error"};

std::string hex_escape(char c) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  unsigned char byte = static_cast<unsigned char>(c);
  return {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
}
}  // namespace

std::string_view name_of(RejectCode code) { return kNames[static_cast<std::size_t>(code)]; }

std::optional<RejectCode> reject_code_named(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<RejectCode>(i);
  return std::nullopt;
}

std::string shown_value(std::string_view value, std::size_t limit_bytes) {
  std::string shown;
  for (std::size_t at = 0; at < value.size();) {
    std::size_t length = utf8_length(value, at);
    std::string piece;
    if (char c = value[at]; c == '\n')
      piece = "\\n";
    else if (c == '\r')
      piece = "\\r";
    else if (c == '\t')
      piece = "\\t";
    else if (length == 0 || (c >= 0 && c < 0x20) || c == 0x7f)
      piece = hex_escape(c);
    else
      piece = value.substr(at, length);
    if (shown.size() + piece.size() > limit_bytes) return shown + "…";
    shown += piece;
    at += std::max<std::size_t>(length, 1);
  }
  return shown;
}

std::string visible_text(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t length = utf8_length(bytes, at);
    if (length == 0 || bytes[at] == '\0') {
      text += hex_escape(bytes[at]);
    } else {
      text.append(bytes, at, length);
    }
    at += std::max<std::size_t>(length, 1);
  }
  return text;
}

std::size_t RejectedRow::text_bytes() const {
  std::size_t total = raw.capacity() + issues.capacity() * sizeof(Issue);
  for (const Issue& issue : issues)
    for (const std::string* text :
         {&issue.field, &issue.constraint, &issue.value, &issue.message, &issue.suggestion})
      total += text->capacity();
  return total;
}

}  // namespace sluice
