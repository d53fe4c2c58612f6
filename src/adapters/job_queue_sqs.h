// JobQueue on Amazon SQS, or what speaks like it: a message is a split. What SQS cannot do (priorities, an
// order, taking single messages out) is the store's: docs/sqs.md. Thread-safe.
#pragma once

#include <memory>

#include "adapters/aws_client.h"
#include "adapters/sqs_url.h"
#include "ports/job_queue.h"

namespace sluice {

// The queue, and its dead-letter queue, are made where they are not there.
Result<std::unique_ptr<JobQueue>> open_sqs_queue(const SqsUrl& url,
                                                 std::shared_ptr<AwsCredentials> credentials,
                                                 const AwsPatience& patience = {});

}  // namespace sluice
