#include "server/accept_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "jobs/find_pipeline.h"
#include "jobs/submit_job.h"
#include "jobs/upload_keys.h"
#include "server/room.h"
#include "server/scope.h"

namespace sluice {
namespace {

constexpr std::size_t kKeyBytes = 255;

std::string ending_of(const std::string& content_type) {
  constexpr std::pair<std::string_view, const char*> kEndings[] = {
      {"text/csv", ".csv"},
      {"text/tab-separated-values", ".tsv"},
      {"application/json", ".json"},
      {"application/x-ndjson", ".ndjson"},
      {"application/gzip", ".csv.gz"},
      {"application/zstd", ".csv.zst"},
      {"application/zip", ".zip"},
      {"application/vnd.openxmlformats-officedocument."
       "spreadsheetml.sheet",
       ".xlsx"}};
  auto found = std::ranges::find(kEndings, content_type, [](const auto& ending) { return ending.first; });
  return found == std::end(kEndings) ? "" : found->second;
}

// What the file is called where its sender does not say, and a report by what it is: its reader goes by the
// ending.
std::string file_name_of(const FileRequest& asked, const ReceivedFile& file) {
  std::string name = asked.options.file_name;
  if (!asked.corrects) return name.empty() ? "upload" + ending_of(file.content_type) : name;
  const bool json = file.content_type == "application/json" || file.content_type == "application/x-ndjson";
  if (name.empty()) name = "corrected" + (json ? ".ndjson" : ending_of(file.content_type));
  if (json && !name.ends_with(".ndjson") && !name.ends_with(".jsonl")) name += ".ndjson";
  return name;
}

// All of it that does not follow from the file.
Submission submission_of(const FileRequest& asked) {
  Submission submission;
  submission.tenant = asked.request.principal.tenant;
  submission.created_by = asked.request.principal.actor;
  submission.pipeline = asked.options.pipeline;
  submission.format = asked.format;
  submission.metadata = asked.options.metadata;
  submission.priority = asked.options.priority;
  submission.not_before_ms = asked.options.not_before_ms;
  return submission;
}

// What the request asks for, whatever its bytes were called or cut into.
std::string digest_of(const FileRequest& asked, const ReceivedFile& file) {
  const nlohmann::json what = {
      asked.options.pipeline, asked.options.metadata, asked.corrects ? asked.corrects->id : "",
      file.sha256.empty() ? file.blob_key + " " + std::to_string(file.size) : file.sha256};
  return to_hex(Sha256().of(what.dump()));
}

// What the store says of a key, as a problem of its own.
Error problem_of_key(const Submission& submission, Error error) {
  if (submission.idempotency_key.empty()) return error;
  if (error.kind == ErrorKind::conflict)
    return refuse({.status = 422,
                   .name = "idempotency-key-reused",
                   .title = "The Idempotency-Key belongs to another request",
                   .detail =
                       "The Idempotency-Key was sent before with another file, pipeline or metadata. Send "
                       "a new key with a new request."})
        .error();
  if (error.kind == ErrorKind::gone)
    return refuse({.status = 410,
                   .name = "job-removed",
                   .title = "This request was taken before, and its job has been removed",
                   .detail = error.message})
        .error();
  return error;
}

bool outcome_is_known(const Error& error) {
  const ErrorKind kind = error.kind;
  return problem_of(error).status == 403 || kind == ErrorKind::usage || kind == ErrorKind::input ||
         kind == ErrorKind::not_found || kind == ErrorKind::conflict || kind == ErrorKind::gone ||
         problem_of(error).status == 429;
}

// What was accepted under its key is answered as before, however much waits; only what is new needs room.
Result<Job> submit(Service& service, const FileRequest& asked, const Submission& submission) {
  if (!submission.idempotency_key.empty()) {
    Result<> room = check_room(service, submission.tenant);
    if (!room) {
      if (auto made = TRY(find_made(service, submission))) return *std::move(made);
      return std::unexpected(std::move(room).error());
    }
  }
  return asked.corrects ? submit_report(service, submission, asked.corrects->id)
                        : submit_job(service, submission);
}

void drop(Service& service, const std::string& key) {
  if (!is_upload_key(key)) return;
  auto removed = service.blobs.remove(key);
  if (!removed) log_warning("upload-left", {{"error", removed.error().message}});
}

}  // namespace

Result<> check_pipeline(Service& service, const Principal& principal, const std::string& pipeline) {
  TRY(check_reach(principal, pipeline));
  return check_pipeline_name(service, principal.tenant, pipeline);
}

Result<std::string> idempotency_key(const Request& request) {
  std::string key(request.headers.get("Idempotency-Key"));
  const bool plain = std::ranges::all_of(key, [](char c) { return c >= ' ' && c < '\x7f'; });
  if (plain && key.size() <= kKeyBytes) return key;
  return fail(ErrorKind::usage, "Idempotency-Key has to be printable ASCII, at most 255 characters.");
}

Result<Job> submit_file(Service& service, const FileRequest& asked, const ReceivedFile& file) {
  Submission submission = submission_of(asked);
  submission.file_name = file_name_of(asked, file);
  submission.content_type = file.content_type;
  submission.sha256 = file.sha256;
  submission.size = file.size;
  submission.blob_key = file.blob_key;
  submission.idempotency_key = TRY(idempotency_key(asked.request));
  if (!submission.idempotency_key.empty()) submission.idempotency_digest = digest_of(asked, file);

  Result<> reach;
  if (file.content_type == "application/zip")
    reach = check_reach_of_archive(asked.request.principal, submission.pipeline);
  Result<Job> job = reach ? submit(service, asked, submission) : std::unexpected(std::move(reach).error());
  if (job && job->blob != blob_place(file.blob_key)) drop(service, file.blob_key);
  if (job) return job;
  if (outcome_is_known(job.error()) && !asked.keeps_file) drop(service, file.blob_key);
  return std::unexpected(problem_of_key(submission, std::move(job).error()));
}

Result<std::optional<Job>> made_before(Service& service, const FileRequest& asked, const PostedRows& rows) {
  Submission submission = submission_of(asked);
  submission.idempotency_key = TRY(idempotency_key(asked.request));
  if (submission.idempotency_key.empty()) return std::optional<Job>();
  submission.idempotency_digest =
      digest_of(asked, {.sha256 = to_hex(Sha256().of(rows.json)), .size = rows.json.size()});
  auto made = find_made(service, submission);
  if (!made) return std::unexpected(problem_of_key(submission, std::move(made).error()));
  return made;
}

Result<Job> submit_rows(Service& service, FileRequest& asked, const PostedRows& rows) {
  asked.format = rows.format;
  const KeptRows kept = TRY(keep_rows(service.blobs, rows));
  return submit_file(service, asked,
                     {.id = id_of_upload_key(kept.blob_key),
                      .blob_key = kept.blob_key,
                      .sha256 = kept.sha256,
                      .content_type = kept.content_type,
                      .size = rows.json.size()});
}

}  // namespace sluice
