#include "server/routes_queues.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/log.h"
#include "base/uuid.h"
#include "jobs/control_job.h"
#include "server/asked.h"
#include "server/audit.h"
#include "server/job_json.h"
#include "server/repeated_request.h"
#include "server/routes_jobs.h"
#include "server/scope.h"

namespace sluice {
namespace {

// What is in a queue: pieces of jobs, or what other programs want to become jobs.
enum class Holds : bool { splits, requests };

Json health_json(const QueueHealth& health, Holds holds = Holds::splits) {
  Json oldest;
  if (health.oldest_waiting) oldest = static_cast<double>(health.oldest_waiting->count()) / 1000;
  return {{"name", health.name},     {"holds", holds == Holds::splits ? "splits" : "requests"},
          {"paused", health.paused}, {"waiting", health.waiting},
          {"active", health.active}, {"delayed", health.delayed},
          {"failed", health.failed}, {"oldestWaitingSeconds", oldest}};
}

Result<QueueHealth> queue_of(Api& api, const Request& request) {
  QueueHealth health = TRY(api.service.queue.health());
  const std::string& asked = request.parameters.at("q");
  if (health.name == asked) return health;
  if (api.intake_health && TRY(api.intake_health()).name == asked)
    return fail(ErrorKind::usage, "the queue '" + asked +
                                      "' belongs to the programs that put into it: pause it, and retry what "
                                      "failed in it, with BullMQ. Here it is only shown; '" +
                                      health.name + "' can be steered.");
  return fail(ErrorKind::not_found,
              "there is no queue '" + asked.substr(0, 100) + "'; there is one, '" + health.name + "'.");
}

Result<Response> list(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  Json queues = Json::array({health_json(TRY(api.service.queue.health()))});
  if (api.intake_health) {
    const auto requests = api.intake_health();
    if (requests)
      queues.push_back(health_json(*requests, Holds::requests));
    else  // what is wrong with it must not hide the other one
      log_warning("queue of requests", {{"error", requests.error().message}});
  }
  return list_answer(std::move(queues), "");
}

enum class Steer : bool { pause, resume };

Result<Response> steer(Api& api, const Request& request, Steer what) {
  TRY(check_asked(request, {}));
  TRY(check_runs_server(request.principal));
  TRY(check_reaches_all(request.principal));
  const QueueHealth health = TRY(queue_of(api, request));
  TRY(what == Steer::pause ? api.service.queue.pause() : api.service.queue.resume());
  TRY(note(api, request, what == Steer::pause ? "queue.pause" : "queue.resume", health.name));
  return json_answer(200, health_json(TRY(api.service.queue.health())));
}

// Who works on what: splits with a live lease, of jobs that the key reaches.
Result<Response> active(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  TRY(queue_of(api, request));
  JobStore& store = api.service.store.jobs();
  std::vector<Lease> leases = TRY(store.leases());
  std::ranges::sort(
      leases, {}, [](const Lease& lease) { return std::tie(lease.owner, lease.job_id, lease.split_number); });
  std::map<std::string, Result<Job>> jobs;  // of one job there may be many splits
  Json items = Json::array();
  for (const Lease& lease : leases) {
    auto known = jobs.find(lease.job_id);
    if (known == jobs.end()) known = jobs.emplace(lease.job_id, store.get(lease.job_id)).first;
    const Result<Job>& job = known->second;
    if (!job && job.error().kind == ErrorKind::not_found) continue;  // removed since
    if (!job) return std::unexpected(job.error());
    if (job->tenant != request.principal.tenant || !reaches_pipeline(request.principal, job->pipeline))
      continue;
    items.push_back({{"worker", lease.owner},
                     {"jobId", job->id},
                     {"pipeline", job->pipeline},
                     {"fileName", job->file_name},
                     {"split", lease.split_number},
                     {"work", lease.split_number == kPlanningSplit ? "planning" : "rows"}});
  }
  return list_answer(std::move(items), "");
}

Result<Response> failed(Api& api, const Request& request) {
  TRY(check_asked(request, {"pipeline", "limit", "cursor"}));
  TRY(queue_of(api, request));
  JobFilter filter;
  filter.status = JobStatus::failed;
  filter.pipeline = request.asked("pipeline").value_or("");
  return list_jobs(api, request, std::move(filter));
}

// Every failed job that the key reaches, the oldest first: what was sent first runs first again.
Result<std::vector<std::string>> all_failed(Api& api, const Principal& who) {
  std::vector<std::string> ids;
  const JobFilter filter{.tenant = who.tenant, .status = JobStatus::failed};
  std::optional<std::int64_t> before;
  for (;;) {
    const std::vector<Job> jobs = TRY(api.service.store.jobs().list(filter, before, kMostPageItems));
    for (const Job& job : jobs)
      if (reaches_pipeline(who, job.pipeline)) ids.push_back(job.id);
    if (jobs.size() < kMostPageItems) break;
    before = jobs.back().sequence;
  }
  std::ranges::reverse(ids);
  return ids;
}

Result<Response> replay(Api& api, const Request& request) {
  constexpr std::size_t kMostNamed = 1000;
  TRY(check_asked(request, {}));
  TRY(queue_of(api, request));
  const Json body = TRY(body_object(request, EmptyBody::taken));
  TRY(check_members(body, {"jobIds"}));
  std::vector<std::string> ids = TRY(texts_member(body, "jobIds"));
  if (ids.size() > kMostNamed)
    return fail(ErrorKind::usage, "jobIds has more than " + std::to_string(kMostNamed) +
                                      " ids; leave it out to replay every dead letter.");
  const std::string& queue = request.parameters.at("q");
  if (auto before = TRY(answered_before(api, request, "queue.replay", queue)))
    return json_answer(200, *before);
  const bool all = !body.contains("jobIds");
  if (all) ids = TRY(all_failed(api, request.principal));
  std::uint64_t replayed = 0;
  Json not_replayed = Json::array();
  for (const std::string& id : ids) {
    Request one;
    one.parameters = {{"id", id}};
    one.principal = request.principal;
    Result<Job> job = job_in_scope(api.service, one);
    if (job) job = retry_job(api.service, *job);
    if (!job && job.error().kind == ErrorKind::unavailable) return std::unexpected(std::move(job).error());
    if (job)
      ++replayed;
    else
      not_replayed.push_back({{"jobId", id.substr(0, 100)}, {"detail", problem_of(job.error()).detail}});
  }
  const Json answer = {{"replayed", replayed}, {"notReplayed", std::move(not_replayed)}};
  TRY(note(api, request, "queue.replay", queue,
           key_detail(request, {{"replayed", replayed}, {"all", all}}, answer)));
  return json_answer(200, answer);
}

}  // namespace

void add_queue_routes(Routes& routes, Api& api) {
  auto on = [&api](Result<Response> (*handler)(Api&, const Request&)) {
    return [&api, handler](const Request& request) { return handler(api, request); };
  };
  auto steers = [&api](Steer what) {
    return [&api, what](const Request& request) { return steer(api, request, what); };
  };
  using enum Permission;
  const std::string queue = "/v1/queues/{q}";
  routes.add({"GET", "/v1/queues", read, on(list), {}, "listQueues", {}});
  routes.add({"POST", queue + "/pause", operate, steers(Steer::pause), {}, "pauseQueue", {}});
  routes.add({"POST", queue + "/resume", operate, steers(Steer::resume), {}, "resumeQueue", {}});
  routes.add({"GET", queue + "/active", read, on(active), {}, "listActiveSplits", {}});
  routes.add({"GET", queue + "/failed", read, on(failed), {}, "listDeadLetters", {}});
  routes.add({"POST", queue + "/failed/replay", operate, on(replay), {}, "replayDeadLetters", {}});
}

}  // namespace sluice
