#include "adapters/aws_signature.h"

#include <algorithm>
#include <map>

#include "base/hmac.h"
#include "base/url_text.h"

namespace sluice {
namespace {

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// 20240611T093000Z
std::string basic_time(WallTime now) {
  std::string text = rfc3339(now).substr(0, 19);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text + "Z";
}

// Of all services but S3: without empty segments, '.' and '..'.
std::string normal_path(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
    at = end + 1;
  }
  std::string normal;
  for (std::string_view segment : segments) normal.append("/").append(segment);
  return normal.empty() || path.ends_with('/') ? normal + "/" : normal;
}

// White space around it gone, and inside it one blank.
std::string normal_value(std::string_view value) {
  std::string normal;
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t begin = value.find_first_not_of(" \t\r\n", at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(value.find_first_of(" \t\r\n", begin), value.size());
    normal.append(normal.empty() ? "" : " ").append(value.substr(begin, end - begin));
    at = end;
  }
  return normal;
}

// By name in small letters, sorted; those of one name together.
std::map<std::string, std::string> normal_headers(const AwsFields& headers) {
  std::map<std::string, std::string> normal;
  for (const auto& [name, value] : headers) {
    std::string small = name;
    std::ranges::transform(small, small.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    auto [at, added] = normal.emplace(std::move(small), normal_value(value));
    if (!added) at->second += "," + normal_value(value);
  }
  return normal;
}

}  // namespace

std::string aws_path(std::string_view path) {
  std::string encoded;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    encoded += percent_encoded(path.substr(at, end - at));
    if (end != path.size()) encoded += '/';
    at = end + 1;
  }
  return encoded;
}

std::string aws_query(const AwsFields& fields) {
  AwsFields encoded;
  for (const auto& [name, value] : fields)
    encoded.emplace_back(percent_encoded(name), percent_encoded(value));
  std::ranges::sort(encoded);
  std::string query;
  for (const auto& [name, value] : encoded)
    query.append(query.empty() ? "" : "&").append(name).append("=").append(value);
  return query;
}

AwsFields aws_signed_headers(const AwsRequest& request, std::string_view payload_hash, const AwsScope& scope,
                             const AwsKeys& keys, WallTime now) {
  const bool s3 = scope.service == "s3";
  const std::string time = basic_time(now), day = time.substr(0, 8);
  AwsFields headers = request.headers;
  headers.emplace_back("X-Amz-Date", time);
  if (!keys.session_token.empty()) headers.emplace_back("X-Amz-Security-Token", keys.session_token);
  if (s3) headers.emplace_back("X-Amz-Content-SHA256", payload_hash);

  auto signed_headers = normal_headers(headers);
  signed_headers["host"] = request.host;
  std::string names, lines;
  for (const auto& [name, value] : signed_headers) {
    names.append(names.empty() ? "" : ";").append(name);
    lines.append(name).append(":").append(value).append("\n");
  }
  const std::string sent_path = aws_path(request.path);
  std::string canonical = request.method + "\n";
  canonical += (s3 ? sent_path : aws_path(normal_path(sent_path))) + "\n";
  canonical += aws_query(request.query) + "\n";
  canonical += lines + "\n" + names + "\n";
  canonical += payload_hash;

  const std::string credential_scope = day + "/" + scope.region + "/" + scope.service + "/aws4_request";
  const std::string to_sign =
      "AWS4-HMAC-SHA256\n" + time + "\n" + credential_scope + "\n" + to_hex(Sha256().of(canonical));
  Digest key = hmac_sha256("AWS4" + keys.secret_key, day);
  for (std::string_view part : {std::string_view(scope.region), std::string_view(scope.service),
                                std::string_view("aws4_request"), std::string_view(to_sign)})
    key = hmac_sha256(bytes_of(key), part);
  headers.emplace_back("Authorization", "AWS4-HMAC-SHA256 Credential=" + keys.access_key + "/" +
                                            credential_scope + ", SignedHeaders=" + names +
                                            ", Signature=" + to_hex(key));
  return headers;
}

}  // namespace sluice
