// HttpSender: one HTTP POST to an address that a user of the service has named. Because senders of pipelines
// choose such addresses, an adapter sees to it that none leads into the network that the service is in,
// unless its operator has allowed that. Thread-safe.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sluice {

struct HttpPost {
  std::string url;  // http or https
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct HttpAnswer {
  int status = 0;  // also 3xx: redirections are not followed
  std::chrono::seconds retry_after{0};
};

class HttpSender {
 public:
  virtual ~HttpSender() = default;
  // Whatever was answered, in bounded time; the answer's body is not kept. Errors: usage (the address is
  // none, or leads where it must not: it would not get better), unavailable (retryable), cancelled (stopped).
  // Messages show no more of the url than its host.
  virtual Result<HttpAnswer> post(const HttpPost& post, std::stop_token stop) = 0;
};

}  // namespace sluice
