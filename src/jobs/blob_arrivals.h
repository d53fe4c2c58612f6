// BlobArrivals: files of which the blob store's notices tell become jobs of the schedules that watch their
// prefix, at once instead of at the next look. Every node has one; a file that two of them are told of is one
// job.
#pragma once

#include "jobs/scheduler.h"
#include "jobs/ticking.h"
#include "ports/blob_notices.h"

namespace sluice {

class BlobArrivals {
 public:
  BlobArrivals(Service& service, BlobNotices& notices);

 private:
  Result<bool> take(const std::stop_token& stop);
  Result<> tell(const BlobNotice& notice);

  BlobNotices& notices_;
  Scheduler scheduler_;
  Ticking ticking_;
};

}  // namespace sluice
