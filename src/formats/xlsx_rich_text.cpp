#include "formats/xlsx_rich_text.h"

#include <charconv>

#include "formats/encoding_decoders.h"

namespace sluice {
namespace {

constexpr std::size_t kEscapeBytes = 7;  // _x000D_
constexpr std::string_view kSpace = " \t\r\n";

// The UTF-16 unit that an escape at the beginning of `text` stands for; -1: there is none.
int escaped_unit(std::string_view text) {
  if (text.size() < kEscapeBytes || !text.starts_with("_x") || text[kEscapeBytes - 1] != '_') return -1;
  int unit = 0;
  auto [end, error] = std::from_chars(text.data() + 2, text.data() + kEscapeBytes - 1, unit, 16);
  return error == std::errc() && end == text.data() + kEscapeBytes - 1 && text[2] != '-' ? unit : -1;
}

}  // namespace

void append_unescaped(std::string& out, std::string_view text) {
  std::size_t done = 0;
  for (std::size_t at = text.find("_x"); at != std::string_view::npos; at = text.find("_x", at)) {
    int unit = escaped_unit(text.substr(at));
    std::size_t taken = kEscapeBytes;
    unsigned code = static_cast<unsigned>(unit);
    if (unit >= 0xD800 && unit < 0xDC00) {  // with the other half behind it
      int low = at + kEscapeBytes < text.size() ? escaped_unit(text.substr(at + kEscapeBytes)) : -1;
      const bool pair = low >= 0xDC00 && low < 0xE000;
      code = 0x10000 + ((code & 0x3FF) << 10) + (static_cast<unsigned>(low) & 0x3FF);
      taken = 2 * kEscapeBytes;
      if (!pair) unit = -1;
    } else if ((unit >= 0xDC00 && unit < 0xE000) || (unit >= 0x1C && unit < 0x20)) {
      unit = -1;
    }
    if (unit < 0) {
      ++at;
      continue;
    }
    out += text.substr(done, at - done);
    char character[4];
    out.append(character, put_utf8(character, code));
    done = at += taken;
  }
  out += text.substr(done);
}

void XlsxRichText::begin() {
  text_.clear();
  in_text_ = in_phonetic_ = keeps_space_ = false;
}

void XlsxRichText::start(std::string_view name, const XmlAttributes& attributes) {
  if (name == "rPh") in_phonetic_ = true;
  if (name != "t") return;
  in_text_ = true;
  auto space = attributes.get("http://www.w3.org/XML/1998/namespace\x1fspace");
  keeps_space_ |= space == "preserve";
}

void XlsxRichText::end(std::string_view name) {
  if (name == "rPh") in_phonetic_ = false;
  if (name == "t") in_text_ = false;
}

void XlsxRichText::text(std::string_view piece) {
  if (!in_text_ || in_phonetic_ || text_.size() > most_bytes_) return;
  text_ += piece.substr(0, most_bytes_ + 1 - text_.size());
}

void XlsxRichText::append_to(std::string& out) const {
  std::string_view text = text_;
  if (text.size() > most_bytes_) {
    out += text;
    return;
  }
  if (!keeps_space_) {
    const std::size_t from = std::min(text.find_first_not_of(kSpace), text.size());
    text = text.substr(from);
    text = text.substr(0, text.find_last_not_of(kSpace) + 1);
  }
  append_unescaped(out, text);
}

}  // namespace sluice
