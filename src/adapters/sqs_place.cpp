#include "adapters/sqs_place.h"

#include <nlohmann/json.hpp>

namespace sluice {
namespace {

// A message that was received so often and never completed is a dead letter. The store gives up a split long
// before: this is for what comes and goes without the store knowing of it.
constexpr int kMostReceived = 100;
// Of a queue that is there already: fewer, and what merely waited for another's lease would be a dead letter.
constexpr int kLeastReceived = 20;
constexpr const char* kFourteenDays = "1209600";  // the longest that SQS keeps a message
constexpr const char* kVisibility = "30";         // each receiver says its own

std::string dead_name(const SqsUrl& url) {
  if (!url.is_fifo()) return url.queue + "-dead";
  return url.queue.substr(0, url.queue.size() - 5) + "-dead.fifo";
}

SqsAttributes attributes_of_new(const SqsUrl& url) {
  SqsAttributes attributes{{"MessageRetentionPeriod", kFourteenDays}, {"VisibilityTimeout", kVisibility}};
  if (url.is_fifo()) attributes["FifoQueue"] = "true";
  return attributes;
}

}  // namespace

bool SqsPlace::was_made() {
  std::lock_guard lock(mutex_);
  return std::exchange(made_, false);
}

void SqsPlace::forget() {
  std::lock_guard lock(mutex_);
  known_.reset();
}

Result<SqsQueues> SqsPlace::find_or_make() {
  std::lock_guard lock(mutex_);
  if (known_) return *known_;
  auto found = client_.find(wanted_.queue, wanted_.account);
  if (found) {
    known_ = TRY(look_at(*found));
  } else if (found.error().kind == ErrorKind::not_found && wanted_.account.empty()) {
    known_ = TRY(make());
    made_ = true;
  } else {
    return std::unexpected(std::move(found).error());
  }
  return *known_;
}

Result<SqsQueues> SqsPlace::look_at(const std::string& url) {
  SqsQueues queues{.url = url, .dead_url = "", .dead_arn = ""};
  SqsAttributes attributes = TRY(client_.attributes(url));
  const auto policy = nlohmann::json::parse(attributes["RedrivePolicy"], nullptr, false);
  if (!policy.is_object()) return queues;
  const auto most = policy.find("maxReceiveCount"), arn = policy.find("deadLetterTargetArn");
  if (most == policy.end() || arn == policy.end() || !arn->is_string()) return queues;
  const std::string text = most->is_string() ? most->get<std::string>() : most->dump();
  if (std::atoi(text.c_str()) < kLeastReceived)
    return fail(ErrorKind::usage,
                "the queue " + wanted_.queue + " makes a message a dead letter when it was received " + text +
                    " times: set maxReceiveCount in its redrive policy to " + std::to_string(kLeastReceived) +
                    " or more, best " + std::to_string(kMostReceived) +
                    ". How often a split is tried is the pipeline's to say (retry).");
  queues.dead_arn = *arn;  // arn:aws:sqs:REGION:ACCOUNT:NAME
  const std::size_t name = queues.dead_arn.rfind(':'), account = queues.dead_arn.rfind(':', name - 1);
  if (name == std::string::npos || account == std::string::npos) return queues;
  auto dead =
      client_.find(queues.dead_arn.substr(name + 1), queues.dead_arn.substr(account + 1, name - account - 1));
  if (dead) queues.dead_url = *dead;
  return queues;
}

// Where several nodes do it at once, SQS gives all of them the same queues.
Result<SqsQueues> SqsPlace::make() {
  SqsAttributes attributes = attributes_of_new(wanted_);
  auto dead = client_.find(dead_name(wanted_));
  if (!dead && dead.error().kind == ErrorKind::not_found)
    dead = client_.create(dead_name(wanted_), attributes);
  SqsQueues queues{.url = "", .dead_url = TRY(std::move(dead)), .dead_arn = ""};
  queues.dead_arn = TRY(client_.attributes(queues.dead_url))["QueueArn"];
  attributes["RedrivePolicy"] =
      nlohmann::json{{"deadLetterTargetArn", queues.dead_arn}, {"maxReceiveCount", kMostReceived}}.dump();
  queues.url = TRY(client_.create(wanted_.queue, attributes));
  return queues;
}

}  // namespace sluice
