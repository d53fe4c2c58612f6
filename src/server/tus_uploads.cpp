#include "server/tus_uploads.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/uuid.h"
#include "jobs/find_pipeline.h"
#include "jobs/submit_job.h"
#include "jobs/upload_keys.h"
#include "server/asked.h"
#include "server/room.h"
#include "server/scope.h"

namespace sluice {
namespace {

std::unexpected<Error> at_another_place(std::uint64_t offset) {
  return refuse(
      {.status = 409,
       .name = "upload-offset",
       .title = "The upload stands at another byte",
       .detail = "The server has " + std::to_string(offset) +
                 " bytes of this upload; Upload-Offset says another number. Ask for it by HEAD and go "
                 "on from there.",
       .extra = R"({"offset":)" + std::to_string(offset) + "}"});
}

bool has_content_type(const Request& request) {
  const std::string_view type = request.headers.get("Content-Type");
  return type.substr(0, type.find(';')) == kTusContentType;
}

std::string path_of(const Upload& upload) { return "/v1/uploads/" + upload.id; }

void describe(const Upload& upload, const std::string& job_id, Response& response) {
  response.headers.set("Upload-Offset", std::to_string(upload.offset));
  response.headers.set("Upload-Expires", tus_date(upload.expires_ms));
  if (!job_id.empty()) response.headers.set("Sluice-Job-Id", job_id);
}

// The body of a PATCH or POST. Destroyed without finish(): the client went away, and what came is kept.
class TusBody : public RequestSink {
 public:
  TusBody(Service& service, Request request, std::shared_ptr<TusSlot> slot,
          std::shared_ptr<TusSession> session, bool created)
      : service_(service),
        request_(std::move(request)),
        slot_(std::move(slot)),
        session_(std::move(session)),
        created_(created) {}

  ~TusBody() override {
    if (!session_) return;
    std::lock_guard lock(slot_->mutex);
    if (slot_->active != session_) return;  // it was ended, or another has taken over
    auto kept = session_->keep();
    if (!kept)
      log_warning("upload-not-kept", {{"upload", session_->upload().id}, {"error", kept.error().message}});
    slot_->active.reset();
  }

  Result<> write(std::string_view bytes) override {
    std::lock_guard lock(slot_->mutex);
    if (slot_->active != session_) return upload_in_use();
    auto written = session_->write(bytes);
    if (!session_->is_refused()) return written;
    slot_->active.reset();
    TRY(remove_upload(service_, session_->upload()));
    return written;
  }

  Result<Response> finish() override {
    std::lock_guard lock(slot_->mutex);
    if (slot_->active != session_) return upload_in_use();
    slot_->active.reset();
    TRY(session_->finish());
    const Upload upload = session_->upload();
    const bool whole = session_->is_whole();
    session_.reset();  // the blob is free to be finished
    Response response;
    response.status = created_ ? 201 : 204;
    if (created_) response.headers.set("Location", path_of(upload));
    std::string job = upload.job_id;
    if (whole && job.empty()) job = TRY(finish_upload(service_, request_, upload));
    describe(upload, job, response);
    return response;
  }

 private:
  Service& service_;
  const Request request_;
  const std::shared_ptr<TusSlot> slot_;
  std::shared_ptr<TusSession> session_;
  const bool created_;
};

// An answer that needs no body; a small one is passed over.
class TusAnswer : public RequestSink {
 public:
  explicit TusAnswer(Response response) : response_(std::move(response)) {}
  Result<> write(std::string_view) override { return {}; }
  Result<Response> finish() override { return std::move(response_); }

