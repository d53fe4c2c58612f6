// The end of every way of upload: a file that is durably in the blob store becomes a job, and its sender is
// told. Called by the sinks of the upload routes on pool threads.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "jobs/posted_rows.h"
#include "jobs/service.h"
#include "server/http_message.h"
#include "server/submission_options.h"
#include "server/upload_sink.h"

namespace sluice {

// What is known before the first byte of the file: who sends it, and what for.
struct FileRequest {
  Request request;  // without its body
  SubmissionOptions options;
  std::optional<SourceFormat> format;  // of rows that were posted as such
  std::optional<Job> corrects;         // the body is the corrected report of this job
  bool keeps_file = false;             // where submitting fails: it can be tried again with the same file
};

// May the sender, and is there such a pipeline? Asked before much is received.
Result<> check_pipeline(Service& service, const Principal& principal, const std::string& pipeline);

// Submits. Where that fails, or the request was made before (Idempotency-Key), the file is removed; where
// nobody knows whether it failed (the store went away), it is left to be cleared away later. `asked` may say
// to keep it.
Result<Job> submit_file(Service& service, const FileRequest& asked, const ReceivedFile& file);

// Rows that were posted, as a file of their own.
Result<Job> submit_rows(Service& service, FileRequest& asked, const PostedRows& rows);

// The job that these rows became when they came before under the request's Idempotency-Key; none where they
// did not. What the pipeline has become since does not matter. Problems as submit_file's, of the key.
Result<std::optional<Job>> made_before(Service& service, const FileRequest& asked, const PostedRows& rows);

// The key of the request, checked: "" where there is none.
Result<std::string> idempotency_key(const Request& request);

}  // namespace sluice
