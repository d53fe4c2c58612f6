#include "server/routes_aggregates.h"

#include <algorithm>

#include "base/nearest.h"
#include "reports/report.h"
#include "reports/report_cells.h"
#include "server/asked.h"
#include "server/audit.h"
#include "server/paged_body.h"
#include "server/report_download.h"
#include "server/scope.h"

namespace sluice {
namespace {

constexpr std::size_t kGroupsAtOnce = 500;

Json declared_json(const DeclaredAggregate& aggregate) {
  Json json = to_json(aggregate.spec);
  json["pipelines"] = aggregate.pipelines;
  return json;
}

// A key that is made for some pipelines sees what only those are in.
bool reaches(const Principal& principal, const DeclaredAggregate& aggregate) {
  return std::ranges::all_of(aggregate.pipelines, [&](const std::string& pipeline) {
    return reaches_pipeline(principal, pipeline);
  });
}

Result<DeclaredAggregate> find_aggregate(Api& api, const Request& request) {
  AggregateStore& store = api.service.store.aggregates();
  const std::string& name = request.parameters.at("name");
  auto found = TRY(store.get(request.principal.tenant, name));
  if (!found) {
    const auto all = TRY(store.list(request.principal.tenant));
    std::vector<std::string_view> names;
    for (const DeclaredAggregate& known : all) names.push_back(known.spec.name);
    return fail(ErrorKind::not_found,
                "there is no aggregate '" + name.substr(0, 100) + "'" +
                    (names.empty() ? ": no pipeline has any." : "; " + suggest_known(name, names)));
  }
  for (const std::string& pipeline : found->pipelines) TRY(check_reach(request.principal, pipeline));
  return std::move(*found);
}

// The values as they are kept: through a parser numbers would suffer.
std::string group_json(const AggregateSpec& spec, const AggregateGroup& group) {
  std::string json = "{";
  auto add = [&](const std::string& name, const std::string& value) {
    json += (json.size() > 1 ? "," : "") + json_text(Json(name)) + ":" + value;
  };
  for (std::size_t i = 0; i < spec.by.size(); ++i) add(spec.by[i], group.by[i]);
  for (std::size_t i = 0; i < spec.measures.size(); ++i) add(spec.measures[i].name, group.measures[i]);
  add("updatedAt", json_text(Json(group.updated_at)));
  return json + "}";
}

// Groups as lines of text, asked for page by page.
class GroupsExport : public PagedBody {
 public:
  GroupsExport(AggregateStore& store, std::string tenant, AggregateSpec spec, AggregateQuestion question)
      : spec_(std::move(spec)), store_(store), tenant_(std::move(tenant)), question_(std::move(question)) {
    question_.limit = kGroupsAtOnce;
  }

 protected:
  virtual void add(const AggregateGroup& group) = 0;

  const AggregateSpec spec_;

 private:
  Result<Page> add_page() final {
    const auto groups = TRY(store_.groups(tenant_, spec_, question_));
    for (const AggregateGroup& group : groups) add(group);
    if (!groups.empty()) question_.after = groups.back().cursor;
    return groups.size() < kGroupsAtOnce ? Page::last : Page::more;
  }

  AggregateStore& store_;
  const std::string tenant_;
  AggregateQuestion question_;
};

class GroupsNdjson final : public GroupsExport {
 public:
  using GroupsExport::GroupsExport;

 private:
  void add(const AggregateGroup& group) override { text_ += group_json(spec_, group) + "\n"; }
};

class GroupsCsv final : public GroupsExport {
 public:
  GroupsCsv(AggregateStore& store, std::string tenant, AggregateSpec spec, AggregateQuestion question)
      : GroupsExport(store, std::move(tenant), std::move(spec), std::move(question)) {
    text_ = "\xEF\xBB\xBF";  // spreadsheets take a file without it for the local 8-bit encoding
    for (const std::string& field : spec_.by) add_column(field);
    for (const AggregateMeasure& measure : spec_.measures) add_column(measure.name);
    add_column("updatedAt");
    add_line();
  }

 private:
  void add(const AggregateGroup& group) override {
    for (std::string& cell : cells_) cell.clear();
    std::string more;
    (void)take_apart(group_json(spec_, group), places_, cells_, more);
    add_line();
  }
  void add_column(const std::string& name) {
    places_.emplace(name, cells_.size());
    cells_.push_back(name);
  }
  void add_line() {
    for (const std::string& cell : cells_) {
      if (&cell != &cells_.front()) text_ += ',';
      append_csv_cell(text_, neutralise_formula(visible_text(cell)));
    }
    text_ += '\n';
  }

