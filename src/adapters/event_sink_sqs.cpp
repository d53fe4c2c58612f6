#include "adapters/event_sink_sqs.h"

#include "adapters/sqs_client.h"
#include "ports/cloud_event.h"

namespace sluice {
namespace {

class SqsEventSink final : public EventSink {
 public:
  SqsEventSink(const SqsUrl& url, std::shared_ptr<AwsCredentials> credentials, const AwsPatience& patience)
      : url_(url), client_(url, std::move(credentials), patience) {}

  Result<> open() {
    queue_url_ = TRY(find_or_make());
    return {};
  }

  std::string name() const override { return "sqs:" + url_.events; }

  Result<> publish(std::span<const Event> events) override {
    const bool fifo = url_.events.ends_with(".fifo");
    std::vector<SqsOutgoing> messages;
    for (const Event& event : events)
      messages.push_back({.body = cloud_event_json(event),
                          .group = fifo ? event.job_id : std::string(),
                          .deduplication_id = fifo ? event.id : std::string()});
    auto sent = client_.send(queue_url_, messages);
    if (sent || sent.error().kind != ErrorKind::not_found) return sent;
    TRY(open());  // somebody has removed it
    return client_.send(queue_url_, messages);
  }

 private:
  Result<std::string> find_or_make() {
    auto found = client_.find(url_.events, url_.account);
    if (found || found.error().kind != ErrorKind::not_found) return found;
    SqsAttributes attributes;
    if (url_.events.ends_with(".fifo")) attributes["FifoQueue"] = "true";
    return client_.create(url_.events, attributes);
  }

  const SqsUrl url_;
  SqsClient client_;
  std::string queue_url_;  // changed by publish() alone, which one thread calls at a time
};

}  // namespace

Result<std::unique_ptr<EventSink>> open_sqs_event_sink(const SqsUrl& url,
                                                       std::shared_ptr<AwsCredentials> credentials,
                                                       const AwsPatience& patience) {
  auto sink = std::make_unique<SqsEventSink>(url, std::move(credentials), patience);
  TRY(sink->open());
  return std::unique_ptr<EventSink>(std::move(sink));
}

}  // namespace sluice
