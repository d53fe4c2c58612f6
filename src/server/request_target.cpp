#include "server/request_target.h"

#include <algorithm>

#include "base/url_text.h"
#include "base/utf8.h"

namespace sluice {

namespace {

constexpr std::size_t kMostParameters = 200;  // far beyond what any route knows; a map of them costs memory

bool is_text(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    auto first = static_cast<unsigned char>(bytes[at]);
    if (first < 0x20 || first == 0x7F) return false;
    std::size_t length = utf8_length(bytes, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

// A client resolves "." and ".." itself; one that sends them tries to leave the path it is allowed.
bool has_dot_segment(std::string_view path) {
  for (std::size_t begin = 0; begin <= path.size();) {
    std::size_t end = std::min(path.find('/', begin), path.size());
    auto segment = path.substr(begin, end - begin);
    if (segment == "." || segment == "..") return true;
    begin = end + 1;
  }
  return false;
}

Result<> parse_query(std::string_view text, std::multimap<std::string, std::string>& into) {
  while (!text.empty()) {
    auto pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    if (pair.empty()) continue;
    auto equals = std::min(pair.find('='), pair.size());
    auto name = percent_decoded(pair.substr(0, equals), PlusSign::blank);
    auto value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())), PlusSign::blank);
    if (!name || !value) {
      return fail(ErrorKind::usage,
                  "The query of the address is not encoded well: it has to be UTF-8 text without control "
                  "characters, percent-encoded.");
    }
    if (into.size() == kMostParameters) {
      return fail(ErrorKind::usage, "The query of the address has more than 200 parameters.");
    }
    into.emplace(std::move(*name), std::move(*value));
  }
  return {};
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, PlusSign plus) {
  std::string with_blanks;
  if (plus == PlusSign::blank) {
    with_blanks = text;
    std::ranges::replace(with_blanks, '+', ' ');
    text = with_blanks;
  }
  auto decoded = percent_decoded(text);
  if (!decoded || !is_text(*decoded)) return std::nullopt;
  return decoded;
}

Result<RequestTarget> parse_target(std::string_view target) {
  RequestTarget parsed;
  target = target.substr(0, target.find('#'));
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    auto authority = target.substr(0, target.find_first_of("/?"));
    target.remove_prefix(authority.size());
    if (authority.empty() || authority.contains('@')) {
      return fail(ErrorKind::usage, "The address in the request line names no host, or a user.");
    }
    parsed.authority = authority;
    if (!target.starts_with('/')) parsed.path = "/";
    break;
  }
  auto path = target.substr(0, target.find('?'));
  parsed.path += path;
  if (parsed.path == "*" && parsed.authority.empty()) {
    parsed.decoded_path = "*";
    return parsed;
  }
  if (!parsed.path.starts_with('/')) {
    return fail(ErrorKind::usage, "The path in the request line has to begin with a slash.");
  }
  auto decoded = percent_decoded(parsed.path, PlusSign::itself);
  if (!decoded) {
    return fail(ErrorKind::usage,
                "The path of the address is not encoded well: it has to be UTF-8 text without control "
                "characters, percent-encoded.");
  }
  if (has_dot_segment(*decoded)) {
    return fail(ErrorKind::usage, "The path of the address has \".\" or \"..\" in it.");
  }
  parsed.decoded_path = std::move(*decoded);
  if (path.size() < target.size()) TRY(parse_query(target.substr(path.size() + 1), parsed.query));
  return parsed;
}

}  // namespace sluice
