#include "jobs/job_plan.h"

#include <nlohmann/json.hpp>

namespace sluice {

std::string to_json(const JobPlan& plan) {
  nlohmann::json json = {
      {"canonicalForm", plan.canonical_form},
      {"pipeline", to_json(plan.pipeline)},
      {"read", nlohmann::json::parse(to_json(plan.read))},
      {"input", {{"place", plan.input_place}, {"version", plan.input_version}}},
  };
  if (plan.rows) json["rows"] = *plan.rows;
  return json.dump();
}

Result<JobPlan> job_plan_from_json(const std::string& text) {
  auto broken = [](const std::string& why) {
    return fail(ErrorKind::internal,
                "the job's stored plan cannot be read (" + why + "); run the file as a new job.");
  };
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("pipeline") || !json.contains("read") || !json.contains("input"))
    return broken("no plan in it");
  JobPlan plan;
  plan.canonical_form = json.value("canonicalForm", 0);
  if (plan.canonical_form != JobPlan::kCanonicalForm)
    return broken("it was made for canonical form " + std::to_string(plan.canonical_form));
  plan.pipeline = TRY(pipeline_from_json(json["pipeline"]));
  plan.read = TRY(read_plan_from_json(json["read"].dump()));
  plan.input_place = json["input"].value("place", "");
  plan.input_version = json["input"].value("version", "");
  if (json.contains("rows")) plan.rows = json["rows"].get<std::uint64_t>();
  return plan;
}

}  // namespace sluice
