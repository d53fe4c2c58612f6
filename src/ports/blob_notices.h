// BlobNotices: who keeps the blobs tells that one has come, so that watched prefixes need not wait for the
// next look. Hints: one may come twice, late, or never. Thread-safe.
#pragma once

#include <chrono>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice {

struct BlobNotice {
  std::vector<std::string>
      keys;           // of blobs, as the blob store has them; none where it tells of something else
  std::string token;  // the adapter's
};

class BlobNotices {
 public:
  virtual ~BlobNotices() = default;
  // Waits up to `wait` for one; none on a stop request.
  virtual Result<std::vector<BlobNotice>> receive(std::chrono::seconds wait, std::stop_token stop) = 0;
  // Those that are not done come again after a while.
  virtual Result<> done(std::span<const BlobNotice> notices) = 0;
};

}  // namespace sluice
