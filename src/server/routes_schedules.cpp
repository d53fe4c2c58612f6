#include "server/routes_schedules.h"

#include <algorithm>

#include "base/sha256.h"
#include "base/uuid.h"
#include "jobs/scheduler.h"
#include "jobs/submit_job.h"
#include "server/asked.h"
#include "server/audit.h"
#include "server/scope.h"

namespace sluice {
namespace {

constexpr std::size_t kTextBytes = 1024;

std::string time_text(std::int64_t milliseconds) {
  return milliseconds == 0 ? "" : rfc3339(wall_time(milliseconds));
}

Json schedule_json(const Schedule& schedule, const Request& request) {
  return {{"id", schedule.id},
          {"name", schedule.name},
          {"pipeline", schedule.pipeline},
          {"cron", text_or_null(schedule.cron)},
          {"zone", text_or_null(schedule.cron.empty() ? "" : schedule.zone)},
          {"at", text_or_null(schedule.at)},
          {"source", schedule.source},
          {"metadata", stored_json(schedule.metadata, Json::object())},
          {"enabled", schedule.enabled},
          {"nextRunAt", text_or_null(schedule.enabled ? time_text(schedule.next_run_ms) : "")},
          {"lastRunAt", text_or_null(schedule.last_run_at)},
          {"lastJobId", text_or_null(schedule.last_job_id)},
          {"lastError", text_or_null(schedule.last_error)},
          {"createdAt", text_or_null(schedule.created_at)},
          {"createdBy", text_or_null(schedule.created_by)},
          {"links", {{"self", request.origin + "/v1/schedules/" + schedule.id}}}};
}

// The body's members over what there is.
Result<> read_schedule(Api& api, const Request& request, Schedule& schedule) {
  const Json body = TRY(body_object(request, EmptyBody::refused));
  TRY(check_members(body, {"name", "pipeline", "cron", "zone", "at", "source", "metadata", "enabled"}));
  auto text = [&](const char* name, std::string& into) -> Result<> {
    if (!body.contains(name)) return {};
    into = TRY(text_member(body, name));
    if (into.size() > kTextBytes)
      return fail(ErrorKind::usage,
                  std::string(name) + " is longer than " + std::to_string(kTextBytes) + " bytes.");
    return {};
  };
  const bool is_over = schedule.next_run_ms == 0 && !schedule.last_run_at.empty();
  const Schedule before = schedule;
  TRY(text("name", schedule.name));
  TRY(text("pipeline", schedule.pipeline));
  TRY(text("cron", schedule.cron));
  TRY(text("zone", schedule.zone));
  TRY(text("at", schedule.at));
  TRY(text("source", schedule.source));
  schedule.enabled = TRY(flag_member(body, "enabled", schedule.enabled));
  if (body.contains("metadata")) {
    if (!body["metadata"].is_object()) return fail(ErrorKind::usage, "metadata has to be a JSON object.");
    schedule.metadata = json_text(body["metadata"]);
  }
  if (schedule.zone.empty()) schedule.zone = "UTC";
  if (schedule.name.empty()) schedule.name = schedule.pipeline;
  if (schedule.source.empty())
    return fail(ErrorKind::usage, "source is missing: \"blob:KEY\", or \"blob:PREFIX/\" to be watched.");
  if (schedule.pipeline.empty()) return fail(ErrorKind::usage, "pipeline is missing: its name.");
  TRY(check_reach(request.principal, schedule.pipeline));
  // What has run once does not run again because its name was changed.
  if (is_over && schedule.at == before.at && schedule.cron == before.cron && schedule.source == before.source)
    return check_pipeline_name(api.service, request.principal.tenant, schedule.pipeline);
  if (!schedule.at.empty()) {
    const auto at = parse_rfc3339(schedule.at);
    if (!at)
      return fail(ErrorKind::usage, "at has to be a time with its offset, as in 2026-03-01T06:00:00Z.");
    schedule.at = rfc3339(*at);
  }
  return prepare_schedule(api.service, schedule, wall_now());
}

Result<Schedule> schedule_of(Api& api, const Request& request) {
  const std::string& id = request.parameters.at("id");
  std::optional<Schedule> found;
  if (uuid_bytes(id)) found = TRY(api.service.store.schedules().get(request.principal.tenant, id));
  if (!found) return fail(ErrorKind::not_found, "there is no schedule " + id.substr(0, 100) + ".");
  TRY(check_reach(request.principal, found->pipeline));
  return std::move(*found);
}

Result<Response> list(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  Json items = Json::array();
  for (const Schedule& schedule : TRY(api.service.store.schedules().list(request.principal.tenant)))
    if (reaches_pipeline(request.principal, schedule.pipeline))
      items.push_back(schedule_json(schedule, request));
  return list_answer(std::move(items), "");
}

Result<Response> get(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  return json_answer(200, schedule_json(TRY(schedule_of(api, request)), request));
}

// Of the same request the same id: a request that is repeated under its Idempotency-Key makes one schedule.
std::string id_for(const Request& request) {
  const std::string_view key = request.headers.get("Idempotency-Key");
  if (key.empty()) return new_uuid();
  const Digest digest = Sha256().of("schedule\n" + request.principal.tenant + "\n" + std::string(key));
  UuidBytes bytes{};
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x80);  // version 8: made of what one likes
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  return uuid_text(bytes);
}

bool same_request(const Schedule& a, const Schedule& b) {
  return a.name == b.name && a.pipeline == b.pipeline && a.cron == b.cron && a.zone == b.zone &&
         a.at == b.at && a.source == b.source && a.metadata == b.metadata;
}

Result<Response> create(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  ScheduleStore& schedules = api.service.store.schedules();
  Schedule schedule;
  schedule.id = id_for(request);
  schedule.tenant = request.principal.tenant;
  schedule.created_by = request.principal.actor;
  TRY(read_schedule(api, request, schedule));
  int status = 201;
  if (auto there = TRY(schedules.get(schedule.tenant, schedule.id))) {
    if (!same_request(*there, schedule))
      return refuse({.status = 422,
                     .name = "idempotency-key-reused",
                     .title = "The Idempotency-Key belongs to another request",
                     .detail =
                         "The Idempotency-Key made a schedule with other members. Send a new key with a new "
                         "request."});
    status = 200;
  } else {
    TRY(schedules.put(schedule));
    TRY(note(api, request, "schedule.create", schedule.id, {{"name", schedule.name}}));
  }
  auto made = TRY(schedules.get(schedule.tenant, schedule.id));
  Response response = json_answer(status, schedule_json(made ? *made : schedule, request));
  response.headers.add("Location", "/v1/schedules/" + schedule.id);
  return response;
}

Result<Response> change(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  Schedule schedule = TRY(schedule_of(api, request));
  TRY(read_schedule(api, request, schedule));
  TRY(api.service.store.schedules().put(schedule));
  TRY(note(api, request, "schedule.change", schedule.id, {{"name", schedule.name}}));
  return json_answer(200, schedule_json(TRY(schedule_of(api, request)), request));
}

Result<Response> remove(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  const Schedule schedule = TRY(schedule_of(api, request));
  TRY(api.service.store.schedules().remove(schedule.tenant, schedule.id));
  TRY(note(api, request, "schedule.delete", schedule.id, {{"name", schedule.name}}));
  return Response{.status = 204};
}

}  // namespace

void add_schedule_routes(Routes& routes, Api& api) {
  auto on = [&api](Result<Response> (*handler)(Api&, const Request&)) {
    return [&api, handler](const Request& request) { return handler(api, request); };
  };
  using enum Permission;
  const std::string all = "/v1/schedules", one = "/v1/schedules/{id}";
  routes.add({"GET", all, read, on(list), {}, "listSchedules", {}});
  routes.add({"POST", all, operate, on(create), {}, "createSchedule", {}});
  routes.add({"GET", one, read, on(get), {}, "getSchedule", {}});
  routes.add({"PATCH", one, operate, on(change), {}, "changeSchedule", {}});
  routes.add({"DELETE", one, operate, on(remove), {}, "deleteSchedule", {}});
}

}  // namespace sluice
