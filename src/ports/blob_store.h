// BlobStore: where uploaded and spooled files live until their job is done with them. Thread-safe.
// A key is a relative path of [A-Za-z0-9._-] segments joined by '/', never one that a sender chose.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ports/byte_source.h"

namespace sluice {

class BlobWriter {
 public:
  virtual ~BlobWriter() = default;  // without commit(): nothing is left behind
  virtual Result<> write(std::string_view bytes) = 0;
  virtual Result<> commit() = 0;  // durable, and visible under its key, when it returns
};

// A blob that grows piece by piece, over processes and restarts, until it is whole: a resumable upload.
class PartialBlob {
 public:
  virtual ~PartialBlob() = default;  // what was written and not synced may be lost; the rest stays
  virtual Result<> write(std::string_view bytes) = 0;
  virtual Result<> sync() = 0;    // everything written is on stable storage when it returns
  virtual Result<> commit() = 0;  // whole: synced, and visible under its key
};

struct BlobInfo {
  std::string key;
  std::uint64_t size = 0;
  std::string version;           // ETag, or size and modification time: changes when the content does
  std::int64_t modified_ms = 0;  // since 1970: when it was committed
};

class BlobStore {
 public:
  virtual ~BlobStore() = default;
  // `version`: as stat() gave it, where none but that is to be read; another is an error (input).
  virtual Result<std::unique_ptr<ByteSource>> open(const std::string& key, std::uint64_t offset,
                                                   const std::string& version = "") = 0;
  virtual Result<std::unique_ptr<BlobWriter>> create(const std::string& key) = 0;  // replaces on commit
  // Goes on with an unfinished blob after its first `offset` bytes, which were synced (0: a new one); what
  // came after them is dropped. One at a time for a key. remove() drops an unfinished blob, too.
  virtual Result<std::unique_ptr<PartialBlob>> resume(const std::string& key, std::uint64_t offset) = 0;
  // Bytes that can be written before the place is full; none where nobody knows.
  virtual Result<std::optional<std::uint64_t>> space_left() = 0;
  virtual Result<BlobInfo> stat(const std::string& key) = 0;
  virtual Result<> remove(const std::string& key) = 0;  // gone already is no error
  virtual Result<std::vector<BlobInfo>> list(const std::string& prefix) = 0;
};

}  // namespace sluice
