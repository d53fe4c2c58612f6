#include "server/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace sluice {

namespace {

// So many buckets are kept before the full ones, which say nothing, are looked for and dropped.
constexpr std::size_t kManyBuckets = 10'000;
// Who has not come here for so long is taken to come to this node alone, until the others tell of it.
constexpr double kQuietSeconds = 1;
// Seconds' worth that is told at most. Nodes tell many times a second; after they could not for a while, what
// went through meanwhile is not to be paid back: the shared bucket has filled up in that time.
// Of all nodes together: each tells its part.
constexpr std::uint64_t kMostTold = 2;

// What is left of a look's counts at the next one. Nodes look at moments of their own: between two looks of
// one another may have told twice or not at all, and ten looks together say what each had.
constexpr double kLeftAtNextLook = 0.9;

}  // namespace

RateLimit::Bucket& RateLimit::bucket_of(const std::string& who, Time now) {
  if (buckets_.size() >= kManyBuckets) forget_full_ones(now);
  auto [found, is_new] =
      buckets_.try_emplace(who, Bucket{.tokens = static_cast<double>(rate_), .filled = now});
  Bucket& bucket = found->second;
  if (!is_new) {
    const double seconds = std::max(std::chrono::duration<double>(now - bucket.filled).count(), 0.0);
    if (seconds > kQuietSeconds) {
      bucket.part = 1;
      bucket.told_lately = bucket.asked_of_all_lately = 0;
    }
    bucket.tokens = std::min<double>(rate_, bucket.tokens + seconds * rate_ * bucket.part);
    bucket.filled = now;
  }
  return bucket;
}

void RateLimit::forget_full_ones(Time now) {
  std::erase_if(buckets_, [&](const auto& entry) {
    const Bucket& bucket = entry.second;
    const double seconds = std::chrono::duration<double>(now - bucket.filled).count();
    return seconds >= kQuietSeconds && bucket.tokens + seconds * rate_ >= rate_ && bucket.asked == 0;
  });
}

void RateLimit::note_asked(const std::string& who, Bucket& bucket) {
  if (nodes_ == Nodes::one) return;
  if (bucket.asked++ == 0) asked_.push_back(who);
}

bool RateLimit::take(const std::string& who, Time now) {
  if (rate_ == 0) return true;
  std::lock_guard lock(mutex_);
  Bucket& bucket = bucket_of(who, now);
  note_asked(who, bucket);
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  ++bucket.taken;
  return true;
}

bool RateLimit::has(const std::string& who, Time now) {
  if (rate_ == 0) return true;
  std::lock_guard lock(mutex_);
  Bucket& bucket = bucket_of(who, now);
  if (bucket.tokens >= 1) return true;
  note_asked(who, bucket);
  return false;
}

int RateLimit::seconds_to_wait(const std::string& who, Time now) {
  if (rate_ == 0) return 1;
  std::lock_guard lock(mutex_);
  return std::max(1, static_cast<int>(std::ceil((1 - bucket_of(who, now).tokens) / rate_)));
}

std::vector<RequestCount> RateLimit::count() {
  std::lock_guard lock(mutex_);
  std::vector<RequestCount> counts;
  counts.reserve(asked_.size());
  for (const std::string& who : asked_) {
    Bucket& bucket = buckets_.at(who);
    const double most = static_cast<double>(kMostTold * rate_) * bucket.part;
    counts.push_back(
        {who, std::min(bucket.taken, static_cast<std::uint64_t>(std::ceil(most))), bucket.asked});
    bucket.told = bucket.asked;
    bucket.taken = bucket.asked = 0;
  }
  asked_.clear();
  return counts;
}

void RateLimit::share(std::span<const SharedBucket> buckets, Time now) {
  std::lock_guard lock(mutex_);
  for (const SharedBucket& all : buckets) {
    const auto found = buckets_.find(all.who);
    if (found == buckets_.end()) continue;
    Bucket& bucket = found->second;
    const bool was_heard = bucket.asked_of_all != 0 && all.asked > bucket.asked_of_all;
    const auto asked = was_heard ? std::max(all.asked - bucket.asked_of_all, bucket.told) : bucket.told;
    bucket.told_lately = bucket.told_lately * kLeftAtNextLook + static_cast<double>(bucket.told);
    bucket.asked_of_all_lately = bucket.asked_of_all_lately * kLeftAtNextLook + static_cast<double>(asked);
    bucket.part = bucket.asked_of_all_lately == 0 ? 1 : bucket.told_lately / bucket.asked_of_all_lately;
    bucket.asked_of_all = all.asked;
    bucket.tokens = std::min<double>(rate_, all.tokens) - static_cast<double>(bucket.taken);
    bucket.filled = now;
  }
}

}  // namespace sluice
