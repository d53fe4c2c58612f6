#include "server/request_checks.h"

#include <algorithm>
#include <cctype>

namespace sluice {

namespace {

constexpr std::string_view kEvents = "sluice.events";
constexpr std::string_view kBearer = "sluice.bearer.";

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool are_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Without ":80" and ":443", which browsers leave out and proxies write. A page of the same host under another
// scheme is not held to be foreign: a proxy in front may end TLS.
std::string plain_authority(std::string_view authority) {
  for (std::string_view port : {":80", ":443"}) {
    if (authority.ends_with(port)) authority.remove_suffix(port.size());
  }
  return lower(authority);
}

std::string_view authority_of(std::string_view origin) {
  auto scheme = origin.find("://");
  return scheme == std::string_view::npos ? std::string_view() : origin.substr(scheme + 3);
}

std::string_view host_without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

std::unexpected<Error> ambiguous(std::string detail) {
  return refuse({.status = 400,
                 .name = "malformed-request",
                 .title = "The request is not HTTP as it has to be",
                 .detail = std::move(detail)});
}

}  // namespace

bool is_sane_request_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == ':';
  });
}

bool is_loopback_host(std::string_view host) {
  std::string name = lower(host_without_port(host));
  if (name == "localhost" || name == "[::1]" || name.ends_with(".localhost")) return true;
  if (!name.starts_with("127.")) return false;
  std::string_view rest = name;
  int parts = 0;
  while (true) {
    auto part = rest.substr(0, rest.find('.'));
    if (part.empty() || part.size() > 3 || !are_digits(part)) return false;
    ++parts;
    if (part.size() == rest.size()) return parts == 4;
    rest.remove_prefix(part.size() + 1);
  }
}

Result<> refuse_cross_site(const Request& request, std::string_view public_origin, bool upgrades) {
  bool harmless = request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
  if ((harmless && !upgrades) || request.headers.has("Authorization")) return {};
  bool foreign = request.headers.get("Sec-Fetch-Site") == "cross-site";
  if (request.headers.has("Origin")) {
    auto theirs = authority_of(request.headers.get("Origin"));
    std::string plain = plain_authority(theirs);
    foreign = theirs.empty() || (plain != plain_authority(request.headers.get("Host")) &&
                                 plain != plain_authority(authority_of(public_origin)));
  }
  if (!foreign) return {};
  return refuse(
      {.status = 403,
       .name = "cross-site",
       .title = "A page of another site may not do this",
       .detail = "The request comes from a page of another site (" +
                 std::string(request.headers.get("Origin")) +
                 "). Open the page of this server, or send an API key in the Authorization header."});
}

Result<> refuse_ambiguous(const Request& request, int minor) {
  int lengths = 0, encodings = 0, hosts = 0;
  for (const auto& [name, value] : request.headers) {
    std::string plain = lower(name);
    if (plain == "content-length") {
      ++lengths;
      if (!are_digits(trimmed(value)) || trimmed(value).empty())
        return ambiguous("The Content-Length is not one number.");
    } else if (plain == "transfer-encoding") {
      ++encodings;
      if (lower(trimmed(value)) != "chunked") {
        return ambiguous("Of transfer encodings only \"chunked\" is known here.");
      }
    } else if (plain == "host") {
      ++hosts;
    }
  }
  if (lengths > 1 || encodings > 1 || (lengths > 0 && encodings > 0)) {
    return ambiguous(
        "The request says more than once how long its body is. Send Content-Length or "
        "Transfer-Encoding, and one of it.");
  }
  if (encodings > 0 && minor == 0) return ambiguous("HTTP/1.0 knows no Transfer-Encoding.");
  if (hosts > 1 || (hosts == 0 && minor > 0)) return ambiguous("The request has to have one Host header.");
  auto host = request.headers.get("Host");
  if (std::ranges::any_of(host, [](unsigned char c) {
        return std::isalnum(c) == 0 &&
               !std::string_view("-._~:[]%!$&'()*+,;=").contains(static_cast<char>(c));
      })) {
    return ambiguous("The Host header is not the name of a host.");
  }
  return {};
}

Result<> refuse_foreign_host(std::string_view host, HostCheck check) {
  if (check == HostCheck::any || host.empty() || is_loopback_host(host)) return {};
  return refuse({.status = 421,
                 .name = "misdirected",
                 .title = "This server does not answer under that name",
                 .detail =
                     "This server is open to its own machine only, and needs no key there; so it answers "
                     "as localhost or 127.0.0.1, and not under another name."});
}

std::unexpected<Error> body_too_large(std::uint64_t limit) {
  return refuse({.status = 413,
                 .name = "too-large",
                 .title = "The body of the request is too large",
                 .detail = "The body of the request is larger than the " + std::to_string(limit) +
                           " bytes that are allowed here.",
                 .extra = "{\"limit\":" + std::to_string(limit) + "}"});
}

Subprotocol choose_subprotocol(std::string_view offered) {
  Subprotocol chosen;
  std::string bearer;
  while (!offered.empty()) {
    auto one = offered.substr(0, offered.find(','));
    offered.remove_prefix(std::min(one.size() + 1, offered.size()));
    one = trimmed(one);
    if (one == kEvents) chosen.answer = kEvents;
    if (one.starts_with(kBearer)) {
      chosen.key = one.substr(kBearer.size());
      bearer = one;
    }
  }
  // A browser takes no connection that chose none of what it offered.
  if (chosen.answer.empty()) chosen.answer = bearer;
  return chosen;
}

}  // namespace sluice
