// Service: what the parts of a running node share: where jobs, messages and files are, and by which
// configuration. Made once (app/open_service.h); outlives every part.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/run_split.h"
#include "jobs/input.h"
#include "jobs/plan_job.h"
#include "ports/blob_store.h"
#include "ports/job_queue.h"
#include "ports/store.h"

namespace sluice {

// Told of what this node's workers do, for metrics. From any thread; quick.
class WorkObserver {
 public:
  virtual ~WorkObserver() = default;
  virtual void committed(const Job& job, const SplitProgress& progress) = 0;
  virtual void ended(const Job& job, JobStatus status) = 0;  // by a worker of this node
  virtual void attempt_failed(const Job& job) = 0;           // and will be tried again
  virtual void lease_lost(const Job& job) = 0;
  // A slot was busy so long with planning a job, or with a split of one.
  virtual void worked(bool planning, std::chrono::duration<double> time) = 0;
};

// What the store takes to be in the queue and is not, as far as this node knows.
struct Unsent {
  std::mutex mutex;                    // the others
  std::vector<QueueMessage> messages;  // the queue was away when they were to be put in
  std::optional<std::chrono::steady_clock::time_point> all_before;  // when it was found to be new
};

struct Service {
  Store& store;
  JobQueue& queue;
  BlobStore& blobs;
  std::string pipelines_folder;
  std::uint64_t row_bytes = 1u << 20;
  std::uint64_t split_bytes = kSplitBytes;
  std::uint64_t archive_bytes = 100'000'000'000;  // what the files in an archive may come to, unpacked
  std::size_t queued_per_tenant = 64;        // splits of a tenant that are in the queue or in work at once
  std::uint64_t most_waiting_jobs = 10'000;  // of a tenant: further ones are refused until some were begun
  WorkObserver* observer = nullptr;          // may be null
  std::shared_ptr<Unsent> unsent = std::make_shared<Unsent>();
  std::function<void()> work_came = [] {};  // wakes this node's dispatcher; from any thread
};

// ingestion_jobs.blob of a file in the blob store: "blob:KEY". (`sluice run` reads files where they lie:
// those places begin with "file:", and no worker takes such a job.)
std::string blob_place(const std::string& key);
std::string blob_key_of(const std::string& place);  // "" where it is no such place

// The input of a job whose file is in the blob store. Error (input) where it is gone, or is another than the
// plan was made for (`version` "": any).
Result<Input> open_blob_input(BlobStore& blobs, const Job& job, const std::string& version);

}  // namespace sluice
