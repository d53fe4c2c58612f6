// What the parts of blobs_s3 share. Included by blobs_s3*.cpp only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/blobs_s3.h"
#include "adapters/s3_client.h"
#include "adapters/s3_multipart.h"
#include "adapters/s3_xml.h"

namespace sluice {

// not_found where there is no such object. `etag`: the only version that is read; "" for the one that is
// there.
Result<std::unique_ptr<ByteSource>> open_s3_source(S3Client& client, const std::string& key,
                                                   std::uint64_t offset, const std::string& etag);
std::unique_ptr<BlobWriter> make_s3_writer(S3Client& client, const std::string& key);

// Objects whose key begins with `prefix`, taken from the bucket's root on.
struct S3Object {
  std::string key, etag;
  std::uint64_t size = 0;
  std::int64_t modified_ms = 0;
};
Result<std::vector<S3Object>> list_s3_objects(S3Client& client, const std::string& prefix);
Result<> remove_s3_object(S3Client& client, const std::string& key, const std::string& doing);
std::uint64_t number_of(const std::string& text);  // 0 where it is none

Result<std::unique_ptr<PartialBlob>> resume_s3_partial(S3Client& client, const std::string& key,
                                                       std::uint64_t offset);
Result<> remove_s3_partial(S3Client& client, const std::string& key);
// The multipart upload that an unfinished blob of this key goes on with; empty where there is none.
Result<std::string> upload_of_s3_partial(S3Client& client, const std::string& key);

}  // namespace sluice