  CellPlaces places_;
  std::vector<std::string> cells_;
};

// A cursor is a place in one order: in another it would leave some groups out and repeat others.
std::string order_of(const AggregateQuestion& question) {
  return (question.descending ? "-" : "") + question.sort + ":";
}

Result<Response> list(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  Json items = Json::array();
  for (const DeclaredAggregate& aggregate :
       TRY(api.service.store.aggregates().list(request.principal.tenant)))
    if (reaches(request.principal, aggregate)) items.push_back(declared_json(aggregate));
  return list_answer(std::move(items), "");
}

enum class ExportKind : std::uint8_t { csv, ndjson };

Result<Response> export_groups(Api& api, const Request& request, ExportKind kind) {
  TRY(check_asked(request, {"where", "sort"}));
  AggregateQuestion question = TRY(asked_groups(request));
  DeclaredAggregate aggregate = TRY(find_aggregate(api, request));
  AggregateStore& store = api.service.store.aggregates();
  question.limit = 1;
  TRY(store.groups(request.principal.tenant, aggregate.spec,
                   question));  // what is wrong with it is said before
  Response response;
  const ReportKind written = kind == ExportKind::csv ? ReportKind::csv : ReportKind::ndjson;
  response.headers.add("Content-Type", std::string(media_type_of(written)));
  response.headers.add("Content-Disposition",
                       attachment(aggregate.spec.name + "." + std::string(name_of(written))));
  TRY(note(api, request, "aggregate.export", aggregate.spec.name, {{"format", name_of(written)}}));
  const std::string& tenant = request.principal.tenant;
  if (kind == ExportKind::csv)
    response.stream =
        std::make_unique<GroupsCsv>(store, tenant, std::move(aggregate.spec), std::move(question));
  else
    response.stream =
        std::make_unique<GroupsNdjson>(store, tenant, std::move(aggregate.spec), std::move(question));
  return response;
}

Result<Response> groups(Api& api, const Request& request) {
  const std::string_view accept = request.headers.get("Accept");
  if (accept.starts_with("text/csv")) return export_groups(api, request, ExportKind::csv);
  if (accept.starts_with("application/x-ndjson")) return export_groups(api, request, ExportKind::ndjson);
  TRY(check_asked(request, {"where", "sort", "limit", "cursor"}));
  const GroupsPage page = TRY(asked_groups_page(request, "groups of " + request.parameters.at("name")));
  const DeclaredAggregate aggregate = TRY(find_aggregate(api, request));
  const auto found =
      TRY(api.service.store.aggregates().groups(request.principal.tenant, aggregate.spec, page.question));
  std::string json = "{\"items\":[";
  for (const AggregateGroup& group : found)
    json += (&group == &found.front() ? "" : ",") + group_json(aggregate.spec, group);
  json += "],\"next\":" + next_of(page, found) + "}\n";
  Response response = json_response(200, std::move(json));
  response.headers.add("Vary", "Accept");
  return response;
}

Result<Response> rebuild(Api& api, const Request& request) {
  TRY(check_asked(request, {}));
  const DeclaredAggregate aggregate = TRY(find_aggregate(api, request));
  const AggregateCheck check =
      TRY(api.service.store.aggregates().rebuild(request.principal.tenant, aggregate));
  const Json json = {{"rows", check.rows}, {"groups", check.groups}, {"wrong", check.wrong}};
  TRY(note(api, request, "aggregate.rebuild", aggregate.spec.name, json));
  return json_answer(200, json);
}

}  // namespace

Result<AggregateQuestion> asked_groups(const Request& request) {
  AggregateQuestion question{.equal = asked_fields(request)};
  question.sort = request.asked("sort").value_or("");
  if (question.sort.starts_with('-')) {
    question.descending = true;
    question.sort.erase(0, 1);
  }
  return question;
}

Result<GroupsPage> asked_groups_page(const Request& request, const std::string& list) {
  GroupsPage page{.list = list, .question = TRY(asked_groups(request))};
  const Page asked = TRY(asked_page(request, list));
  page.question.limit = asked.limit;
  if (asked.after.empty()) return page;
  const std::string order = order_of(page.question);
  if (!asked.after.starts_with(order))
    return fail(
        ErrorKind::usage,
        "the cursor is of a page in another order: ask for the next page with the same sort, or leave "
        "the cursor out to begin anew.");
  page.question.after = asked.after.substr(order.size());
  return page;
}

std::string next_of(const GroupsPage& page, const std::vector<AggregateGroup>& groups) {
  if (groups.size() < page.question.limit) return "null";
  return "\"" + cursor_of(page.list, order_of(page.question) + groups.back().cursor) + "\"";
}

void add_aggregate_routes(Routes& routes, Api& api) {
  auto on = [&api](Result<Response> (*handler)(Api&, const Request&)) {
    return [&api, handler](const Request& request) { return handler(api, request); };
  };
  auto as = [&api](ExportKind kind) {
    return [&api, kind](const Request& request) { return export_groups(api, request, kind); };
  };
  using enum Permission;
  const std::string one = "/v1/aggregates/{name}";
  routes.add({"GET", "/v1/aggregates", read, on(list), {}, "listAggregates", {}});
  routes.add({"GET", one, read_data, on(groups), {}, "listGroups", {}});
  routes.add({"GET", one + "/groups.csv", read_data, as(ExportKind::csv), {}, "exportGroupsCsv", {}});
  routes.add(
      {"GET", one + "/groups.ndjson", read_data, as(ExportKind::ndjson), {}, "exportGroupsNdjson", {}});
  routes.add({"POST", one + "/rebuild", operate, on(rebuild), {}, "rebuildAggregate", {}});
}

}  // namespace sluice
