// ShareRate: a thread that tells the other nodes what this one has counted for a limit of requests, many
// times a second, and hears what they have. Where they cannot be reached the limit goes on with what was last
// heard.
#pragma once

#include <stop_token>
#include <thread>

#include "ports/request_tally.h"
#include "server/rate_limit.h"

namespace sluice {

class ShareRate {
 public:
  ShareRate(RateLimit& limit, RequestTally& tally);  // both outlive it
  ShareRate(const ShareRate&) = delete;
  ShareRate& operator=(const ShareRate&) = delete;

 private:
  void run(const std::stop_token& stop);
  void tell();

  RateLimit& limit_;
  RequestTally& tally_;
  bool away_ = false;  // as last found; said once. The thread's
  std::jthread thread_;
};

}  // namespace sluice
