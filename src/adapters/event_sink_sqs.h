// EventSink on Amazon SQS: each event is a message, its body the CloudEvent. In a FIFO queue those of a job
// stay in order, and one that is published again within five minutes is dropped there. Thread-safe.
#pragma once

#include <memory>

#include "adapters/aws_client.h"
#include "adapters/sqs_url.h"
#include "ports/event_sink.h"

namespace sluice {

// `url.events`: the queue, which is made where it is not there.
Result<std::unique_ptr<EventSink>> open_sqs_event_sink(const SqsUrl& url,
                                                       std::shared_ptr<AwsCredentials> credentials,
                                                       const AwsPatience& patience = {});

}  // namespace sluice
