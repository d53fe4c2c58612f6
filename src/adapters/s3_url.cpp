#include "adapters/s3_url.h"

#include <algorithm>

#include "base/url_text.h"

namespace sluice {
namespace {

constexpr const char* kFallbackRegion = "us-east-1";

std::unexpected<Error> no_s3_url(const std::string& url, const std::string& why) {
  return fail(ErrorKind::usage, "'" + without_secrets(url) + "' is no place in S3: " + why +
                                    " Write it like s3://bucket/prefix?region=eu-central-1 or, for a server "
                                    "other than Amazon's, s3://bucket/prefix?endpoint=https://host:9000.");
}

std::string_view split_off(std::string_view& text, std::string_view ends) {
  const std::size_t at = text.find_first_of(ends);
  std::string_view before = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return before;
}

bool has_only(std::string_view text, std::string_view more) {
  return std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || more.contains(c);
  });
}

Result<> read_endpoint(std::string_view endpoint, const std::string& whole, S3Url& url) {
  if (endpoint.starts_with("http://")) {
    url.tls = false;
    endpoint.remove_prefix(7);
  } else if (endpoint.starts_with("https://")) {
    endpoint.remove_prefix(8);
  } else {
    return no_s3_url(whole, "the endpoint begins with neither http:// nor https://.");
  }
  if (endpoint.ends_with('/')) endpoint.remove_suffix(1);
  if (endpoint.empty() || !has_only(endpoint, ".-:[]_"))
    return no_s3_url(whole, "the endpoint has to be a host and, where needed, a port.");
  // Requests do not name the port that their scheme has anyway, and what is signed is what is sent.
  if (const std::string_view port = url.tls ? ":443" : ":80"; endpoint.ends_with(port))
    endpoint.remove_suffix(port.size());
  url.host = endpoint;
  return {};
}

Result<> set_parameter(const std::string& name, const std::string& value, const std::string& whole,
                       S3Url& url) {
  if (name == "endpoint") return read_endpoint(value, whole, url);
  if (name == "region" && has_only(value, "-"))
    url.region = value;
  else if (name == "style" && (value == "path" || value == "virtual"))
    url.style = value == "path" ? S3Style::path : S3Style::virtual_host;
  else if (name == "sse" && (value == "AES256" || value == "aws:kms"))
    url.encryption = value == "AES256" ? S3Encryption::aes256 : S3Encryption::kms;
  else if (name == "sse_kms_key_id" && has_only(value, ":/-_"))
    url.kms_key_id = value;
  else if (name == "checksum" && (value == "sha256" || value == "none"))
    url.checksums = value == "sha256";
  else if (name == "tls_ca")
    url.tls_ca = value;
  else
    return no_s3_url(whole,
                     "'" + name +
                         "' is no parameter, or has a value it cannot have; there are endpoint, region, "
                         "style=path|virtual, sse=AES256|aws:kms, sse_kms_key_id, checksum=sha256|none "
                         "and tls_ca.");
  return {};
}

Result<> read_s3_parameters(std::string_view query, const std::string& whole, S3Url& url) {
  bool style_given = false;
  while (!query.empty()) {
    std::string_view value = split_off(query, "&");
    const std::string name(split_off(value, "="));
    auto decoded = percent_decoded(value);
    if (!decoded || decoded->empty()) return no_s3_url(whole, "'" + name + "' has no value.");
    TRY(set_parameter(name, *decoded, whole, url));
    style_given = style_given || name == "style";
  }
  if (!url.kms_key_id.empty() && url.encryption != S3Encryption::kms)
    return no_s3_url(whole, "sse_kms_key_id needs sse=aws:kms.");
  if (!url.tls_ca.empty() && !url.tls) return no_s3_url(whole, "tls_ca needs an endpoint with https://.");
  // A certificate for *.s3.amazonaws.com covers no name with more dots; other servers rarely have such names.
  if (!style_given && (!url.host.empty() || url.bucket.contains('.'))) url.style = S3Style::path;
  return {};
}

}  // namespace

std::string S3Url::place() const {
  return "s3://" + bucket + (prefix.empty() ? "" : "/" + prefix.substr(0, prefix.size() - 1));
}

Result<S3Url> parse_s3_url(const std::string& whole, const std::string& default_region) {
  constexpr std::string_view kBegin = "s3://";
  std::string_view rest = whole;
  if (!rest.starts_with(kBegin)) return no_s3_url(whole, "it does not begin with s3://.");
  rest.remove_prefix(kBegin.size());
  std::string_view prefix = split_off(rest, "?");
  const std::string_view bucket = split_off(prefix, "/");
  if (bucket.contains('@'))
    return no_s3_url(whole,
                     "keys do not stand in the URL; they come from AWS_ACCESS_KEY_ID and "
                     "AWS_SECRET_ACCESS_KEY, ~/.aws/credentials or the machine's role.");
  S3Url url;
  url.bucket = bucket;
  if (bucket.empty() || !has_only(bucket, ".-_")) return no_s3_url(whole, "the name of the bucket is none.");
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (!has_only(prefix, "._-/") || prefix.starts_with('/') || prefix.contains("//"))
    return no_s3_url(whole, "the prefix may have letters, digits and . _ - between slashes.");
  if (!prefix.empty()) url.prefix = std::string(prefix) + "/";
  TRY(read_s3_parameters(rest, whole, url));
  if (url.region.empty()) url.region = default_region.empty() ? kFallbackRegion : default_region;
  if (url.host.empty())
    url.host = "s3." + url.region + (url.region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com");
  if (url.style == S3Style::virtual_host) url.host = url.bucket + "." + url.host;
  return url;
}

}  // namespace sluice
