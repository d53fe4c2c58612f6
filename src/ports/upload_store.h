// UploadStore: resumable uploads that are under way (tus 1.0): how far each is durably stored. The bytes
// themselves are in the blob store. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice {

struct Upload {
  std::string id, tenant, pipeline, file_name, content_type;
  std::string metadata;       // the sender's, JSON object; "" for none
  std::string sent_metadata;  // Upload-Metadata as it came, which the sender may ask for again
  std::string created_by;
  std::optional<std::uint64_t> length;          // none: told later (Upload-Defer-Length)
  std::uint64_t offset = 0;                     // bytes that are on stable storage
  std::string digest_state;                     // of the first `offset` bytes: Sha256::state()
  std::string blob;                             // key of the unfinished blob
  std::int64_t created_ms = 0, expires_ms = 0;  // since 1970
  std::string job_id;                           // "" until it is complete and its job made
};

class UploadStore {
 public:
  virtual ~UploadStore() = default;
  virtual Result<> add(const Upload& upload) = 0;
  virtual Result<std::optional<Upload>> get(const std::string& tenant, const std::string& id) = 0;
  // Moves the offset on from `from`; `conflict` where it is not there any more. Extends the expiry.
  virtual Result<> advance(const std::string& id, std::uint64_t from, std::uint64_t to,
                           const std::string& digest_state, std::int64_t expires_ms) = 0;
  virtual Result<> set_length(const std::string& id, std::uint64_t length) = 0;
  virtual Result<> finish(const std::string& id, const std::string& job_id) = 0;
  virtual Result<> remove(const std::string& id) = 0;                  // gone already is no error
  virtual Result<std::vector<Upload>> expired(std::size_t limit) = 0;  // by the database's clock
};

}  // namespace sluice
