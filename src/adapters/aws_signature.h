// Signature Version 4 of Amazon Web Services, over OpenSSL: what adapters send to S3 and SQS carries it. The
// path and query that are signed are those that aws_path() and aws_query() give; nothing else may be sent.
// Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace sluice {

using AwsFields = std::vector<std::pair<std::string, std::string>>;

struct AwsKeys {
  std::string access_key, secret_key;
  std::string session_token;  // of keys that expire; else empty
  bool operator==(const AwsKeys&) const = default;
};

struct AwsRequest {
  std::string method = "GET";
  std::string host;        // with the port where it is not the scheme's own, as the Host header has it
  std::string path = "/";  // not encoded
  AwsFields query;         // not encoded, in any order
  AwsFields headers;       // all of them are signed; without Host
};

struct AwsScope {
  std::string region, service;  // "eu-central-1", "s3"
};

// In place of a payload's hash where S3 shall not check it: TLS does.
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

std::string aws_path(std::string_view path);     // percent-encoded, the slashes kept
std::string aws_query(const AwsFields& fields);  // percent-encoded and sorted, without '?'

// The request's headers and those that sign it. `payload_hash`: SHA-256 of the body in hexadecimal.
AwsFields aws_signed_headers(const AwsRequest& request, std::string_view payload_hash, const AwsScope& scope,
                             const AwsKeys& keys, WallTime now);

}  // namespace sluice
