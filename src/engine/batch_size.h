// BatchSize: how many rows the next commit takes. Many, because a commit has a price of its own; but so few
// that it takes no longer than a moment: until then nothing new is durable, and others wait for what it has
// locked.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace sluice {

class BatchSize {
 public:
  // `adapts` false: always `most`.
  BatchSize(std::uint64_t most, bool adapts) : most_(most), rows_(most), adapts_(adapts) {}

  std::uint64_t rows() const { return rows_; }

  // A commit of so many rows took so long.
  void committed(std::uint64_t rows, std::chrono::nanoseconds took) {
    if (!adapts_) return;
    if (took > kLongest)
      rows_ = std::max(std::min(rows_, rows) / 2, std::min(kLeast, most_));
    else if (took < kLongest / 4)
      rows_ = std::min(rows_ * 2, most_);
  }

 private:
  static constexpr std::chrono::milliseconds kLongest{2000};
  static constexpr std::uint64_t kLeast = 500;
  std::uint64_t most_, rows_;
  bool adapts_;
};

}  // namespace sluice
