// What every way of upload shares: bytes go straight into a blob while their size and SHA-256 are counted,
// the disk is kept from running full, and what they are is decided by their beginning. Constant memory. One
// thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/sha256.h"
#include "ports/blob_store.h"

namespace sluice {

// Space on the blobs' disk that uploads leave to the store and to everybody else.
inline constexpr std::uint64_t kReserveBytes = 256u << 20;

// Keeps the disk from running full: 507 before the first byte where the file cannot fit, and on the way.
class SpaceCheck {
 public:
  SpaceCheck(BlobStore& blobs, std::uint64_t reserve_bytes) : blobs_(&blobs), reserve_bytes_(reserve_bytes) {}

  Result<> fits(std::uint64_t bytes);  // so many are still to come
  Result<> written(std::uint64_t bytes);
  // What a failed write is to its sender: 507 where the disk is full, else as it was.
  std::unexpected<Error> failed(Error error);

 private:
  BlobStore* blobs_;
  std::uint64_t reserve_bytes_;
  std::uint64_t unchecked_ = 0;
};

// Decides once enough of the beginning is there; refuses as content_type_of does.
class ContentCheck {
 public:
  explicit ContentCheck(std::string file_name) : file_name_(std::move(file_name)) {}

  Result<> pass(std::string_view bytes);
  Result<std::string> finish();  // the media type

 private:
  std::string file_name_;
  std::string head_, content_type_;
};

struct ReceivedFile {
  std::string id;  // UUIDv7; the job's, too
  std::string blob_key;
  std::string sha256, content_type;
  std::uint64_t size = 0;
};

class UploadSink {
 public:
  // `file_name` for messages. `expected`: the size, where the sender says it.
  static Result<std::unique_ptr<UploadSink>> begin(BlobStore& blobs, std::uint64_t reserve_bytes,
                                                   const std::string& file_name,
                                                   std::optional<std::uint64_t> expected);

  Result<> write(std::string_view bytes);
  // Durable when it returns: the blob is the caller's then, to be made a job's or to be removed.
  Result<ReceivedFile> commit();

 private:
  UploadSink(std::unique_ptr<BlobWriter> writer, std::string id, SpaceCheck space, std::string file_name)
      : writer_(std::move(writer)), id_(std::move(id)), space_(space), content_(std::move(file_name)) {}

  std::unique_ptr<BlobWriter> writer_;
  const std::string id_;
  SpaceCheck space_;
  ContentCheck content_;
  Sha256 digest_;
  std::uint64_t size_ = 0;
};

// The first kHeadBytes of a blob, or all of it.
Result<std::string> head_of_blob(BlobStore& blobs, const std::string& key);

}  // namespace sluice
