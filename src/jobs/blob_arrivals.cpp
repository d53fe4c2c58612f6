#include "jobs/blob_arrivals.h"

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
  for (const BlobNotice& notice : notices)
    for (const std::string& key : notice.keys) TRY(scheduler_.arrived(key));
  if (!notices.empty()) TRY(notices_.done(notices));
  return true;
}

}  // namespace sluice
