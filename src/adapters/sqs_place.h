// SqsPlace: where a queue of SQS and its dead-letter queue are, found or made; and again, when somebody has
// removed them under way. Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "adapters/sqs_client.h"
#include "adapters/sqs_url.h"

namespace sluice {

struct SqsQueues {
  std::string url;
  std::string dead_url, dead_arn;  // empty: it has no dead-letter queue, or not one that we may see
};

class SqsPlace {
 public:
  SqsPlace(SqsClient& client, SqsUrl url) : client_(client), wanted_(std::move(url)) {}

  // True once after the queue had to be made.
  bool was_made();
  // Runs `work` on the queues, and once more where they are not there any more and have been made anew.
  template <class Work>
  auto with(Work work) -> decltype(work(std::declval<const SqsQueues&>())) {
    const SqsQueues queues = TRY(find_or_make());
    auto result = work(queues);
    if (result || result.error().kind != ErrorKind::not_found) return result;
    forget();
    const SqsQueues anew = TRY(find_or_make());
    return work(anew);
  }

 private:
  Result<SqsQueues> find_or_make();
  void forget();
  Result<SqsQueues> look_at(const std::string& url);
  Result<SqsQueues> make();

  SqsClient& client_;
  const SqsUrl wanted_;
  std::mutex mutex_;
  std::optional<SqsQueues> known_;  // guarded by mutex_
  bool made_ = false;               // likewise
};

}  // namespace sluice
