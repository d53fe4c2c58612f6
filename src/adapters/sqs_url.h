// sqs:// URLs, and the https:// ones that AWS shows for a queue. Thread-safe.
#pragma once

#include <string>

#include "adapters/aws_profile.h"
#include "base/result.h"

namespace sluice {

// sqs://[ACCOUNT/]QUEUE[?region=eu-central-1&endpoint=http://127.0.0.1:9324&events=QUEUE]
// https://sqs.eu-central-1.amazonaws.com/ACCOUNT/QUEUE
struct SqsUrl {
  std::string account;  // the owner's number; empty: that of the credentials
  std::string queue;
  std::string region;
  std::string scheme = "https", host;  // of the endpoint; the host with its port

  std::string events;  // the queue that events are published to; empty: none

  bool is_fifo() const { return queue.ends_with(".fifo"); }
};
// A region that is not named is the environment's.
Result<SqsUrl> parse_sqs_url(const std::string& url, const AwsEnvironment& environment);

}  // namespace sluice
