// Checks e-mail addresses. See email.h.
#include "schema/email.h"

#include <array>
#include <cstdint>

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

}  // namespace

bool is_email(std::string_view text) {
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
