#include "jobs/cron_with_seconds.h"

#include <algorithm>
#include <bitset>
#include <vector>

#include "jobs/cron.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kCronFields = 5;
constexpr std::size_t kSeconds = 60;

// Where each field begins.
std::vector<std::size_t> fields_of(const std::string& pattern) {
  std::vector<std::size_t> begins;
  for (std::size_t i = 0; i < pattern.size(); ++i)
    if (pattern[i] != ' ' && (i == 0 || pattern[i - 1] == ' ')) begins.push_back(i);
  return begins;
}

// Seconds are written as minutes are: which of them fit is asked of an hour's minutes.
Result<std::bitset<kSeconds>> seconds_of(const std::string& field) {
  const Cron minutes = TRY(Cron::parse(field + " * * * *", ""));
  std::bitset<kSeconds> seconds;
  for (auto at = minutes.next_run(WallTime{} - 1min); at && *at < WallTime(1h); at = minutes.next_run(*at))
    seconds.set(static_cast<std::size_t>(at->time_since_epoch() / 1min));
  return seconds;
}

std::optional<std::chrono::seconds> first_from(const std::bitset<kSeconds>& seconds, std::size_t from) {
  for (std::size_t i = from; i < kSeconds; ++i)
    if (seconds[i]) return std::chrono::seconds(i);
  return std::nullopt;
}

}  // namespace

Result<std::optional<WallTime>> next_cron_run(const std::string& pattern, const std::string& zone,
                                              WallTime after) {
  std::string text = pattern;
  std::ranges::replace(text, '?', '*');
  const auto begins = fields_of(text);
  if (begins.size() != kCronFields + 1) return TRY(Cron::parse(text, zone)).next_run(after);
  const auto seconds = TRY(seconds_of(text.substr(begins[0], text.find(' ', begins[0]) - begins[0])));
  const Cron minutes = TRY(Cron::parse(text.substr(begins[1]), zone));
  const WallTime minute = std::chrono::floor<std::chrono::minutes>(after);
  // Later in this minute, where it fits itself.
  if (minutes.next_run(minute - 1min) == minute) {
    const auto second = std::chrono::floor<std::chrono::seconds>(after - minute).count();
    if (auto later = first_from(seconds, static_cast<std::size_t>(second) + 1)) return minute + *later;
  }
  const auto next = minutes.next_run(minute);
  if (!next) return std::nullopt;
  return *next + *first_from(seconds, 0);
}

}  // namespace sluice
