// One request that writes to a resumable upload (PATCH, or the body of its POST), and the end of an upload
// that is whole. Called by tus_uploads.cpp with the upload's slot locked.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "base/sha256.h"
#include "jobs/service.h"
#include "server/accept_file.h"
#include "server/routes_uploads.h"
#include "server/tus_protocol.h"
#include "server/upload_sink.h"

namespace sluice {

class TusSession {
 public:
  // `blob` stands at `upload.offset`; null where nothing is to be written any more.
  TusSession(Service& service, const UploadRules& rules, Upload upload, std::unique_ptr<PartialBlob> blob,
             std::unique_ptr<TusChecksum> checksum);

  Result<> write(std::string_view bytes);
  // Everything that came so far is durable and counted; where a checksum is to be checked first, nothing.
  Result<> keep();
  // The checksum, then keep().
  Result<> finish();
  // Nothing more is written: the blob is free for whoever comes next, though a request still holds this.
  void end() { blob_.reset(); }
  // A request that stands still may be taken over.
  bool is_stale() const;

  const Upload& upload() const { return upload_; }  // its offset: what is durable
  bool is_whole() const { return upload_.length && upload_.offset == *upload_.length; }
  // The bytes are those of no file that is taken: there is nothing to go on with.
  bool is_refused() const { return refused_; }

 private:
  Service& service_;
  SpaceCheck space_;
  const std::uint64_t most_bytes_;
  Upload upload_;
  std::unique_ptr<PartialBlob> blob_;
  std::unique_ptr<TusChecksum> checksum_;
  std::unique_ptr<ContentCheck> content_;  // where the beginning comes in with this request
  Sha256 digest_;
  std::uint64_t received_;  // including what is not durable yet
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  bool refused_ = false;
};

// Who writes to an upload. Whoever holds `mutex` reads and changes the upload.
struct TusSlot {
  std::mutex mutex;
  std::shared_ptr<TusSession> active;
};

// What those are told whose upload another request has, at this node or at another.
std::unexpected<Error> upload_in_use();

// Makes a whole upload's job, once, however often it is asked for: the id of the job. An upload whose file
// is refused, or whose bytes are gone, is removed.
Result<std::string> finish_upload(Service& service, const Request& request, const Upload& upload);

// The bytes, then the record of them.
Result<> remove_upload(Service& service, const Upload& upload);

std::int64_t upload_expiry_ms();  // of an upload that got on just now

}  // namespace sluice
