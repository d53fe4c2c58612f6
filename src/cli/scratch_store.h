// ScratchStore: an empty store for one check, gone with this object. Constraints that span rows (unique,
// primary keys) can only be checked by remembering, and remembering in constant memory is what a store does.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "jobs/plan_job.h"
#include "ports/store.h"

namespace sluice {

class ScratchStore {
 public:
  // Holds one job of the plan's first split, leased.
  static Result<std::unique_ptr<ScratchStore>> open(const PlannedJob& planned, WriteSpec spec,
                                                    std::uint64_t cache_bytes);
  ~ScratchStore();
  ScratchStore(const ScratchStore&) = delete;
  ScratchStore& operator=(const ScratchStore&) = delete;

  RowWriter& writer() { return *writer_; }
  const Lease& lease() const { return lease_; }
  Result<> each_reject(const std::function<bool(const StoredReject&)>& visit) {
    return store_->queries().each_reject(lease_.job_id, visit);
  }

 private:
  explicit ScratchStore(std::string folder) : folder_(std::move(folder)) {}
  const std::string folder_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<RowWriter> writer_;  // before its store
  Lease lease_;
};

}  // namespace sluice
