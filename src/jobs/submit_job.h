// Submitting: a file that is durably in the blob store becomes a job. What was accepted here is worked on,
// whatever happens afterwards. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "formats/detect.h"
#include "jobs/service.h"

namespace sluice {

// A job's priority lies between this and its negative, however the job comes in.
inline constexpr std::int32_t kMostPriority = 1000;
inline constexpr const char* kPriorityRule = "a whole number from -1000 to 1000; higher goes first.";

struct Submission {
  std::string tenant = "default";
  std::string pipeline;   // its name; "" : by the file's name, inferred where there is none
  std::string file_name;  // as the sender calls it
  std::string content_type, sha256;
  std::uint64_t size = 0;
  std::string metadata;  // JSON object; "" for none
  std::string created_by;
  // Committed; stays the caller's where the submission fails. An upload's key names the job, too: submitting
  // it twice gives the same job.
  std::string blob_key;
  std::string idempotency_key, idempotency_digest;
  std::int32_t priority = 0;
  std::int64_t not_before_ms = 0;  // since 1970
  // Rows that were posted as such are JSON, whatever the pipeline says of its files.
  std::optional<SourceFormat> format;
};

// Errors: usage (a name that no pipeline can have), not_found (no such pipeline), conflict (the idempotency
// key was used for something else). Where the key was used for the same: that job, whose blob is another one.
Result<Job> submit_job(Service& service, const Submission& submission);

// The job that an earlier request with the submission's idempotency key has made; none where there is none,
// and nothing is made now. Error: conflict, as above.
Result<std::optional<Job>> find_made(Service& service, const Submission& submission);

// A corrected error report of `job_id`, or of a job that has the same root; only its rows run again.
Result<Job> submit_report(Service& service, const Submission& submission, const std::string& job_id);

// Is there such a pipeline, so that its file is worth taking? As submit_job's errors.
Result<> check_pipeline_name(Service& service, const std::string& tenant, const std::string& name);

}  // namespace sluice
