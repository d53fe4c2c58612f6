#include "adapters/sqs_url.h"

#include <algorithm>
#include <string_view>

#include "base/ascii.h"
#include "base/url_text.h"

namespace sluice {
namespace {

constexpr std::size_t kLongestName = 80;  // of a queue of SQS

std::unexpected<Error> no_queue(const std::string& url, const std::string& why) {
  return fail(ErrorKind::usage, "'" + without_secrets(url) + "' is no address of an SQS queue: " + why +
                                    " Write it like sqs://sluice?region=eu-central-1, or paste the queue's "
                                    "https:// URL.");
}

std::string_view cut_at(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view before = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return before;
}

Result<> read_endpoint(const std::string& endpoint, const std::string& whole, SqsUrl& url) {
  std::string_view rest = endpoint;
  for (const char* scheme : {"https", "http"})
    if (rest.starts_with(std::string(scheme) + "://")) {
      url.scheme = scheme;
      rest.remove_prefix(url.scheme.size() + 3);
      if (rest.ends_with('/')) rest.remove_suffix(1);
      // Requests do not name the port that their scheme has anyway, and what is signed is what is sent.
      if (const std::string_view port = url.scheme == "https" ? ":443" : ":80"; rest.ends_with(port))
        rest.remove_suffix(port.size());
      url.host = rest;
    }
  if (url.host.empty() || url.host.find_first_of("/@?#") != std::string::npos)
    return no_queue(whole, "the endpoint has to be like http://127.0.0.1:9324.");
  return {};
}

bool is_queue_name(std::string_view whole) {
  std::string_view name = whole;
  if (name.ends_with(".fifo")) name.remove_suffix(5);
  return !name.empty() && whole.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
    return is_digit(c) || is_letter(c) || c == '-' || c == '_';
  });
}

Result<> read_queue(std::string_view path, const std::string& whole, SqsUrl& url) {
  if (const std::size_t slash = path.find('/'); slash != std::string_view::npos) {
    url.account = path.substr(0, slash);
    path.remove_prefix(slash + 1);
    if (!std::ranges::all_of(url.account, is_digit))
      return no_queue(whole, "what stands before the queue's name is no account number.");
  }
  url.queue = path;
  if (path.empty()) return no_queue(whole, "the name of the queue is missing.");
  if (!is_queue_name(path))
    return no_queue(whole,
                    "the name of a queue has up to 80 letters, digits, '-' and '_', and may end in .fifo.");
  return {};
}

}  // namespace

Result<SqsUrl> parse_sqs_url(const std::string& whole, const AwsEnvironment& environment) {
  SqsUrl url;
  std::string_view query = whole, path = cut_at(query, '?');
  std::string endpoint = environment("AWS_ENDPOINT_URL_SQS");
  if (path.starts_with("https://sqs.")) {
    path.remove_prefix(8);
    url.host = cut_at(path, '/');
    std::string_view region = url.host;
    cut_at(region, '.');
    url.region = cut_at(region, '.');
    if (region != "amazonaws.com" && region != "amazonaws.com.cn")
      return no_queue(whole, "its server is none of AWS's; name another one by ?endpoint=.");
    endpoint.clear();
  } else if (path.starts_with("sqs://")) {
    path.remove_prefix(6);
  } else {
    return no_queue(whole, "it begins with neither sqs:// nor https://sqs.");
  }
  TRY(read_queue(path, whole, url));
  while (!query.empty()) {
    std::string_view value = cut_at(query, '&');
    const std::string_view name = cut_at(value, '=');
    auto decoded = percent_decoded(value);
    if (!decoded || decoded->empty()) return no_queue(whole, "'" + std::string(name) + "' has no value.");
    if (name == "region")
      url.region = *decoded;
    else if (name == "endpoint")
      endpoint = *decoded;
    else if (name == "events")
      url.events = *decoded;
    else
      return no_queue(whole, "the parameter '" + std::string(name) +
                                 "' is not known; there are events, region and endpoint.");
  }
  if (!url.events.empty() && (!is_queue_name(url.events) || url.events == url.queue))
    return no_queue(whole, "'events' has to be the name of another queue.");
  if (url.region.empty()) url.region = TRY(aws_region(environment));
  if (!endpoint.empty())
    TRY(read_endpoint(endpoint, whole, url));
  else if (url.host.empty())
    url.host = aws_host("sqs", url.region);
  return url;
}

}  // namespace sluice
