#include "base/url_text.h"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

constexpr std::string_view kHidden = "***";
// What a parameter ends with whose value is nobody else's business.
constexpr std::array<std::string_view, 9> kSecretWords = {
    "password", "passwd",     "secret",
    "token",    "key",        "signature",
    "sig",      "credential", "authmechanismproperties"};  // AWS_SESSION_TOKEN:…

bool is_secret(std::string_view parameter) {
  return std::ranges::any_of(kSecretWords, [&](std::string_view word) {
    return parameter.size() >= word.size() &&
           std::ranges::equal(parameter.substr(parameter.size() - word.size()), word,
                              [](char a, char b) { return (a | 0x20) == b; });
  });
}

}  // namespace

std::optional<TextRange> password_in(std::string_view url) {
  constexpr std::string_view kSlashes = "://";
  std::size_t begin = url.find(kSlashes);
  if (begin == std::string_view::npos) return std::nullopt;
  begin += kSlashes.size();
  // The host follows the last @; parameters may have one, too.
  const std::size_t first_at = url.find('@', begin);
  if (first_at == std::string_view::npos) return std::nullopt;
  const std::size_t at = url.substr(0, url.find('?', first_at)).rfind('@');
  const std::size_t colon = url.find(':', begin);
  if (colon >= at || url.substr(begin, colon - begin).find_first_of("/?") != std::string_view::npos)
    return std::nullopt;
  return TextRange{colon + 1, at};
}

std::string without_secrets(std::string_view url) {
  std::string shown(url);
  if (auto password = password_in(url))
    shown.replace(password->begin, password->end - password->begin, kHidden);
  std::size_t at = shown.find('?');
  while (at != std::string::npos) {
    const std::size_t equals = shown.find_first_of("=&", at + 1);
    if (equals == std::string::npos) break;
    std::size_t end = std::min(shown.find('&', equals), shown.size());
    if (shown[equals] == '=' && is_secret(std::string_view(shown).substr(at + 1, equals - at - 1))) {
      shown.replace(equals + 1, end - equals - 1, kHidden);
      end = equals + 1 + kHidden.size();
    }
    at = shown.find('&', end);
  }
  return shown;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (kUnreserved.contains(c))
      encoded += c;
    else
      encoded.append({'%', kHex[byte >> 4], kHex[byte & 15]});
  }
  return encoded;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded += text[at];
      continue;
    }
    if (at + 2 >= text.size()) return std::nullopt;
    const int high = digit(text[at + 1]), low = digit(text[at + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return decoded;
}

}  // namespace sluice
