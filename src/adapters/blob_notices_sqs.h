// BlobNotices on Amazon SQS: the event notifications of an S3 bucket, as S3 puts them into a queue, directly,
// by way of SNS, or of EventBridge. Thread-safe.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "adapters/aws_client.h"
#include "adapters/s3_url.h"
#include "adapters/sqs_url.h"
#include "ports/blob_notices.h"

namespace sluice {

// Usage error where there is no such queue: it is made where the notifications are set up.
Result<std::unique_ptr<BlobNotices>> open_sqs_blob_notices(const SqsUrl& url, const S3Url& blobs,
                                                           std::shared_ptr<AwsCredentials> credentials,
                                                           const AwsPatience& patience = {});

// Keys, below the prefix of `blobs`, of the objects whose making a message tells of.
std::vector<std::string> keys_in_notification(std::string_view json, const S3Url& blobs);

}  // namespace sluice
