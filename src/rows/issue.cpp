#include "rows/issue.h"

#include <array>

namespace sluice {
namespace {
constexpr std::array<std::string_view, 10> kNames = {
    "blank-row",    "missing-cell",   "extra-cell",   "type-error",    "constraint-error",
    "unique-error", "encoding-error", "syntax-error", "row-too-large", "transform-error"};
}  // namespace

std::string_view name_of(RejectCode code) { return kNames[static_cast<std::size_t>(code)]; }

std::optional<RejectCode> reject_code_named(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<RejectCode>(i);
  return std::nullopt;
}

std::string shown_value(std::string_view value, std::size_t limit_bytes) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string shown;
  std::size_t i = 0;
  for (; i < value.size() && shown.size() < limit_bytes; ++i) {
    unsigned char c = static_cast<unsigned char>(value[i]);
    if (c == '\n') shown += "\\n";
    else if (c == '\r') shown += "\\r";
    else if (c == '\t') shown += "\\t";
    else if (c < 0x20 || c == 0x7f || c == 0xff) {
      shown += "\\x";
      shown += kHex[c >> 4];
      shown += kHex[c & 15];
    } else shown += value[i];
  }
  if (i < value.size()) {
    while (!shown.empty() && (static_cast<unsigned char>(value[i]) & 0xC0) == 0x80) {
      shown.pop_back();
      --i;
    }
    shown += "…";
  }
  return shown;
}

}  // namespace sluice
