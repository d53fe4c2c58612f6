#include "jobs/job_request.h"

#include <nlohmann/json.hpp>

namespace sluice {

std::string to_json(const JobRequest& request) {
  nlohmann::json json = {{"request",
                          {{"pipeline", to_json(request.pipeline)},
                           {"infer", request.infer},
                           {"report", request.report},
                           {"named", request.named}}}};
  return json.dump();
}

Result<JobRequest> job_request_from_json(const std::string& text) {
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("request"))
    return fail(ErrorKind::internal, "the job's stored request cannot be read; send its file again.");
  const nlohmann::json& stored = json["request"];
  JobRequest request;
  request.pipeline = TRY(pipeline_from_json(stored.value("pipeline", nlohmann::json::object())));
  request.infer = stored.value("infer", false);
  request.report = stored.value("report", false);
  request.named = stored.value("named", false);
  return request;
}

}  // namespace sluice
