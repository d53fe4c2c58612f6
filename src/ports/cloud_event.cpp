#include "ports/cloud_event.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/url_text.h"

namespace sluice {
std::string cloud_event_json(const Event& event) {
  std::string json = "{\"specversion\":\"1.0\",\"id\":" + json_string(event.id) +
                     ",\"source\":" + json_string("/v1/pipelines/" + percent_encoded(event.pipeline)) +
                     ",\"type\":" + json_string(event.type) + ",\"subject\":" + json_string(event.job_id) +
                     ",\"time\":" + json_string(event.time) +
                     ",\"sequence\":" + json_string(std::to_string(event.number));
  if (nlohmann::json::accept(event.data))
    json += ",\"datacontenttype\":\"application/json\",\"data\":" + event.data;
  return json + "}";
}

}  // namespace sluice