 private:
  Response response_;
};

std::unexpected<Error> too_large(std::uint64_t most) {
  return refuse({.status = 413,
                 .name = "too-large",
                 .title = "The file is larger than this server takes",
                 .detail = "This server takes files of at most " + std::to_string(most) +
                           " bytes (limits.upload_bytes)."});
}

std::unexpected<Error> wrong_content_type() {
  return refuse({.status = 415,
                 .name = "tus-content-type",
                 .title = "Bytes of an upload have another content type",
                 .detail = "The Content-Type has to be " + std::string(kTusContentType) + "."});
}

}  // namespace

std::unique_ptr<RequestSink> answer_without_body(Response response) {
  return std::make_unique<TusAnswer>(std::move(response));
}

std::shared_ptr<TusSlot> TusUploads::slot_of(const std::string& id) {
  std::lock_guard lock(mutex_);
  std::erase_if(slots_, [](const auto& slot) { return slot.second.expired(); });
  auto slot = slots_[id].lock();
  if (!slot) slots_[id] = slot = std::make_shared<TusSlot>();
  return slot;
}

Result<Upload> TusUploads::find(const Request& request) {
  const std::string& id = request.parameters.at("id");
  std::optional<Upload> upload;
  if (uuid_bytes(id)) upload = TRY(service_.store.uploads().get(request.principal.tenant, id));
  if (!upload)
    return fail(ErrorKind::not_found, "There is no upload " + id.substr(0, 100) +
                                          ": it was ended, or its time ran out. Begin it anew.");
  if (!upload->pipeline.empty()) TRY(check_reach(request.principal, upload->pipeline));
  if (upload->expires_ms < ms_since_1970(wall_now()))
    return fail(ErrorKind::gone, "The time of this upload ran out. Begin it anew.");
  return *std::move(upload);
}

Result<> TusUploads::claim(TusSlot& slot) {
  if (!slot.active) return {};
  if (!slot.active->is_stale()) return upload_in_use();
  auto kept = slot.active->keep();
  if (!kept)
    log_warning("upload-not-kept", {{"upload", slot.active->upload().id}, {"error", kept.error().message}});
  slot.active->end();
  slot.active.reset();
  return {};
}

Result<std::shared_ptr<TusSession>> TusUploads::begin_session(const Request& request, TusSlot& slot,
                                                              Upload upload) {
  auto checksum = TRY(TusChecksum::of(request));
  const std::uint64_t coming = request.content_length.value_or(0);
  if (upload.length && coming > *upload.length - upload.offset)
    return fail(ErrorKind::usage, "The request has more bytes than are left of Upload-Length.");
  std::unique_ptr<PartialBlob> blob;
  if (!upload.length || upload.offset < *upload.length) {
    TRY(SpaceCheck(service_.blobs, rules_.reserve_bytes).fits(coming));
    auto resumed = service_.blobs.resume(upload.blob, upload.offset);
    if (!resumed && resumed.error().kind == ErrorKind::conflict) return upload_in_use();  // on another node
    if (!resumed && resumed.error().kind == ErrorKind::not_found) {
      TRY(service_.store.uploads().remove(upload.id));
      return fail(ErrorKind::gone, "The bytes of this upload are not there any more. Begin it anew.");
    }
    blob = TRY(std::move(resumed));
  }
  slot.active =
      std::make_shared<TusSession>(service_, rules_, std::move(upload), std::move(blob), std::move(checksum));
  return slot.active;
}

Result<std::unique_ptr<RequestSink>> TusUploads::create(const Request& request) {
  TRY(check_tus_version(request));
  TRY(check_asked(request, {}));
  // Each part would become a job of its own.
  if (request.headers.has("Upload-Concat"))
    return fail(
        ErrorKind::usage,
        "A file cannot be put together of several uploads here (Upload-Concat; in tus-js-client: "
        "parallelUploads). Send it in one, which may be broken off and gone on with as often as needed.");
  Upload upload;
  upload.length = TRY(tus_number(request, "Upload-Length"));
  const bool deferred = request.headers.get("Upload-Defer-Length") == "1";
  if (upload.length.has_value() == deferred)
    return fail(ErrorKind::usage,
                "One of the headers Upload-Length (bytes) and Upload-Defer-Length: 1 is needed.");
  if (upload.length.value_or(0) > rules_.most_bytes) return too_large(rules_.most_bytes);
  const bool has_body = request.content_length.value_or(0) != 0 || request.headers.has("Transfer-Encoding");
  if (has_body && !has_content_type(request)) return wrong_content_type();
  upload.sent_metadata = request.headers.get("Upload-Metadata");
  const SubmissionOptions options = TRY(options_of_tus(upload.sent_metadata, wall_now()));
  if (options.pipeline.empty() && options.file_name.empty())
    return fail(
        ErrorKind::usage,
        "Upload-Metadata has to hold a filename or a pipeline: one of them says what to do with the file.");
  upload.pipeline = options.pipeline.empty() ? pipeline_name_of(options.file_name) : options.pipeline;
  TRY(check_reach(request.principal, upload.pipeline));
  TRY(check_pipeline_name(service_, request.principal.tenant, options.pipeline));
  TRY(SpaceCheck(service_.blobs, rules_.reserve_bytes).fits(upload.length.value_or(0)));
  TRY(check_room(service_, request.principal.tenant));
  upload.id = new_uuid();
  upload.tenant = request.principal.tenant;
  upload.created_by = request.principal.actor;
  upload.file_name = options.file_name;
  upload.metadata = options.metadata;
  upload.blob = resumable_key(upload.id);
  upload.expires_ms = upload_expiry_ms();
  TRY(service_.store.uploads().add(upload));
  auto slot = slot_of(upload.id);
  std::lock_guard lock(slot->mutex);
  auto session = TRY(begin_session(request, *slot, std::move(upload)));
  return std::make_unique<TusBody>(service_, request, slot, session, true);
}

Result<std::unique_ptr<RequestSink>> TusUploads::go_on(const Request& request) {
  TRY(check_tus_version(request));
  TRY(check_asked(request, {}));
  if (!has_content_type(request)) return wrong_content_type();
  const auto offset = TRY(tus_number(request, "Upload-Offset"));
  if (!offset) return fail(ErrorKind::usage, "The header Upload-Offset is needed.");
  const auto length = TRY(tus_number(request, "Upload-Length"));
  auto slot = slot_of(request.parameters.at("id"));
  std::lock_guard lock(slot->mutex);
  TRY(find(request));  // before somebody else's request is ended
  TRY(claim(*slot));
  Upload upload = TRY(find(request));
  if (*offset != upload.offset) return at_another_place(upload.offset);
  if (length && upload.length && *length != *upload.length)
    return fail(ErrorKind::usage, "Upload-Length is another than before, and cannot change.");
  if (length && !upload.length) {
    if (*length > rules_.most_bytes) return too_large(rules_.most_bytes);
    if (*length < upload.offset)
      return fail(ErrorKind::usage, "Upload-Length is less than what came already.");
    TRY(service_.store.uploads().set_length(upload.id, *length));
    upload.length = length;
  }
  auto session = TRY(begin_session(request, *slot, std::move(upload)));
  return std::make_unique<TusBody>(service_, request, slot, session, false);
}

Result<std::unique_ptr<RequestSink>> TusUploads::overridden(const Request& request) {
  const std::string_view method = request.headers.get("X-HTTP-Method-Override");
  if (method == "PATCH") return go_on(request);
  if (method == "DELETE") return answer_without_body(TRY(end(request)));
  return fail(ErrorKind::usage,
              "A POST to an upload needs the header X-HTTP-Method-Override: PATCH or DELETE.");
}

Result<Response> TusUploads::ask(const Request& request) {
  TRY(check_asked(request, {}));
  if (request.method == "HEAD") TRY(check_tus_version(request));
  auto slot = slot_of(request.parameters.at("id"));
  std::lock_guard lock(slot->mutex);
  TRY(find(request));
  // Whoever asks goes on from the answer: a request that stands still does not take part any more.
  if (slot->active && slot->active->is_stale()) TRY(claim(*slot));
  const Upload upload = TRY(find(request));
  std::string job = upload.job_id;
  // Whole, and the process ended before its job was made.
  if (job.empty() && upload.length && upload.offset == *upload.length && !slot->active)
    job = TRY(finish_upload(service_, request, upload));
  nlohmann::ordered_json json = {{"id", upload.id},
                                 {"offset", upload.offset},
                                 {"length", nullptr},
                                 {"jobId", nullptr},
                                 {"expiresAt", rfc3339(wall_time(upload.expires_ms))}};
  if (upload.length) json["length"] = *upload.length;
  if (!job.empty()) json["jobId"] = job;
  Response response = json_response(200, json.dump() + "\n");
  describe(upload, job, response);
  response.headers.set("Cache-Control", "no-store");
  if (upload.length)
    response.headers.set("Upload-Length", std::to_string(*upload.length));
  else
    response.headers.set("Upload-Defer-Length", "1");
  if (!upload.sent_metadata.empty()) response.headers.set("Upload-Metadata", upload.sent_metadata);
  if (!job.empty()) response.headers.set("Location", "/v1/jobs/" + job);
  return response;
}

Result<Response> TusUploads::end(const Request& request) {
  TRY(check_tus_version(request));
  TRY(check_asked(request, {}));
  auto slot = slot_of(request.parameters.at("id"));
  std::lock_guard lock(slot->mutex);
  const Upload upload = TRY(find(request));
  if (!upload.job_id.empty())
    return fail(ErrorKind::conflict,
                "The upload is whole and became the job " + upload.job_id + "; cancel or delete that.");
  if (slot->active) slot->active->end();
  slot->active.reset();
  TRY(remove_upload(service_, upload));
  Response response;
  response.status = 204;
  return response;
}

Result<Response> TusUploads::options(const Request&) const {
  Response response;
  response.status = 204;
  response.headers.set("Tus-Version", std::string(kTusVersion));
  response.headers.set("Tus-Extension", std::string(kTusExtensions));
  response.headers.set("Tus-Checksum-Algorithm", std::string(kTusChecksums));
  response.headers.set("Tus-Max-Size", std::to_string(rules_.most_bytes));
  return response;
}

}  // namespace sluice
