// AwsHttp: small requests and answers over HTTP, by libcurl, on connections that are kept. For the services
// of Amazon Web Services and those that speak like them; bodies that do not fit into memory go elsewhere.
// Thread-safe: as many requests at once as there are callers.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/aws_signature.h"
#include "base/result.h"

namespace sluice {

struct AwsHttpRequest {
  std::string method = "GET";
  std::string url;  // percent-encoded; sent as it stands here
  AwsFields headers;
  std::string_view body;  // lives as long as the call
  std::chrono::milliseconds connect_within{5'000};
  std::chrono::milliseconds answer_within{30'000};  // from beginning to end; 0: however long it takes
  std::chrono::seconds stall_within{0};             // without a byte in either direction; 0: for ever
};

struct AwsAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in small letters
  std::string body;
  bool reached = false;    // there was a connection to the server, whatever came of it
  bool untrusted = false;  // whose certificate nobody vouches for
};

// The metadata services of a machine or container are asked without the proxy that the environment names.
enum class AwsProxy : bool { none, of_environment };

class AwsHttp {
 public:
  // `authorities`: a file of certificates in place of the system's and of AWS_CA_BUNDLE.
  explicit AwsHttp(AwsProxy proxy, std::string authorities = "");
  ~AwsHttp();
  AwsHttp(const AwsHttp&) = delete;
  AwsHttp& operator=(const AwsHttp&) = delete;

  // Any status is an answer. A server that cannot be reached is `unavailable`; a stop request, at once,
  // `cancelled`.
  Result<AwsAnswer> send(const AwsHttpRequest& request, std::stop_token stop = {});
  // The same; of an answer that breaks off, what came of it is in `answer`.
  Result<> send_into(const AwsHttpRequest& request, AwsAnswer& answer, const std::stop_token& stop);

 private:
  struct Channel;
  Result<> send_on(Channel& channel, const AwsHttpRequest& request, AwsAnswer& answer,
                   const std::stop_token& stop);

  const AwsProxy proxy_;
  const std::string authorities_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Channel>> idle_;  // guarded by mutex_
};

}  // namespace sluice
