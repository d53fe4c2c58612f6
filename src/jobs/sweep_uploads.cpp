#include "jobs/sweep_uploads.h"

#include "base/clock.h"
#include "base/uuid.h"
#include "jobs/upload_keys.h"

namespace sluice {
namespace {

constexpr std::size_t kAtOnce = 100;

}  // namespace

Result<std::size_t> remove_expired_uploads(Service& service) {
  std::size_t removed = 0;
  while (true) {
    auto expired = TRY(service.store.uploads().expired(kAtOnce));
    for (const Upload& upload : expired) {
      // First the bytes: an upload without them is found again, bytes without an upload are not.
      if (upload.job_id.empty()) TRY(service.blobs.remove(upload.blob));
      TRY(service.store.uploads().remove(upload.id));
      ++removed;
    }
    if (expired.size() < kAtOnce) return removed;
  }
}

Result<std::size_t> remove_orphan_files(Service& service, std::chrono::milliseconds age) {
  using std::chrono::milliseconds;
  const auto now = wall_now().time_since_epoch();
  std::size_t removed = 0;
  for (std::string prefix : {upload_key(""), resumable_key("")}) {
    // A resumable upload that is whole and not yet a job is asked for by its sender as long as it lives.
    const milliseconds least = is_resumable_key(prefix) ? kUploadLife + age : age;
    auto files = TRY(service.blobs.list(prefix));
    for (const BlobInfo& file : files) {
      if (now - milliseconds(file.modified_ms) < least) continue;
      const std::string id = id_of_upload_key(file.key);
      if (!uuid_bytes(id)) continue;
      auto job = service.store.jobs().get(id);
      if (job) continue;
      if (job.error().kind != ErrorKind::not_found) return std::unexpected(std::move(job).error());
      TRY(service.blobs.remove(file.key));
      ++removed;
    }
  }
  return removed;
}

}  // namespace sluice
