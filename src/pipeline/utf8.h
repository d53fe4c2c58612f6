// UTF-8 details that normalising text needs: is it valid, and where does its white space end.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

bool is_valid_utf8(std::string_view text);

// Every byte that is no UTF-8 becomes U+FFFD.
std::string repaired_utf8(std::string_view text);

// At most `limit` bytes of it, cut between characters.
std::string_view cut_utf8(std::string_view text, std::size_t limit);

// Without Unicode White_Space (PropList.txt) at both ends. Valid UTF-8 in, valid UTF-8 out; no copy.
std::string_view trim_unicode(std::string_view text);  // the general case

inline std::string_view trim_white_space(std::string_view text) {
  auto is_plain = [](char c) { return c > ' ' && c < 0x7f; };  // ASCII, and no white space
  if (text.empty() || (is_plain(text.front()) && is_plain(text.back()))) [[likely]]
    return text;
  return trim_unicode(text);
}

}  // namespace sluice
