// AwsClient: signed requests to one service, tried again where that helps. S3 and SQS are built on it; what
// an answer means is theirs to say. Thread-safe.
#pragma once

#include <memory>
#include <optional>

#include "adapters/aws_clock.h"
#include "adapters/aws_credentials.h"
#include "adapters/aws_http.h"
#include "adapters/aws_signature.h"

namespace sluice {

// What a refusal says: the code ("AccessDenied") from the JSON or XML, else "HTTP 404".
struct AwsFault {
  std::string code, message;
};
AwsFault aws_fault(const AwsAnswer& answer);
// Refusals that have nothing to do with what was asked: the keys, the clock, the region; with what to do.
std::optional<Error> aws_access_error(const AwsFault& fault, const AwsScope& scope);

struct AwsPatience {
  unsigned attempts = 4;
  std::chrono::milliseconds first_pause{100}, longest_pause{5'000};  // doubled, and drawn from 0 on
  std::stop_token end = {};  // ends every call, whether its caller has a token of its own or not
};

class AwsClient {
 public:
  // `scheme`: "https" or "http".
  AwsClient(AwsScope scope, std::string scheme, std::shared_ptr<AwsCredentials> credentials,
            AwsPatience patience = {});

  // The last answer, whatever its status: what is worth another try (429, 5xx, throttled, keys that have
  // expired) has been tried. `payload_hash`: of the body, worked out where it is empty.
  Result<AwsAnswer> call(const AwsRequest& request, std::string_view body,
                         std::chrono::milliseconds answer_within, std::stop_token stop = {},
                         std::string_view payload_hash = {});

  const AwsScope& scope() const { return scope_; }
  const std::string& scheme() const { return scheme_; }
  AwsCredentials& credentials() { return *credentials_; }

 private:
  const AwsScope scope_;
  const std::string scheme_;
  const std::shared_ptr<AwsCredentials> credentials_;
  const AwsPatience patience_;
  AwsClock clock_;
  AwsHttp http_{AwsProxy::of_environment};
};

}  // namespace sluice
