// TimeSlice: how long a split whose job has no other may keep its slot while other work waits. Going on later
// means reading past what is done, for a compressed file from its first byte; so the slice is never less than
// a multiple of what coming so far took this time, and the work done twice stays a bounded share of the
// whole. One thread's. Times are given from outside.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace sluice {

struct SliceRules {
  std::chrono::milliseconds least{5'000};
  std::chrono::milliseconds ask_every{1'000};  // asking who waits costs a look into the queue
  int resumes = 5;  // and no less than so many times what coming so far took: a fifth at most is done twice
};

class TimeSlice {
 public:
  using Time = std::chrono::steady_clock::time_point;

  TimeSlice(const SliceRules& rules, Time leased) : rules_(rules), leased_(leased), ask_at_(leased) {}

  // After a commit: is it time to ask whether others wait? Then not again for a while.
  bool is_over(Time now) {
    if (!ends_) ends_ = leased_ + std::max<Time::duration>(rules_.least, rules_.resumes * (now - leased_));
    if (now < *ends_ || now < ask_at_) return false;
    ask_at_ = now + rules_.ask_every;
    return true;
  }

 private:
  const SliceRules rules_;
  const Time leased_;
  std::optional<Time> ends_;  // known at the first commit
  Time ask_at_;
};

}  // namespace sluice
