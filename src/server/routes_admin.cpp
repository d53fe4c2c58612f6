#include "server/routes_admin.h"

#include <array>
#include <charconv>

#include "server/asked.h"
#include "server/audit.h"
#include "server/job_json.h"
#include "server/scope.h"

namespace sluice {
namespace {

Result<Response> audit(Api& api, const Request& request) {
  TRY(check_asked(request, {"actor", "action", "limit", "cursor"}));
  TRY(check_reaches_all(request.principal));
  const Page page = TRY(asked_page(request, "audit"));
  const AuditFilter filter{request.principal.tenant, request.asked("actor").value_or(""),
                           request.asked("action").value_or("")};
  const auto before = TRY(number_after(page));
  const auto entries = TRY(api.service.store.audit().list(filter, before, page.limit));
  Json items = Json::array();
  for (const AuditEntry& entry : entries)
    items.push_back({{"number", entry.number},
                     {"time", entry.time},
                     {"actor", entry.actor},
                     {"action", entry.action},
                     {"subject", entry.subject},
                     {"detail", stored_json(entry.detail, Json::object())},
                     {"requestId", text_or_null(entry.request_id)}});
  const bool more = entries.size() == page.limit;
  return list_answer(std::move(items), more ? cursor_of("audit", std::to_string(entries.back().number)) : "");
}

Result<Response> config(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  TRY(check_runs_server(request.principal));
  return json_response(200, api.config_json() + "\n");
}

// ---------------------------------------------------------------- statistics

constexpr std::int64_t kSecond = 1000, kHour = 3600 * kSecond;
constexpr std::int64_t kMostIntervals = 1500;  // more points than a chart has pixels

Result<std::int64_t> asked_moment(const Request& request, const std::string& name, std::int64_t otherwise) {
  const std::string text = TRY(asked_time(request, name));
  if (text.empty()) return otherwise;
  return ms_since_1970(*parse_rfc3339(text));
}

// "10s", "5m", "1h", "1d"; without one, about as many intervals as a chart shows well.
Result<std::int64_t> asked_interval(const Request& request, std::int64_t span) {
  const auto text = request.asked("interval");
  if (!text) {
    constexpr std::int64_t kWell = 120;
    for (std::int64_t seconds : {1, 5, 10, 30, 60, 300, 900, 3600, 6 * 3600})
      if (span / (seconds * kSecond) <= kWell) return seconds * kSecond;
    return 24 * kHour;
  }
  std::int64_t number = 0;
  const char* end_of_text = text->data() + text->size();
  auto [end, error] = std::from_chars(text->data(), end_of_text, number);
  constexpr std::array<std::pair<char, std::int64_t>, 4> kUnits = {
      {{'s', kSecond}, {'m', 60 * kSecond}, {'h', kHour}, {'d', 24 * kHour}}};
  constexpr std::int64_t kLargest = 10'000;
  for (const auto& [unit, length] : kUnits)
    if (error == std::errc() && number >= 1 && number <= kLargest && end + 1 == end_of_text && *end == unit)
      return number * length;
  return fail(ErrorKind::usage, "interval has to be a number and a unit, as in 10s, 5m, 1h or 1d.");
}

Json interval_json(const IntervalStatistics& one) {
  const double mean = one.jobs_started == 0 ? 0
                                            : static_cast<double>(one.waited_ms) /
                                                  static_cast<double>(one.jobs_started) / kSecond;
  return {{"begin", rfc3339(wall_time(one.begin_ms))},
          {"rows", counts_of(one.rows)},
          {"bytes", one.bytes},
          {"jobs",
           {{"accepted", one.jobs_accepted},
            {"started", one.jobs_started},
            {"completed", one.jobs_completed},
            {"failed", one.jobs_failed},
            {"cancelled", one.jobs_cancelled}}},
          {"queueWait",
           {{"meanSeconds", one.jobs_started == 0 ? Json() : Json(mean)},
            {"longestSeconds",
             one.jobs_started == 0 ? Json() : Json(static_cast<double>(one.longest_wait_ms) / kSecond)}}}};
}

// Intervals without anything are answered as well: a chart needs no care for holes then.
Json series_json(const StatisticsQuestion& question, const std::vector<IntervalStatistics>& found) {
  Json items = Json::array();
  auto next = found.begin();
  const std::int64_t step = question.interval_ms;
  for (std::int64_t begin = question.from_ms / step * step; begin < question.until_ms; begin += step) {
    while (next != found.end() && next->begin_ms < begin) ++next;
    const bool is_there = next != found.end() && next->begin_ms == begin;
    items.push_back(interval_json(is_there ? *next : IntervalStatistics{.begin_ms = begin}));
  }
  return items;
}

Result<Response> stats(Api& api, const Request& request) {
  TRY(check_asked(request, {"from", "until", "interval", "pipeline"}));
  StatisticsQuestion question;
  question.tenant = request.principal.tenant;
  question.pipelines = request.principal.pipelines;
  if (auto pipeline = request.asked("pipeline")) {
    TRY(check_reach(request.principal, *pipeline));
    question.pipelines = {*pipeline};
  }
  question.until_ms = TRY(asked_moment(request, "until", ms_since_1970(wall_now()) + 1));
  question.from_ms = TRY(asked_moment(request, "from", question.until_ms - kHour));
  if (question.from_ms >= question.until_ms || question.from_ms < 0)
    return fail(ErrorKind::usage, "from has to be before until.");
  question.interval_ms = TRY(asked_interval(request, question.until_ms - question.from_ms));
  if ((question.until_ms - question.from_ms) / question.interval_ms > kMostIntervals)
    return fail(ErrorKind::usage, "that would be more than " + std::to_string(kMostIntervals) +
                                      " intervals: ask for a longer interval or a shorter time.");
  JobStatistics& statistics = api.service.store.statistics();
  const auto found = TRY(statistics.series(question));
  const std::uint64_t waiting = TRY(statistics.waiting(question.tenant, api.service.most_waiting_jobs));
  return json_answer(200, {{"from", rfc3339(wall_time(question.from_ms))},
                           {"until", rfc3339(wall_time(question.until_ms))},
                           {"intervalSeconds", question.interval_ms / kSecond},
                           {"jobsWaiting", waiting},
                           {"items", series_json(question, found)}});
}

}  // namespace

void add_admin_routes(Routes& routes, Api& api) {
  auto on = [&api](Result<Response> (*handler)(Api&, const Request&)) {
    return [&api, handler](const Request& request) { return handler(api, request); };
  };
  using enum Permission;
  routes.add({"GET", "/v1/audit", administer, on(audit), {}, "listAudit", {}});
  routes.add({"GET", "/v1/config", administer, on(config), {}, "getConfig", {}});
  routes.add({"GET", "/v1/stats", read, on(stats), {}, "getStatistics", {}});
}

}  // namespace sluice
