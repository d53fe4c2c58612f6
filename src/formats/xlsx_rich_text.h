// The text within <si> or <is>: plain, or in runs of different looks, which are joined; how it is pronounced
// is left out. Fed by an XmlHandler. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "formats/xlsx_xml.h"

namespace sluice {

// Appends `text` as it is meant: _x000D_ is a carriage return, _x005F_ the underscore that keeps what follows
// from being read so. What would be no character, or one that cells and records are kept apart by, stays as
// written.
void append_unescaped(std::string& out, std::string_view text);

class XlsxRichText {
 public:
  // What is longer than `most_bytes` is cut one byte behind them, and stays as long as that: whoever reads it
  // sees that it is too long.
  explicit XlsxRichText(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  void begin();  // <si> or <is>
  void start(std::string_view name, const XmlAttributes& attributes);
  void end(std::string_view name);
  void text(std::string_view piece);
  // Appends the whole text to `out`; </si> or </is>.
  void append_to(std::string& out) const;

 private:
  const std::size_t most_bytes_;
  std::string text_;
  bool in_text_ = false, in_phonetic_ = false, keeps_space_ = false;
};

}  // namespace sluice
