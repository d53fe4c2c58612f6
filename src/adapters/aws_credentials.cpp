#include "adapters/aws_credentials.h"

#include <utility>

namespace sluice {
namespace {

using namespace std::chrono_literals;

// Before keys expire, new ones are looked for: AWS hands them out five minutes before, at the latest.
constexpr auto kAhead = 5min;
// Between two looks for better ones than those that serve still.
constexpr auto kBetweenLooks = 30s;

}  // namespace

AwsCredentials::AwsCredentials(Find find, Now now) : find_(std::move(find)), now_(std::move(now)) {}

Result<AwsKeys> AwsCredentials::keys(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  for (bool waited = false;; waited = true) {
    const WallTime now = now_();
    if (kept_) {
      const bool serve = !kept_->expires || now < *kept_->expires - kAhead || now < look_again_;
      if (!doubted_ && (serve || (looking_ && now < *kept_->expires))) return kept_->keys;
    } else if (waited && !looking_ && failure_) {
      return std::unexpected(*failure_);  // of the one that looked meanwhile
    }
    if (!looking_) break;
    if (!found_.wait(lock, stop, [&] { return !looking_; }))
      return fail(ErrorKind::cancelled, "stopped while waiting for AWS credentials.", true);
  }
  looking_ = true;
  failure_.reset();
  lock.unlock();
  auto found = find_(stop);
  lock.lock();
  looking_ = false;
  look_again_ = now_() + kBetweenLooks;
  if (std::exchange(doubted_, false)) doubts_count_from_ = look_again_;
  found_.notify_all();
  if (found) {
    kept_ = *found;
    had_some_ = true;
    return found->keys;
  }
  if (kept_ && now_() < kept_->expires.value_or(WallTime::max())) return kept_->keys;
  kept_.reset();
  if (found.error().kind == ErrorKind::cancelled) return std::unexpected(found.error());
  failure_ = found.error();
  // Where keys came from before they will come from again: that they are not there now is no wrong setting.
  if (had_some_) failure_ = {ErrorKind::unavailable, failure_->message, true};
  return std::unexpected(*failure_);
}

void AwsCredentials::refused(const AwsKeys& keys) {
  std::lock_guard lock(mutex_);
  if (kept_ && kept_->keys == keys) kept_.reset();
}

void AwsCredentials::doubted(const AwsKeys& keys) {
  std::lock_guard lock(mutex_);
  if (kept_ && kept_->keys == keys && now_() >= doubts_count_from_) doubted_ = true;
}

std::shared_ptr<AwsCredentials> aws_credentials_of_this_process() {
  static const auto credentials = std::make_shared<AwsCredentials>(
      [](std::stop_token stop) { return find_aws_keys(environment_of_this_process(), std::move(stop)); });
  return credentials;
}

}  // namespace sluice
