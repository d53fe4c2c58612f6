#include "adapters/event_sink_bullmq.h"

#include "adapters/bullmq_queue.h"
#include "ports/cloud_event.h"

namespace sluice {
namespace {

// Redis keeps all of it in memory.
constexpr std::uint64_t kMostWaiting = 100'000;
// Tried a few times where the consumer throws. What was taken stays for a while: an event that a node which
// died had published already is known by its id then.
constexpr std::string_view kEventJobOptions =
    R"({"attempts":10,"backoff":{"type":"exponential","delay":1000,"jitter":0.5},)"
    R"("removeOnComplete":{"age":3600,"count":10000}})";

class BullmqEventSink final : public EventSink {
 public:
  explicit BullmqEventSink(std::unique_ptr<BullmqQueue> queue) : queue_(std::move(queue)) {}

  std::string name() const override { return "bullmq:" + queue_->name(); }

  Result<> publish(std::span<const Event> events) override {
    const std::uint64_t waiting = TRY(queue_->counts()).waiting;
    if (waiting >= kMostWaiting)
      return fail(ErrorKind::unavailable,
                  "the queue " + queue_->name() + " holds " + std::to_string(waiting) +
                      " events that nobody has taken. No more are put there until a worker takes some.",
                  true);
    std::vector<BullmqNewJob> jobs;
    for (const Event& event : events)
      jobs.push_back({.id = event.id,
                      .name = event.type,
                      .data = cloud_event_json(event),
                      .options = std::string(kEventJobOptions)});
    (void)TRY(queue_->add(jobs));
    return {};
  }

 private:
  const std::unique_ptr<BullmqQueue> queue_;
};

}  // namespace

Result<std::unique_ptr<EventSink>> open_bullmq_event_sink(const RedisUrl& url,
                                                          std::chrono::milliseconds patience) {
  auto queue = TRY(BullmqQueue::open(url, url.events, patience));
  return std::unique_ptr<EventSink>(std::make_unique<BullmqEventSink>(std::move(queue)));
}

}  // namespace sluice
