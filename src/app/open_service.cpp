#include "app/open_service.h"

#include <arpa/inet.h>

#include <charconv>

#include "adapters/blob_notices_sqs.h"
#include "adapters/event_sink_bullmq.h"
#include "adapters/event_sink_sqs.h"
#include "adapters/http_sender_curl.h"
#include "adapters/intake_bullmq.h"
#include "adapters/job_queue_bullmq.h"
#include "adapters/job_queue_sqs.h"
#include "app/open_store.h"
#include "base/log.h"
#include "base/url_text.h"
#include "jobs/cron_with_seconds.h"
#include "jobs/owner.h"

namespace sluice {
namespace {

// For one answer: what waits for the queue is tried again later anyway.
constexpr std::chrono::milliseconds kRedisPatience{10'000};

bool is_redis(const std::string& url) { return url.starts_with("redis"); }
bool is_sqs(const std::string& url) { return url.starts_with("sqs:") || url.starts_with("https://sqs."); }

Result<std::unique_ptr<JobQueue>> open_queue(const Config& config, const AwsPatience& aws) {
  if (config.queue == "embedded") return std::unique_ptr<JobQueue>();
  if (is_redis(config.queue)) return open_bullmq_queue(TRY(parse_redis_url(config.queue)), kRedisPatience);
  if (is_sqs(config.queue))
    return open_sqs_queue(TRY(parse_sqs_url(config.queue, environment_of_this_process())),
                          aws_credentials_of_this_process(), aws);
  return fail(ErrorKind::usage,
              "'" + config.queue.substr(0, config.queue.find(':')) +
                  "' is no queue: the setting has to be embedded, redis://host:6379 or sqs://name.");
}

Result<std::unique_ptr<Intake>> open_intake(const Config& config) {
  if (!is_redis(config.queue)) return std::unique_ptr<Intake>();
  return open_bullmq_intake(TRY(parse_redis_url(config.queue)), kRedisPatience, this_process(),
                            next_cron_run);
}

Result<std::unique_ptr<EventSink>> open_events(const Config& config, const AwsPatience& aws) {
  if (is_sqs(config.queue)) {
    const SqsUrl sqs = TRY(parse_sqs_url(config.queue, environment_of_this_process()));
    if (sqs.events.empty()) return std::unique_ptr<EventSink>();
    return open_sqs_event_sink(sqs, aws_credentials_of_this_process(), aws);
  }
  if (!is_redis(config.queue)) return std::unique_ptr<EventSink>();
  const RedisUrl url = TRY(parse_redis_url(config.queue));
  if (url.events.empty()) return std::unique_ptr<EventSink>();
  return open_bullmq_event_sink(url, kRedisPatience);
}

Result<std::unique_ptr<BlobNotices>> open_notices(const Config& config, const AwsPatience& aws) {
  if (config.notifications.empty()) return std::unique_ptr<BlobNotices>();
  if (!is_sqs(config.notifications) || !config.blobs.starts_with("s3:"))
    return fail(ErrorKind::usage,
                "notifications: it is the SQS queue (sqs://name) of a bucket, and `blobs` is that bucket "
                "(s3://bucket/prefix).");
  const AwsEnvironment environment = environment_of_this_process();
  return open_sqs_blob_notices(TRY(parse_sqs_url(config.notifications, environment)),
                               TRY(parse_s3_url(config.blobs, environment("AWS_REGION"))),
                               aws_credentials_of_this_process(), aws);
}

}  // namespace

Result<ServiceParts> open_parts(const Config& config, std::uint64_t cache_bytes, Works works,
                                const std::stop_token& end) {
  const AwsPatience aws{.end = end};
  ServiceParts parts;
  parts.own_queue = TRY(open_queue(config, aws));
  if (is_redis(config.queue))
    parts.intake_health = bullmq_intake_health(TRY(parse_redis_url(config.queue)), kRedisPatience);
  if (works == Works::yes) {
    parts.intake = TRY(open_intake(config));
    parts.events = TRY(open_events(config, aws));
    parts.notices = TRY(open_notices(config, aws));
    parts.group_documents = TRY(open_group_documents(config.aggregates));
  }
  parts.store = TRY(open_store(config.store, {.cache_bytes = cache_bytes, .patience = config.patience}));
  parts.blobs = TRY(open_blobs(config.blobs, end));
  return parts;
}

std::unique_ptr<HttpSender> open_sender(const Config& config) {
  HttpSenderOptions options;
  if (config.webhooks_allow_private) options.private_addresses = PrivateAddresses::allowed;
  return make_http_sender_curl(options);
}

Service service_of(const Config& config, ServiceParts& parts) {
  Service service{.store = *parts.store,
                  .queue = parts.queue(),
                  .blobs = *parts.blobs,
                  .pipelines_folder = config.pipelines};
  service.row_bytes = config.row_bytes;
  service.queued_per_tenant = config.splits_per_tenant;
  service.split_bytes = config.split_bytes;
  service.archive_bytes = config.upload_bytes;
  return service;
}

bool ListenAddress::loopback() const {
  if (host == "localhost") return true;
  in_addr four{};
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  return inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

Result<ListenAddress> parse_listen(const std::string& text) {
  auto wrong = [&] {
    return fail(ErrorKind::usage, "'" + text +
                                      "' is no address to listen on; write it like 127.0.0.1:8080, "
                                      "0.0.0.0:8080 or [::1]:8080.");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return wrong();
  ListenAddress address;
  address.host = text.substr(0, colon);
  if (address.host.starts_with('[') && address.host.ends_with(']'))
    address.host = address.host.substr(1, address.host.size() - 2);
  else if (address.host.find(':') != std::string::npos)
    return wrong();
  const char *begin = text.data() + colon + 1, *end = text.data() + text.size();
  auto [stopped, error] = std::from_chars(begin, end, address.port);
  if (address.host.empty() || begin == end || error != std::errc() || stopped != end) return wrong();
  return address;
}

std::string config_json(const Config& config) {
  auto list = values(config);
  std::string json = "{";
  for (const auto& [key, value] : list)
    json += (json.size() == 1 ? "" : ",") + json_string(key) + ":" + json_string(without_secrets(value));
  return json + "}";
}

}  // namespace sluice
