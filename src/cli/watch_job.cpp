#include "cli/watch_job.h"

#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/url_text.h"
#include "cli/progress.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
constexpr auto kAskEvery = 300ms;

}  // namespace

Result<nlohmann::ordered_json> watch_job(ApiClient& client, const std::string& id, bool quiet,
                                         std::stop_token stop) {
  std::optional<ProgressDisplay> display;
  std::uint64_t shown = 0;
  for (;;) {
    Result<nlohmann::ordered_json> job = client.json({.path = "/v1/jobs/" + percent_encoded(id)});
    if (!job && !job.error().retryable) return job;
    if (job) {
      auto& progress = (*job)["progress"];
      const auto& rows = (*job)["rows"];
      if (!display)
        display.emplace(progress_style(quiet), (*job)["file"].value("name", id),
                        progress.value("bytesTotal", std::uint64_t{0}));
      // Null where nobody knows: the file is compressed.
      const std::uint64_t done =
          progress["bytesDone"].is_number() ? progress["bytesDone"].get<std::uint64_t>() : 0;
      if (done > shown) display->add_bytes(done - std::exchange(shown, done));
      display->rows(rows.value("read", std::uint64_t{0}), rows.value("rejected", std::uint64_t{0}));
      const std::string status = job->value("status", "");
      display->phase(status == "PENDING" ? "waiting" : "loading");
      if ((status != "PENDING" && status != "PROCESSING") || stop.stop_requested()) return job;
    }
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait_for(lock, stop, kAskEvery, [] { return false; });
    if (stop.stop_requested() && !job) return fail(ErrorKind::cancelled, "stopped.");
  }
}

}  // namespace sluice
