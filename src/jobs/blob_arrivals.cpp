#include "jobs/blob_arrivals.h"

#include <vector>

#include "base/log.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr auto kAfterNoAnswer = 5s;
constexpr auto kWaitForNotices = 20s;

}  // namespace

BlobArrivals::BlobArrivals(Service& service, BlobNotices& notices)
    : notices_(notices),
      scheduler_(service),
      ticking_("notifications", kAfterNoAnswer, [this](std::stop_token stop) { return take(stop); }) {}

Result<bool> BlobArrivals::take(const std::stop_token& stop) {
  const auto notices = TRY(notices_.receive(kWaitForNotices, stop));
  std::vector<BlobNotice> done;
  Result<> fault;
  for (const BlobNotice& notice : notices) {
    auto told = tell(notice);
    if (told)
      done.push_back(notice);
    else
      fault = std::move(told);
  }
  if (!done.empty()) TRY(notices_.done(done));
  TRY(std::move(fault));  // those come again
  return true;
}

Result<> BlobArrivals::tell(const BlobNotice& notice) {
  for (const std::string& key : notice.keys) {
    auto told = scheduler_.arrived(key);
    if (told) continue;
    if (told.error().retryable) return told;
    log_warning("notifications",
                {{"blob", key}, {"error", told.error().message}});  // the schedule looks, too
  }
  return {};
}

}  // namespace sluice
