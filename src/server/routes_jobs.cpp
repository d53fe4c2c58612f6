#include "server/routes_jobs.h"

#include <algorithm>

#include "base/uuid.h"
#include "jobs/archive.h"
#include "jobs/control_job.h"
#include "ports/cloud_event.h"
#include "server/asked.h"
#include "server/audit.h"
#include "server/job_json.h"
#include "server/live_events.h"
#include "server/repeated_request.h"
#include "server/scope.h"

namespace sluice {
namespace {

Result<Response> answer_job(Api& api, const Job& job, const Request& request) {
  return json_answer(200, TRY(job_json(api.service, job, request)));
}

Result<Response> list(Api& api, const Request& request) {
  TRY(check_asked(
      request, {"status", "pipeline", "createdFrom", "createdBefore", "parent", "file", "limit", "cursor"}));
  JobFilter filter;
  if (auto status = request.asked("status")) {
    filter.status = job_status_named(*status);
    if (!filter.status)
      return fail(ErrorKind::usage, "status has to be PENDING, PROCESSING, COMPLETED, FAILED or CANCELLED.");
  }
  filter.pipeline = request.asked("pipeline").value_or("");
  filter.created_from = TRY(asked_time(request, "createdFrom"));
  filter.created_before = TRY(asked_time(request, "createdBefore"));
  filter.parent_job_id = request.asked("parent");
  if (filter.parent_job_id && !uuid_bytes(*filter.parent_job_id))
    return fail(ErrorKind::usage, "parent has to be the id of a job.");
  constexpr std::size_t kLongestName = 255;
  filter.file_contains = request.asked("file").value_or("");
  if (filter.file_contains.size() > kLongestName)
    return fail(ErrorKind::usage, "file has to be a part of a file's name, which is not as long as that.");
  return list_jobs(api, request, std::move(filter));
}

Result<Response> get(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  return answer_job(api, TRY(job_in_scope(api.service, request)), request);
}

Result<Response> remove(Api& api, const Request& request) {
  TRY(check_asked(request, {"rows", "force"}));
  const bool rows = TRY(asked_flag(request, "rows")), force = TRY(asked_flag(request, "force"));
  const Job job = TRY(job_in_scope(api.service, request));
  TRY(check_reaches_members(api.service, request.principal, job));
  TRY(remove_job(api.service, job, rows ? KeepRows::no : KeepRows::yes,
                 force ? DespiteDuplicates::yes : DespiteDuplicates::no));
  TRY(note(api, request, "job.delete", job.id,
           {{"pipeline", job.pipeline}, {"file", job.file_name}, {"rows", rows}, {"force", force}}));
  return Response{.status = 204};
}

Result<Response> cancel(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  const Job job = TRY(job_in_scope(api.service, request));
  TRY(check_may_stop(request.principal, job));
  TRY(check_reaches_members(api.service, request.principal, job));
  const Job now = TRY(cancel_job(api.service, job));
  TRY(note(api, request, "job.cancel", job.id));
  return answer_job(api, now, request);
}

Result<Response> retry(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  const Job job = TRY(job_in_scope(api.service, request));
  if (TRY(answered_before(api, request, "job.retry", job.id))) return answer_job(api, job, request);
  TRY(check_reaches_members(api.service, request.principal, job));
  const Job now = TRY(retry_job(api.service, job));
  TRY(note(api, request, "job.retry", job.id, key_detail(request, Json::object(), Json::object())));
  return answer_job(api, now, request);
}

std::string_view state_of(const SplitStatus& status) {
  if (status.split.done) return "COMPLETED";
  return status.owner.empty() ? "PENDING" : "PROCESSING";
}

Json place_json(const Position& position) {
  return {{"byte", position.offset}, {"row", position.row}, {"line", position.line}};
}

// Of a job's 64 MiB pieces there are few enough for one answer: 16 thousand of a terabyte.
Result<Response> splits(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  const Job job = TRY(job_in_scope(api.service, request));
  Json items = Json::array();
  for (const SplitStatus& status : TRY(api.service.store.jobs().split_status(job.id))) {
    const Split& split = status.split;
    items.push_back({{"number", split.number},
                     {"work", split.number == kPlanningSplit ? "planning"
                              : is_archive(job)              ? "members"
                                                             : "rows"},
                     {"status", state_of(status)},
                     {"begin", place_json(split.begin)},
                     {"end", split.end ? place_json(*split.end) : Json()},
                     {"checkpoint", place_json(split.checkpoint.position)},
                     {"rows", counts_of(split.checkpoint.counts)},
                     {"worker", text_or_null(status.owner)},
                     {"attempts", status.attempts},
                     {"lastError", text_or_null(status.last_error)}});
  }
  return list_answer(std::move(items), "");
}

// The timeline. Its cursor is an event's number, as live events have it.
Result<Response> events(Api& api, const Request& request) {
  TRY(check_asked(request, {"limit", "cursor"}));
  const Page page = TRY(asked_page(request, "events"));
  const Job job = TRY(job_in_scope(api.service, request));
  const auto after = static_cast<std::uint64_t>(TRY(number_after(page)).value_or(0));
  const EventFilter filter{.tenant = job.tenant, .job_id = job.id};
  const std::vector<Event> events = TRY(api.service.store.events().read(filter, after, page.limit));
  std::string json = "{\"items\":[";
  for (const Event& event : events) json += (&event == &events.front() ? "" : ",") + cloud_event_json(event);
  const bool more = events.size() == page.limit;
  json += "],\"next\":";
  json += more ? "\"" + cursor_of("events", std::to_string(events.back().number)) + "\"" : "null";
  return json_response(200, json + "}\n");
}

// Jobs of a list from `before` on, as many as a page may still take. A file's name is looked for in the
// newest `kLookedThrough` of the tenant's jobs alone, so that no request takes long whatever it asks for: who
// wants to look further back goes on with the cursor.
struct Stretch {
  std::vector<Job> jobs;
  std::optional<std::int64_t> before;  // where the next one begins
  bool more = false;
};

constexpr std::int64_t kLookedThrough = 100'000;

Result<Stretch> next_stretch(JobStore& store, JobFilter filter, std::optional<std::int64_t> before,
                             std::size_t limit) {
  Stretch found{.before = before};
  if (!filter.file_contains.empty()) {
    if (!before) {
      const auto newest = TRY(store.list({.tenant = filter.tenant}, {}, 1));
      if (newest.empty()) return found;
      before = newest.front().sequence + 1;
    }
    filter.sequence_from = std::max<std::int64_t>(0, *before - kLookedThrough);
  }
  found.jobs = TRY(store.list(filter, before, limit));
  found.more = found.jobs.size() == limit;
  if (!found.jobs.empty()) found.before = found.jobs.back().sequence;
  if (!found.more && filter.sequence_from.value_or(0) > 0) {
    found.before = filter.sequence_from;
    found.more = true;
  }
  return found;
}

}  // namespace

Result<Response> list_jobs(Api& api, const Request& request, JobFilter filter) {
  const Page page = TRY(asked_page(request, "jobs"));
  const Principal& who = request.principal;
  filter.tenant = who.tenant;
  if (!filter.pipeline.empty()) TRY(check_reach(who, filter.pipeline));
  if (filter.pipeline.empty() && who.pipelines.size() == 1) filter.pipeline = who.pipelines.front();
  std::optional<std::int64_t> before = TRY(number_after(page));
  // A key that is made for some pipelines sees only those: what is between them is read past, so much at most
  // for one request.
  constexpr int kMostReads = 20;
  Json items = Json::array();
  bool more = true;
  for (int reads = 0; more && items.size() < page.limit && reads < kMostReads; ++reads) {
    const Stretch found = TRY(next_stretch(api.service.store.jobs(), filter, before, page.limit));
    more = found.more;
    bool all = true;
    for (const Job& job : found.jobs) {
      all = items.size() < page.limit;
      if (!all) break;
      before = job.sequence;
      if (reaches_pipeline(who, job.pipeline)) items.push_back(TRY(job_json(api.service, job, request)));
    }
    more = more || !all;
    if (all) before = found.before;
    if (!filter.file_contains.empty()) break;  // one stretch is what a request may cost
  }
  return list_answer(std::move(items), more && before ? cursor_of("jobs", std::to_string(*before)) : "");
}

void add_job_routes(Routes& routes, Api& api) {
  auto on = [&api](Result<Response> (*handler)(Api&, const Request&)) {
    return [&api, handler](const Request& request) { return handler(api, request); };
  };
  using enum Permission;
  routes.add({"GET", "/v1/jobs", read, on(list), {}, "listJobs", {}});
  routes.add({"GET", "/v1/jobs/{id}", read, on(get), {}, "getJob", {}});
  routes.add({"DELETE", "/v1/jobs/{id}", operate, on(remove), {}, "deleteJob", {{"rows", administer}}});
  routes.add({"POST", "/v1/jobs/{id}/cancel", submit, on(cancel), {}, "cancelJob", {}});
  routes.add({"POST", "/v1/jobs/{id}/retry", operate, on(retry), {}, "retryJob", {}});
  routes.add({"GET", "/v1/jobs/{id}/splits", read, on(splits), {}, "listSplits", {}});
  routes.add({"GET", "/v1/jobs/{id}/events", read, on(events), {}, "listJobEvents", {}});
}

}  // namespace sluice
