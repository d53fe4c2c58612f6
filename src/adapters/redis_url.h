// redis:// and rediss:// URLs. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

// redis://[user[:password]@]host[:port][/database][?prefix=bull&queue=sluice&events=…]; rediss:// with TLS,
// checked against the system's certificates or those of tls_ca=FILE.
struct RedisUrl {
  std::string host, port = "6379";
  std::string user, password;
  unsigned database = 0;
  bool tls = false;
  std::string tls_ca;
  std::string prefix = "bull", queue = "sluice";  // BullMQ's: keys are PREFIX:QUEUE:…
  std::string events;                             // the queue that events are published to; "": none
};
Result<RedisUrl> parse_redis_url(const std::string& url);

}  // namespace sluice
