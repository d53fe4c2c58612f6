#include "jobs/retention.h"

#include <array>
#include <functional>
#include <optional>

#include "jobs/sweep_uploads.h"
#include "jobs/upload_keys.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr auto kCleanEvery = 10min;
constexpr std::size_t kJobsAtOnce = 200;
constexpr std::size_t kRowsAtOnce = 1000;  // a few milliseconds of a write lock

// Does something about each job that ended longer ago than `age`, once, in the order of their ends; how far
// it came is kept in the store. `act` returning false stops at that job: it comes again next time.
Result<> each_ended(RetentionStore& store, const std::string& what, std::chrono::milliseconds age,
                    std::stop_token stop, const std::function<Result<bool>(const EndedJob&)>& act) {
  std::int64_t from = TRY(store.mark(what));
  while (!stop.stop_requested()) {
    const auto jobs = TRY(store.ended(from, age, kJobsAtOnce));
    for (const EndedJob& job : jobs)
      if (stop.stop_requested() || !TRY(act(job))) return {};
    if (jobs.empty()) return {};
    const std::int64_t last = jobs.back().ended_ms;
    const bool full = jobs.size() == kJobsAtOnce;
    from = full && last <= from ? from + 1 : last;  // so many within a millisecond
    TRY(store.set_mark(what, from));
    if (!full) return {};
  }
  return {};
}

}  // namespace

Result<> Retention::clear_files(std::stop_token stop) {
  return each_ended(service_.store.retention(), "files", ages_.blobs, stop,
                    [this](const EndedJob& job) -> Result<bool> {
                      const std::string key = blob_key_of(job.blob);
                      if (is_upload_key(key)) TRY(service_.blobs.remove(key));
                      return true;
                    });
}

Result<> Retention::clear_rejects(std::stop_token stop) {
  RetentionStore& store = service_.store.retention();
  return each_ended(store, "rejects", ages_.rejects, stop, [&](const EndedJob& job) -> Result<bool> {
    while (!stop.stop_requested()) {
      auto removed = store.remove_rejects(job.id, kRowsAtOnce);
      if (!removed && removed.error().kind == ErrorKind::conflict) return false;
      if (TRY(std::move(removed)) < kRowsAtOnce) return true;
    }
    return false;
  });
}

// Events that webhooks are still to be told of stay.
Result<> Retention::clear_events() {
  EventLog& log = service_.store.events();
  const std::uint64_t newest = TRY(log.newest());
  if (TRY(service_.store.deliveries().made_until()) < newest) return {};
  return log.remove_before(ages_.events);
}

Result<> Retention::clear_keys(std::stop_token stop) {
  while (!stop.stop_requested())
    if (TRY(service_.store.retention().remove_keys(ages_.idempotency_keys, kRowsAtOnce)) < kRowsAtOnce) break;
  return {};
}

Result<> Retention::clear(std::stop_token stop) {
  const std::array<std::function<Result<>()>, 6> parts = {
      [&] { return clear_files(stop); },
      [&] { return clear_rejects(stop); },
      [&] { return clear_events(); },
      [&] { return clear_keys(stop); },
      [&]() -> Result<> {
        (void)TRY(remove_expired_uploads(service_));
        return {};
      },
      [&]() -> Result<> {
        (void)TRY(remove_orphan_files(service_));
        return {};
      },
  };
  Result<> first;
  for (const auto& part : parts) {
    if (stop.stop_requested()) break;
    Result<> done = part();
    if (!done && first) first = std::move(done);
  }
  return first;
}

RetentionThread::RetentionThread(Service& service, const RetentionAges& ages)
    : retention_(service, ages),
      ticking_("retention", kCleanEvery, [this](std::stop_token stop) -> Result<bool> {
        TRY(retention_.clear(stop));
        return false;
      }) {}

}  // namespace sluice
