// s3:// URLs: which bucket, where it is, and how its objects are kept. Thread-safe.
#pragma once

#include <string>

#include "base/result.h"

namespace sluice {

enum class S3Style { path, virtual_host };
enum class S3Encryption { bucket_default, aes256, kms };

// s3://bucket/prefix?endpoint=https://…&region=…&style=path|virtual&sse=AES256|aws:kms&sse_kms_key_id=…&
// checksum=sha256|none&tls_ca=FILE. Keys are none of it.
struct S3Url {
  std::string bucket;
  std::string prefix;  // empty, or ends in '/'
  std::string region;  // empty where the URL does not say
  bool tls = true;
  std::string host;  // with the port where one was given; Amazon's where there is no endpoint
  S3Style style = S3Style::virtual_host;
  S3Encryption encryption = S3Encryption::bucket_default;
  std::string kms_key_id;
  bool checksums = true;
  std::string tls_ca;

  std::string place() const;  // "s3://bucket/prefix", for messages
};

// `default_region`: what the environment says; "us-east-1" where it is empty and the URL says nothing.
Result<S3Url> parse_s3_url(const std::string& url, const std::string& default_region);

}  // namespace sluice
