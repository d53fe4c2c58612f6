#include "jobs/file_name.h"

#include <algorithm>

#include "base/utf8.h"
#include "pipeline/utf8.h"

namespace sluice {
namespace {

constexpr std::size_t kMostFileNameBytes = 255;
constexpr std::size_t kLongestEnding = 20;  // ".ndjson.zst" and more

// Control characters, and what makes "gnp.csv" look like "vsc.png".
bool is_hidden(std::string_view character) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7F;
  if (character.size() == 2) return byte(0) == 0xC2 && byte(1) < 0xA0;
  if (character == "\xef\xbb\xbf") return true;  // U+FEFF
  if (!character.starts_with("\xe2\x80") && !character.starts_with("\xe2\x81")) return false;
  unsigned code = (byte(1) == 0x80 ? 0x2000 : 0x2040) + (byte(2) & 0x3F);
  return code == 0x200B || code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2060 && code <= 0x2069);
}

}  // namespace

std::string clean_file_name(std::string_view sent) {
  sent.remove_prefix(sent.find_last_of("/\\") + 1);  // npos + 1 is 0
  const std::string text = repaired_utf8(sent);
  std::string name;
  for (std::size_t at = 0; at < text.size();) {
    std::string_view character =
        std::string_view(text).substr(at, std::max<std::size_t>(utf8_length(text, at), 1));
    if (!is_hidden(character)) name += character;
    at += character.size();
  }
  name = trim_white_space(name);
  if (name == "." || name == "..") return "";
  if (name.size() <= kMostFileNameBytes) return name;
  std::size_t ending = name.find('.', name.size() - kLongestEnding);
  std::string kept = ending == std::string::npos ? "" : name.substr(ending);
  return std::string(cut_utf8(name, kMostFileNameBytes - kept.size())) + kept;
}

}  // namespace sluice
