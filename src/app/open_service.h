// A node's parts, opened by the configuration's URLs.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "app/config.h"
#include "base/result.h"
#include "jobs/service.h"
#include "ports/blob_notices.h"
#include "ports/event_sink.h"
#include "ports/group_documents.h"
#include "ports/http_sender.h"
#include "ports/intake.h"

namespace sluice {

// What a Service refers to; outlives it.
struct ServiceParts {
  std::unique_ptr<Store> store;
  std::unique_ptr<BlobStore> blobs;
  std::unique_ptr<JobQueue> own_queue;  // null where the queue is tables of the store
  // How much other programs have put in that no node has taken; empty where they have no queue for it.
  std::function<Result<QueueHealth>()> intake_health;
  // Of a node that works, and only there.
  std::unique_ptr<Intake> intake;        // null where other programs have no queue to put anything into
  std::unique_ptr<EventSink> events;     // null where events are published nowhere
  std::unique_ptr<BlobNotices> notices;  // null where nobody tells of new files
  std::unique_ptr<GroupDocuments> group_documents;  // null where groups are in the store only

  JobQueue& queue() { return own_queue ? *own_queue : store->queue(); }
};

// A node that works on splits also takes what other programs send, and publishes events.
enum class Works : bool { no, yes };

// `cache_bytes`: the store's share of the memory. `end` ends what is asked of S3 and SQS, now and later:
// those calls have no end of their own that a node which is to stop could wait for.
Result<ServiceParts> open_parts(const Config& config, std::uint64_t cache_bytes, Works works,
                                const std::stop_token& end = {});
// What posts to webhooks.
std::unique_ptr<HttpSender> open_sender(const Config& config);
Service service_of(const Config& config, ServiceParts& parts);

// "127.0.0.1:8080", "[::1]:8080", "0.0.0.0:80", "localhost:8080".
struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
  bool loopback() const;
};
Result<ListenAddress> parse_listen(const std::string& text);

// The effective settings as JSON, without passwords: GET /v1/config.
std::string config_json(const Config& config);

}  // namespace sluice
