#include "server/rate_limit.h"

#include <algorithm>

namespace sluice {

namespace {

// So many buckets are kept before the full ones, which say nothing, are looked for and dropped.
constexpr std::size_t kManyBuckets = 10'000;

}  // namespace

RateLimit::Bucket& RateLimit::bucket_of(const std::string& who, Time now) {
  if (buckets_.size() >= kManyBuckets) forget_full_ones(now);
  auto [found, is_new] = buckets_.try_emplace(who, Bucket{static_cast<double>(rate_), now});
  Bucket& bucket = found->second;
  if (!is_new) {
    double seconds = std::chrono::duration<double>(now - bucket.filled).count();
    bucket.tokens = std::min<double>(rate_, bucket.tokens + std::max(seconds, 0.0) * rate_);
    bucket.filled = now;
  }
  return bucket;
}

void RateLimit::forget_full_ones(Time now) {
  std::erase_if(buckets_,
                [&](const auto& entry) { return now - entry.second.filled >= std::chrono::seconds(1); });
}

bool RateLimit::take(const std::string& who, Time now) {
  if (rate_ == 0) return true;
  std::lock_guard lock(mutex_);
  Bucket& bucket = bucket_of(who, now);
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

bool RateLimit::has(const std::string& who, Time now) {
  if (rate_ == 0) return true;
  std::lock_guard lock(mutex_);
  return bucket_of(who, now).tokens >= 1;
}

}  // namespace sluice
