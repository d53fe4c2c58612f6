#include "server/tus_session.h"

#include "base/log.h"
#include "jobs/sweep_uploads.h"
#include "jobs/upload_keys.h"
#include "server/file_content.h"
#include "server/hash_beside.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

// At most so much of a request is lost when the machine goes down.
constexpr std::uint64_t kKeepBytes = 64u << 20;
// A request that gave nothing for so long may have lost its client without anybody noticing.
constexpr auto kStale = 2s;

std::string title_of(const Upload& upload) {
  return upload.file_name.empty() ? "the file" : upload.file_name;
}

bool is_refusal(const Error& error) {
  const int status = problem_of(error).status;
  return status == 415 || status == 400;
}

// The blob under its key, whichever of its two shapes it has.
Result<> make_whole(Service& service, const Upload& upload) {
  auto there = service.blobs.stat(upload.blob);
  if (there) return {};
  if (there.error().kind != ErrorKind::not_found) return std::unexpected(std::move(there).error());
  auto finish = [&]() -> Result<> {
    auto blob = TRY(service.blobs.resume(upload.blob, upload.offset));
    return blob->commit();
  };
  auto finished = finish();
  if (finished) return {};
  // Another node that was asked at the same time may have been quicker: then nothing unfinished is left.
  if (service.blobs.stat(upload.blob)) return {};
  if (finished.error().kind == ErrorKind::conflict) return upload_in_use();  // it is still at it
  return finished;
}

}  // namespace

std::unexpected<Error> upload_in_use() {
  return refuse({.status = 423,
                 .name = "upload-in-use",
                 .title = "Another request writes to this upload",
                 .detail =
                     "Another request is sending bytes of this upload just now. End it, or try again in "
                     "two seconds.",
                 .retry_after_seconds = 2});
}

TusSession::TusSession(Service& service, const UploadRules& rules, Upload upload,
                       std::unique_ptr<PartialBlob> blob, std::unique_ptr<TusChecksum> checksum)
    : service_(service),
      space_(service.blobs, rules.reserve_bytes),
      most_bytes_(rules.most_bytes),
      upload_(std::move(upload)),
      blob_(std::move(blob)),
      checksum_(std::move(checksum)),
      received_(upload_.offset) {
  if (upload_.offset == 0) content_ = std::make_unique<ContentCheck>(title_of(upload_));
  if (!digest_.go_on(upload_.digest_state)) digest_.reset();
}

Result<> TusSession::write(std::string_view bytes) {
  last_ = std::chrono::steady_clock::now();
  if (bytes.size() > upload_.length.value_or(most_bytes_) - received_)
    return fail(ErrorKind::usage, upload_.length
                                      ? "More bytes came than Upload-Length says. What came before is kept."
                                      : "The upload is larger than this server takes.");
  if (content_) {
    auto passed = content_->pass(bytes);
    refused_ = !passed && is_refusal(passed.error());
    TRY(std::move(passed));
  }
  TRY(space_.written(bytes.size()));
  auto written = hash_beside(digest_, bytes, [&] { return blob_->write(bytes); });
  if (!written) return space_.failed(std::move(written).error());
  if (checksum_) checksum_->update(bytes);
  received_ += bytes.size();
  if (!checksum_ && received_ - upload_.offset >= kKeepBytes) TRY(keep());
  last_ = std::chrono::steady_clock::now();
  return {};
}

Result<> TusSession::keep() {
  if (checksum_ || received_ == upload_.offset) return {};
  auto synced = blob_->sync();
  if (!synced) return space_.failed(std::move(synced).error());
  const std::int64_t expires = upload_expiry_ms();
  const std::string state = digest_.state();
  TRY(service_.store.uploads().advance(upload_.id, upload_.offset, received_, state, expires));
  upload_.offset = received_;
  upload_.digest_state = state;
  upload_.expires_ms = expires;
  return {};
}

Result<> TusSession::finish() {
  if (checksum_) {
    auto checked = checksum_->check();
    if (!checked) received_ = upload_.offset;  // the next request drops what stands behind it
    TRY(std::move(checked));
    checksum_.reset();
  }
  return keep();
}

bool TusSession::is_stale() const { return std::chrono::steady_clock::now() - last_ >= kStale; }

Result<std::string> finish_upload(Service& service, const Request& request, const Upload& upload) {
  auto whole = make_whole(service, upload);
  if (!whole && whole.error().kind == ErrorKind::not_found) {
    TRY(service.store.uploads().remove(upload.id));
    return fail(ErrorKind::gone, "The bytes of this upload are not there any more. Begin it anew.");
  }
  TRY(std::move(whole));
  ReceivedFile file;
  file.id = upload.id;
  file.blob_key = upload.blob;
  file.size = upload.offset;
  Sha256 digest;
  if (digest.go_on(upload.digest_state) || upload.offset == 0) file.sha256 = to_hex(digest.finish());
  const std::string head = TRY(head_of_blob(service.blobs, upload.blob));
  auto type = content_type_of(head, head.size() == file.size, title_of(upload));
  if (!type) {
    if (is_refusal(type.error())) TRY(remove_upload(service, upload));
    return std::unexpected(std::move(type).error());
  }
  file.content_type = *type;
  FileRequest asked;
  asked.request.principal = request.principal;
  asked.request.principal.actor = upload.created_by;
  asked.options = TRY(options_of_tus(upload.sent_metadata, wall_now()));
  asked.keeps_file = true;  // it goes with the upload
  Job job = TRY(submit_file(service, asked, file));
  TRY(service.store.uploads().finish(upload.id, job.id));
  return job.id;
}

Result<> remove_upload(Service& service, const Upload& upload) {
  TRY(service.blobs.remove(upload.blob));
  return service.store.uploads().remove(upload.id);
}

std::int64_t upload_expiry_ms() {
  const auto at = wall_now() + kUploadLife;
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

}  // namespace sluice
