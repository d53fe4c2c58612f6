#include "server/routes_states.h"

#include <algorithm>
#include <mutex>

#include "base/clock.h"
#include "base/url_text.h"
#include "jobs/find_pipeline.h"
#include "jobs/posted_states.h"
#include "pipeline/utf8.h"
#include "server/accept_file.h"
#include "server/asked.h"
#include "server/audit.h"
#include "server/job_json.h"
#include "server/repeated_request.h"
#include "server/room.h"
#include "server/routes_aggregates.h"
#include "server/scope.h"

namespace sluice {
namespace {

const std::string kStates = "states";  // the pipeline, and its aggregate

// Kept in the store by the first use, so that it is seen where pipelines are, and can be added to.
constexpr const char* kPipeline =
    R"(# Made by the first use of /states, which needs the aggregate as it is here.
name: states
schema:
  fields:
    - {name: name, type: string, constraints: {required: true, minLength: 1}}
    - {name: population, type: integer, constraints: {required: true, minimum: 0}}
identity: position
aggregates:
  - {name: states, by: [name], measures: {population: sum(population)}}
)";

const AggregateSpec& states_aggregate() {
  static const AggregateSpec spec{
      kStates, {"name"}, {{"population", AggregateFunction::sum, "population", true}}};
  return spec;
}

// The place of `population` among its measures; none where it cannot be asked for states.
std::optional<std::size_t> population_of(const AggregateSpec& spec) {
  if (spec.by != states_aggregate().by) return std::nullopt;
  const auto found = std::ranges::find_if(spec.measures, [](const AggregateMeasure& measure) {
    const AggregateMeasure& wanted = states_aggregate().measures.front();
    return measure.name == wanted.name && measure.function == wanted.function &&
           measure.field == wanted.field;
  });
  if (found == spec.measures.end()) return std::nullopt;
  return static_cast<std::size_t>(found - spec.measures.begin());
}

std::unexpected<Error> is_another(const std::string& whose) {
  return fail(
      ErrorKind::conflict,
      whose +
          " is another than /states needs. Give yours another name; or let it have the fields name and "
          "population, identity: position, and aggregates: [{name: states, by: [name], measures: "
          "{population: sum(population)}}].");
}

// What was declared already, by whichever pipelines; none at the beginning.
Result<std::optional<DeclaredAggregate>> declared_states(Api& api, const Request& request) {
  auto declared = TRY(api.service.store.aggregates().get(request.principal.tenant, kStates));
  if (!declared) {
    TRY(check_reach(request.principal, kStates));
    return declared;
  }
  for (const std::string& pipeline : declared->pipelines) TRY(check_reach(request.principal, pipeline));
  if (!population_of(declared->spec))
    return is_another("the aggregate 'states' of the pipeline '" + declared->pipelines.front() + "'");
  return declared;
}

// The aggregate of the pipeline that rows for states go through, which the first who needs it makes.
Result<AggregateSpec> states_of_pipeline(Api& api, const Request& request) {
  QueryStore& queries = api.service.store.queries();
  const std::string& tenant = request.principal.tenant;
  if (!pipeline_file(api.service.pipelines_folder, kStates)) {
    auto kept = TRY(queries.pipeline(tenant, kStates));
    if (!kept) {
      const std::lock_guard lock(api.changing_pipelines);
      kept = TRY(queries.pipeline(tenant, kStates));
      if (!kept) {
        TRY(queries.keep_pipeline(tenant, {.name = kStates, .text = kPipeline}));
        TRY(note(api, request, "pipeline.put", kStates, {{"by", "the first use of /states"}}));
        return states_aggregate();
      }
    }
    if (kept->text == kPipeline)
      return states_aggregate();  // as it mostly is: not to be read for every batch
  }
  const FoundPipeline found = TRY(find_pipeline({.wanted = kStates,
                                                 .folder = api.service.pipelines_folder,
                                                 .file_name = "",
                                                 .tenant = tenant,
                                                 .store = &queries,
                                                 .overrides = {},
                                                 .paths = PipelinePaths::refused}));
  const auto& aggregates = found.spec.aggregates;
  const auto states = std::ranges::find(aggregates, kStates, &AggregateSpec::name);
  if (states == aggregates.end() || !population_of(*states)) return is_another("the pipeline 'states'");
  // By content or by a key two equal elements would be one row, and count once.
  if (found.spec.identity != IdentityKind::position)
    return is_another("the pipeline 'states', whose identity is not position,");
  return *states;
}

// The same, for what is set by hand.
Result<DeclaredAggregate> settable_states(Api& api, const Request& request) {
  auto declared = TRY(declared_states(api, request));
  const AggregateSpec states = TRY(states_of_pipeline(api, request));
  if (!declared) declared = DeclaredAggregate{states_aggregate(), {kStates}};
  if (states.measures.size() == 1 && declared->spec == states_aggregate()) return std::move(*declared);
  return fail(
      ErrorKind::conflict,
      "the pipeline 'states' has been given further measures, for which nothing would be set: a state is "
      "set by hand only where its population is the only measure. Rows can be sent all the same.");
}

// ------------------------------------------------------------ a state

std::string state_json(const AggregateSpec& spec, const AggregateGroup& group) {
  return "{\"name\":" + group.by.at(0) + ",\"population\":" + group.measures.at(*population_of(spec)) +
         ",\"updatedAt\":" + json_text(Json(group.updated_at)) + "}";
}

Result<std::string> checked_name(const std::string& name) {
  const std::string fault = fault_of_state_name(name);
  if (!fault.empty()) return fail(ErrorKind::usage, "the name " + fault + ".");
  return std::string(trim_white_space(name));
}

Result<std::string> name_in_path(const Request& request) {
  return checked_name(request.parameters.at("name"));
}

Result<std::uint64_t> population_in(const Json& body) {
  const auto found = body.find("population");
  if (found == body.end())
    return fail(ErrorKind::usage, R"(population is missing, as in {"population": 1}.)");
  if (found->is_number_unsigned() && found->get<std::uint64_t>() <= kMostPopulation)
    return found->get<std::uint64_t>();
  return fail(ErrorKind::usage, "population is " + json_text(*found).substr(0, 40) +
                                    "; it has to be a whole number from 0 to " +
                                    std::to_string(kMostPopulation) + ", in digits alone.");
}

std::unexpected<Error> no_state(const std::string& name) {
  return fail(ErrorKind::not_found, "there is no state '" + name + "'.");
}

GroupSetting setting_of(const std::string& name, ExpectedGroup expected,
                        std::optional<std::uint64_t> population) {
  GroupSetting setting{.by = {json_text(Json(name))}, .sums = {}, .expected = expected};
  if (population) setting.sums = {std::to_string(*population)};
  return setting;
}

Result<Response> list(Api& api, const Request& request) {
  TRY(check_asked(request, {"where", "name", "sort", "limit", "cursor"}));
  GroupsPage page = TRY(asked_groups_page(request, "states"));
  if (auto name = request.asked("name")) page.question.equal.emplace_back("name", TRY(checked_name(*name)));
  const auto declared = TRY(declared_states(api, request));
  const AggregateSpec& spec = declared ? declared->spec : states_aggregate();
  const auto found =
      TRY(api.service.store.aggregates().groups(request.principal.tenant, spec, page.question));
  std::string json = "{\"items\":[";
  for (const AggregateGroup& group : found)
    json += (&group == &found.front() ? "" : ",") + state_json(spec, group);
  json += "],\"next\":" + next_of(page, found) + "}\n";
  return json_response(200, std::move(json));
}

Result<Response> get(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  const std::string name = TRY(name_in_path(request));
  const auto declared = TRY(declared_states(api, request));
  if (!declared) return no_state(name);
  const auto found = TRY(api.service.store.aggregates().groups(request.principal.tenant, declared->spec,
                                                               {.equal = {{"name", name}}, .limit = 1}));
  if (found.empty()) return no_state(name);
  return json_response(200, state_json(declared->spec, found.front()) + "\n");
}

// Was it made or changed a moment ago? Then it may be the work of this very request at another node, which
// has not noted its key yet. (One that died before it did has left a state and no note.)
Result<bool> is_fresh(Api& api, const Request& request, const AggregateSpec& spec, const std::string& name) {
  const auto found = TRY(api.service.store.aggregates().groups(request.principal.tenant, spec,
                                                               {.equal = {{"name", name}}, .limit = 1}));
  if (found.empty()) return true;  // and gone again
  const auto changed = parse_rfc3339(found.front().updated_at);
  return changed && std::chrono::abs(wall_now() - *changed) < api.until_noted;
}

std::unexpected<Error> may_be_under_way(const std::string& name) {
  return refuse({.status = 409,
                 .name = "conflict",
                 .title = "The present state does not allow it",
                 .detail = "the state '" + name +
                           "' was made a moment ago, perhaps by a request with this Idempotency-Key that is "
                           "still under way. Send it again: then it is known.",
                 .retry_after_seconds = 2});
}

Result<Response> create(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  const Json body = TRY(body_object(request, EmptyBody::refused));
  TRY(check_members(body, {"name", "population"}));
  const std::string sent_name = TRY(text_member(body, "name"));
  const std::string name = TRY(checked_name(sent_name));
  const std::uint64_t population = TRY(population_in(body));
  auto answer = [&](const std::string& json) {
    Response response = json_response(201, json + "\n");
    response.headers.add("Location", "/states/" + percent_encoded(name));
    return response;
  };
  TRY(check_reach(request.principal, kStates));
  // One at a time under a key: the second, sent while the first is under way, finds what that has noted.
  static std::mutex keyed;
  std::unique_lock lock(keyed, std::defer_lock);
  const bool has_key = request.headers.has("Idempotency-Key");
  if (has_key) lock.lock();
  if (const auto before = TRY(answered_before(api, request, "state.create", name)))
    return answer(json_text(*before));
  const DeclaredAggregate states = TRY(settable_states(api, request));
  auto made = api.service.store.aggregates().set(request.principal.tenant, states,
                                                 setting_of(name, ExpectedGroup::absent, population));
  if (!made && made.error().kind == ErrorKind::conflict) {
    if (const auto before = TRY(answered_before(api, request, "state.create", name)))
      return answer(json_text(*before));  // by another node, in between
    if (has_key && TRY(is_fresh(api, request, states.spec, name))) return may_be_under_way(name);
    return fail(ErrorKind::conflict, "there is a state '" + name + "' already; PUT /states/" +
                                         percent_encoded(name) + " sets its population.");
  }
  const std::string json = state_json(states.spec, TRY(std::move(made)).now);
  TRY(note(api, request, "state.create", name,
           key_detail(request, {{"population", population}}, stored_json(json, Json()))));
  return answer(json);
}

Result<Response> put(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  const std::string name = TRY(name_in_path(request));
  const Json body = TRY(body_object(request, EmptyBody::refused));
  TRY(check_members(body, {"population"}));
  const std::uint64_t population = TRY(population_in(body));
  const DeclaredAggregate states = TRY(settable_states(api, request));
  const auto set = TRY(api.service.store.aggregates().set(request.principal.tenant, states,
                                                          setting_of(name, ExpectedGroup::any, population)));
  TRY(note(api, request, "state.put", name, {{"population", population}}));
  Response response = json_response(set.was_there ? 200 : 201, state_json(states.spec, set.now) + "\n");
  if (!set.was_there) response.headers.add("Location", "/states/" + percent_encoded(name));
  return response;
}

Result<Response> remove(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  const std::string name = TRY(name_in_path(request));
  if (const auto declared = TRY(declared_states(api, request)); !declared) return no_state(name);
  const DeclaredAggregate states = TRY(settable_states(api, request));
  auto removed = api.service.store.aggregates().set(request.principal.tenant, states,
                                                    setting_of(name, ExpectedGroup::present, std::nullopt));
  if (!removed && removed.error().kind == ErrorKind::not_found) return no_state(name);
  TRY(std::move(removed));
  TRY(note(api, request, "state.delete", name));
  return Response{.status = 204};
}

// ------------------------------------------------------------ batches and their jobs

std::unexpected<Error> refuse_states(const PostedStates& posted) {
  constexpr std::size_t kTold = 10;
  std::string detail = std::to_string(posted.wrong_count) +
                       (posted.wrong_count == 1 ? " fault in " : " faults in ") +
                       std::to_string(posted.rows.count) +
                       (posted.rows.count == 1 ? " element" : " elements") + ", so nothing was queued: ";
  Json errors = Json::array();
  for (const WrongState& wrong : posted.wrong) {
    const std::string place =
        "states[" + std::to_string(wrong.index) + "]" + (wrong.field.empty() ? "" : "." + wrong.field);
    if (errors.size() < kTold) detail += (errors.empty() ? "" : "; ") + place + " " + wrong.message;
    errors.push_back(
        {{"index", wrong.index}, {"field", text_or_null(wrong.field)}, {"message", wrong.message}});
  }
  if (posted.wrong_count > kTold)
    detail += "; and " + std::to_string(posted.wrong_count - kTold) + " more, told by `errors`";
  return refuse({.status = 400,
                 .name = "bad-request",
                 .title = "The request cannot be carried out as it is",
                 .detail = detail + ".",
                 .extra = json_text({{"faults", posted.wrong_count}, {"errors", std::move(errors)}})});
}

Result<PostedRows> read_states(const Request& request) {
  TRY(check_json_type(request));
  PostedStates posted = TRY(posted_states(request.body));
  if (posted.wrong_count != 0) return refuse_states(posted);
  return std::move(posted.rows);
}

// Why rows cannot be added to states now; none where they can.
std::optional<Error> fault_of_states(Api& api, const Request& request) {
  if (auto declared = declared_states(api, request); !declared) return std::move(declared).error();
  if (auto states = states_of_pipeline(api, request); !states) return std::move(states).error();
  return std::nullopt;
}

Result<Response> post_batch(Api& api, const Request& request) {
  if (request.query.contains("pipeline"))
    return fail(
        ErrorKind::usage,
        "pipeline is not to be chosen here: states have one of their own. Rows for another go to POST "
        "/v1/pipelines/{p}/batches.");
  TRY(check_asked(request, {"fileName", "metadata", "priority", "delay", "runAt"}));
  FileRequest asked;
  asked.options = TRY(options_of(request, wall_now()));
  asked.options.pipeline = kStates;
  if (asked.options.file_name.empty()) asked.options.file_name = kStates;
  asked.request.headers = request.headers;
  asked.request.principal = request.principal;
  TRY(check_reach(request.principal, kStates));
  TRY(check_room_ahead(api.service, request));
  const PostedRows rows = TRY(read_states(request));
  if (const auto fault = fault_of_states(api, request)) {
    // It may have been none when the same request was taken.
    const auto made = TRY(made_before(api.service, asked, rows));
    if (!made) return std::unexpected(*fault);
    return job_accepted(*made, request, {{"accepted", rows.count}});
  }
  const Job job = TRY(submit_rows(api.service, asked, rows));
  return job_accepted(job, request, {{"accepted", rows.count}});
}

Result<Response> job(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  const Job found = TRY(job_in_scope(api.service, request));
  if (found.pipeline != kStates)
    return fail(ErrorKind::not_found, "the job " + found.id + " is not of /states, but of the pipeline '" +
                                          found.pipeline + "': GET /v1/jobs/" + found.id + " has it.");
  return json_answer(200, TRY(job_json(api.service, found, request)));
}

}  // namespace

void add_state_routes(Routes& routes, Api& api) {
  auto on = [&api](Result<Response> (*handler)(Api&, const Request&)) {
    return [&api, handler](const Request& request) { return handler(api, request); };
  };
  using enum Permission;
  const std::string one = "/states/{name}";
  routes.add({"GET", "/states", read_data, on(list), {}, "listStates", {}});
  routes.add({"POST", "/states", operate, on(create), {}, "createState", {}});
  routes.add({"POST", "/states/batch", submit, on(post_batch), {}, "postStates", {}});
  routes.add({"GET", "/states/jobs/{id}", read, on(job), {}, "getStatesJob", {}});
  routes.add({"GET", one, read_data, on(get), {}, "getState", {}});
  routes.add({"PUT", one, operate, on(put), {}, "putState", {}});
  routes.add({"DELETE", one, operate, on(remove), {}, "deleteState", {}});
}

}  // namespace sluice
