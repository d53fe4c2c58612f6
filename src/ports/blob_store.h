// BlobStore: where uploaded and spooled files live until their job is done with them. Thread-safe.
// A key is a relative path of [A-Za-z0-9._-] segments joined by '/', never one that a sender chose.
#pragma once

#include <cstdint>
#include <memory>
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

struct BlobInfo {
  std::string key;
  std::uint64_t size = 0;
  std::string version;  // ETag, or size and modification time: changes when the content does
};

class BlobStore {
 public:
  virtual ~BlobStore() = default;
  virtual Result<std::unique_ptr<ByteSource>> open(const std::string& key, std::uint64_t offset) = 0;
  virtual Result<std::unique_ptr<BlobWriter>> create(const std::string& key) = 0;  // replaces on commit
  virtual Result<BlobInfo> stat(const std::string& key) = 0;
  virtual Result<> remove(const std::string& key) = 0;  // gone already is no error
  virtual Result<std::vector<BlobInfo>> list(const std::string& prefix) = 0;
};

}  // namespace sluice
