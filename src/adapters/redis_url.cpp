#include "adapters/redis_url.h"

#include <charconv>

#include "base/url_text.h"

namespace sluice {
namespace {

std::unexpected<Error> wrong(const std::string& url, const std::string& why) {
  return fail(ErrorKind::usage,
              "'" + without_secrets(url) + "' is no address of a Redis server: " + why +
                  " Write it like redis://host:6379/0 or, with TLS, rediss://user:password@host:6379/0.");
}

std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  std::string_view before = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return before;
}

Result<> read_parameters(std::string_view query, const std::string& whole, RedisUrl& url) {
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    const std::string_view name = take_until(value, '=');
    auto decoded = percent_decoded(value);
    if (!decoded || decoded->empty()) return wrong(whole, "'" + std::string(name) + "' has no value.");
    if (name == "prefix")
      url.prefix = *decoded;
    else if (name == "queue")
      url.queue = *decoded;
    else if (name == "events")
      url.events = *decoded;
    else if (name == "tls_ca" && url.tls)
      url.tls_ca = *decoded;
    else
      return wrong(whole, "the parameter '" + std::string(name) +
                              "' is not known; there are queue, events, prefix and, for rediss, tls_ca.");
  }
  if (url.queue.contains(':') || url.events.contains(':'))
    return wrong(whole, "BullMQ allows no ':' in the name of a queue.");
  if (url.events == url.queue)
    return wrong(whole, "'events' has to be another queue than the one that jobs come from.");
  return {};
}

}  // namespace

Result<RedisUrl> parse_redis_url(const std::string& whole) {
  RedisUrl url;
  std::string_view rest = whole;
  const std::string_view scheme = take_until(rest, ':');
  if (scheme.starts_with("redis+sentinel") || scheme.starts_with("redis+cluster")) {
    return fail(ErrorKind::usage,
                "Redis Sentinel and Cluster are not supported: name one server, or a proxy or address that "
                "follows the primary (redis://host:6379).");
  }
  if (scheme != "redis" && scheme != "rediss")
    return wrong(whole, "it begins with neither redis: nor rediss:.");
  url.tls = scheme == "rediss";
  if (!rest.starts_with("//")) return wrong(whole, "'//' is missing behind the scheme.");
  rest.remove_prefix(2);
  std::string_view before_query = take_until(rest, '?');
  const std::string_view query = rest;
  std::string_view database = before_query, authority = take_until(database, '/');
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    std::string_view password = authority.substr(0, at);
    const auto user = percent_decoded(take_until(password, ':')), secret = percent_decoded(password);
    if (!user || !secret) return wrong(whole, "what stands before the '@' is not percent-encoded.");
    url.user = *user;
    url.password = *secret;
    authority.remove_prefix(at + 1);
  }
  if (authority.starts_with('[')) {
    authority.remove_prefix(1);
    url.host = take_until(authority, ']');
    if (authority.starts_with(':')) url.port = authority.substr(1);
  } else {
    url.host = take_until(authority, ':');
    if (!authority.empty()) url.port = authority;
  }
  if (url.host.empty()) return wrong(whole, "the host is missing.");
  if (url.port.find_first_not_of("0123456789") != std::string::npos || url.port.empty())
    return wrong(whole, "the port is no number.");
  if (!database.empty()) {
    auto [end, error] = std::from_chars(database.data(), database.data() + database.size(), url.database);
    if (error != std::errc() || end != database.data() + database.size())
      return wrong(whole, "the database behind the host is no number.");
  }
  TRY(read_parameters(query, whole, url));
  return url;
}

}  // namespace sluice
