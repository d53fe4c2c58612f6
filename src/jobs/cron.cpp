#include "jobs/cron.h"

#include <date/date.h>
#include <date/tz.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace sluice {
namespace {

using namespace std::chrono_literals;

struct FieldRule {
  std::string_view name;
  int lowest, highest;
  std::array<std::string_view, 12> names;  // from `lowest`
};

constexpr std::array<FieldRule, 5> kFields = {
    {{"minute", 0, 59, {}},
     {"hour", 0, 23, {}},
     {"day of the month", 1, 31, {}},
     {"month", 1, 12, {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
     {"day of the week", 0, 7, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNicknames = {
    {{"@yearly", "0 0 1 1 *"},
     {"@annually", "0 0 1 1 *"},
     {"@monthly", "0 0 1 * *"},
     {"@weekly", "0 0 * * 0"},
     {"@daily", "0 0 * * *"},
     {"@midnight", "0 0 * * *"},
     {"@hourly", "0 * * * *"}}};

// 29 February on a certain day of the week comes after 40 years at the latest.
constexpr int kDaysAhead = 41 * 366;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::optional<int> number_of(std::string_view text) {
  int number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.starts_with('-')) return std::nullopt;
  return number;
}

std::unexpected<Error> wrong(const FieldRule& rule, const std::string& what) {
  return fail(ErrorKind::usage, "cron, " + std::string(rule.name) + ": " + what);
}

Result<int> value_of(std::string_view text, const FieldRule& rule) {
  const std::string word = lower(text);
  for (std::size_t i = 0; i < rule.names.size() && !rule.names[i].empty(); ++i)
    if (rule.names[i] == word) return rule.lowest + static_cast<int>(i);
  auto number = number_of(text);
  if (number && *number >= rule.lowest && *number <= rule.highest) return *number;
  std::string names;
  if (!rule.names[0].empty())
    names = rule.lowest == 1 ? " or jan to dec" : " (0 and 7 are Sunday) or sun to sat";
  return wrong(rule, "'" + std::string(text) + "' is none; it is " + std::to_string(rule.lowest) + " to " +
                         std::to_string(rule.highest) + names + ", lists (1,3), ranges (1-5), steps (*/10).");
}

std::vector<std::string_view> cut(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    std::size_t end = std::min(text.find_first_of(" \t"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

Result<const date::time_zone*> zone_named(const std::string& name) {
  if (name.empty() || name == "UTC" || name == "Etc/UTC") return nullptr;
  try {
    return date::locate_zone(name);
  } catch (const std::exception&) {
    return fail(ErrorKind::usage,
                "there is no time zone '" + name +
                    "' here; write a name such as Europe/Berlin, America/New_York or UTC. (The "
                    "names are those below /usr/share/zoneinfo, from the package tzdata.)");
  }
}

// The moments at which the clock of the zone shows `local`: none in a gap (`gap_ends` then), two in an
// overlap.
struct Moments {
  std::vector<date::sys_seconds> at;
  std::optional<date::sys_seconds> gap_ends;
};
Moments moments_of(const date::time_zone* zone, date::local_seconds local) {
  if (zone == nullptr) return {{date::sys_seconds(local.time_since_epoch())}, {}};
  const date::local_info info = zone->get_info(local);
  auto by = [&](const date::sys_info& part) {
    return date::sys_seconds(local.time_since_epoch()) - part.offset;
  };
  if (info.result == date::local_info::nonexistent) return {{}, info.first.end};
  if (info.result == date::local_info::ambiguous) return {{by(info.first), by(info.second)}, {}};
  return {{by(info.first)}, {}};
}

}  // namespace

Result<Cron::Field> Cron::read_field(std::string_view text, std::size_t number) {
  const FieldRule& rule = kFields[number];
  Field field;
  field.star = text.starts_with('*');
  for (std::string_view part : cut(text, ',')) {
    auto range_and_step = cut(part, '/');
    std::string_view range = range_and_step[0];
    int step = 1;
    if (range_and_step.size() > 2) return wrong(rule, "'" + std::string(part) + "' has two steps.");
    if (range_and_step.size() == 2) {
      auto read = number_of(range_and_step[1]);
      if (!read || *read < 1 || *read > rule.highest)
        return wrong(rule, "the step in '" + std::string(part) + "' is a number from 1 to " +
                               std::to_string(rule.highest) + ".");
      step = *read;
    }
    int first = rule.lowest, last = rule.highest;
    if (range != "*") {
      auto ends = cut(range, '-');
      if (ends.size() > 2) return wrong(rule, "'" + std::string(range) + "' is no range; write it as 1-5.");
      first = TRY(value_of(ends[0], rule));
      if (ends.size() == 2)
        last = TRY(value_of(ends[1], rule));
      else if (range_and_step.size() == 1)
        last = first;
      if (number == 4 && ends.size() == 2 && last == 0 && first > 0) last = 7;  // fri-sun
      if (first > last)
        return wrong(rule,
                     "the range '" + std::string(range) + "' runs backwards; write two, as in 22-23,0-5.");
    }
    for (int value = first; value <= last; value += step) field.values.set(static_cast<std::size_t>(value));
  }
  if (number == 4 && field.values.test(7)) field.values.set(0);
  return field;
}

Result<Cron> Cron::parse(std::string_view text, const std::string& zone) {
  Cron cron;
  cron.zone_ = TRY(zone_named(zone));
  auto words = words_of(text);
  if (words.size() == 1 && words[0].starts_with('@')) {
    const std::string nickname = lower(words[0]);
    auto found = std::ranges::find(kNicknames, nickname, [](const auto& pair) { return pair.first; });
    if (found == kNicknames.end())
      return fail(ErrorKind::usage,
                  "cron: '" + std::string(words[0]) +
                      "' is not known; known: @hourly, @daily, @midnight, @weekly, @monthly, "
                      "@yearly, @annually.");
    words = words_of(found->second);
  }
  if (words.size() != kFields.size())
    return fail(ErrorKind::usage,
                "cron: there are five fields (minute, hour, day of the month, month, day of the week), as in "
                "'30 2 * * mon-fri', not " +
                    std::to_string(words.size()) + ".");
  Field* fields[] = {&cron.minute_, &cron.hour_, &cron.day_, &cron.month_, &cron.weekday_};
  for (std::size_t i = 0; i < words.size(); ++i) *fields[i] = TRY(read_field(words[i], i));
  return cron;
}

bool Cron::fits_day(int month, int day, int weekday) const {
  if (!month_.values.test(static_cast<std::size_t>(month))) return false;
  const bool by_day = day_.values.test(static_cast<std::size_t>(day));
  const bool by_weekday = weekday_.values.test(static_cast<std::size_t>(weekday));
  return day_.star || weekday_.star ? by_day && by_weekday : by_day || by_weekday;
}

std::optional<WallTime> Cron::next_run(WallTime after) const {
  const auto from = date::floor<std::chrono::seconds>(after);
  auto shown = zone_ == nullptr ? date::local_seconds(from.time_since_epoch()) : zone_->to_local(from);
  std::optional<date::sys_seconds> next;
  auto propose = [&](date::sys_seconds at) {
    if (at > from && (!next || at < *next)) next = at;
  };
  // Around a change of the clock the runs of two days may interleave, so one day more is looked at.
  const date::local_days today = date::floor<date::days>(shown);
  bool last_day = false;
  for (int ahead = -1; ahead <= kDaysAhead && !last_day; ++ahead) {
    last_day = next.has_value();
    const date::local_days day = today + date::days(ahead);
    const date::year_month_day calendar(day);
    const auto weekday = date::weekday(day).c_encoding();
    if (!fits_day(static_cast<int>(unsigned(calendar.month())), static_cast<int>(unsigned(calendar.day())),
                  static_cast<int>(weekday)))
      continue;
    for (int minute = 0; minute < 24 * 60; ++minute) {
      if (!hour_.values.test(static_cast<std::size_t>(minute / 60)) ||
          !minute_.values.test(static_cast<std::size_t>(minute % 60)))
        continue;
      const Moments moments = moments_of(zone_, day + std::chrono::minutes(minute));
      if (moments.gap_ends && !hour_.star) propose(*moments.gap_ends);
      for (std::size_t i = 0; i < moments.at.size() && (i == 0 || hour_.star); ++i) propose(moments.at[i]);
    }
  }
  if (!next) return std::nullopt;
  return WallTime(next->time_since_epoch());
}

}  // namespace sluice
