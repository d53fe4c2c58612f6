// The blob store on S3, or on a server that speaks as S3 does: `blobs: s3://…`. Blobs are objects below the
// URL's prefix; nothing is kept on this machine's disk.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "adapters/s3_client.h"
#include "base/result.h"
#include "ports/blob_store.h"

namespace sluice {

// Asks for the bucket first: an error (usage) says what is wrong with the URL, the keys or the bucket. `end`
// ends what is asked of S3, then and later.
Result<std::unique_ptr<BlobStore>> open_blobs_s3(const std::string& url, std::stop_token end = {});
Result<std::unique_ptr<BlobStore>> open_blobs_s3(S3Url url, std::shared_ptr<AwsCredentials> credentials,
                                                 const S3Patience& patience);

// Ends multipart uploads of writers that are gone: those that are no unfinished blob's, that nobody added to
// for `age`, and that are this program's (their last segment is a UUID). How many. Each store does it by
// itself now and then.
Result<std::size_t> sweep_s3_uploads(S3Client& client, std::chrono::milliseconds age,
                                     const std::stop_token& stop);

}  // namespace sluice
