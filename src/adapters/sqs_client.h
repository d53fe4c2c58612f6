// SqsClient: the calls of Amazon SQS that are needed here, by its JSON protocol. A queue is named by the URL
// that find() or create() gives. What a server in trouble or a throttled account answers is tried again
// before it is an error. Thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "adapters/aws_client.h"
#include "adapters/sqs_url.h"
#include "base/result.h"

namespace sluice {

struct SqsOutgoing {
  std::string body;  // UTF-8 without control characters
  // FIFO queues only: messages of a group go one after the other; one whose deduplication id came within
  // five minutes is not put in again.
  std::string group, deduplication_id;
};

struct SqsIncoming {
  std::string body, receipt;
};

using SqsAttributes = std::map<std::string, std::string>;

class SqsClient {
 public:
  SqsClient(const SqsUrl& url, std::shared_ptr<AwsCredentials> credentials, AwsPatience patience = {});

  // `not_found` where there is none of this name.
  Result<std::string> find(const std::string& queue, const std::string& account = "");
  Result<std::string> create(const std::string& queue, const SqsAttributes& attributes);

  // All of them, ten with each request. After an error some may be there.
  Result<> send(const std::string& queue_url, std::span<const SqsOutgoing> messages);
  // Up to ten; others do not see them for `hold`. Waits up to `wait` for one, in whole seconds, 20 at most;
  // a stop request ends that at once with `cancelled`.
  Result<std::vector<SqsIncoming>> receive(const std::string& queue_url, int most, std::chrono::seconds hold,
                                           std::chrono::seconds wait, std::stop_token stop = {});
  // What is gone already is no error.
  Result<> remove(const std::string& queue_url, std::span<const std::string> receipts);
  // `conflict` where the message is gone, or no longer its receiver's.
  Result<> change_visibility(const std::string& queue_url, const std::string& receipt,
                             std::chrono::seconds hidden);

  Result<SqsAttributes> attributes(const std::string& queue_url);
  Result<SqsAttributes> tags(const std::string& queue_url);
  Result<> tag(const std::string& queue_url, const std::string& key, const std::string& value);
  Result<> untag(const std::string& queue_url, const std::string& key);
  // All messages of a dead-letter queue back to where they came from; goes on after the call.
  Result<> move_back(const std::string& dead_letter_arn);

 private:
  Result<nlohmann::json> call(const std::string& action, const nlohmann::json& request,
                              std::chrono::seconds extra = {}, std::stop_token stop = {});
  Result<> call_in_batches(const std::string& action, const std::string& queue_url,
                           std::vector<nlohmann::json> entries);
  Error error_of(std::string_view action, const AwsFault& fault, int status) const;

  const std::string host_;
  AwsClient client_;
};

}  // namespace sluice
