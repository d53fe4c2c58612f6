#include "jobs/cloud_event.h"

#include <nlohmann/json.hpp>

#include "base/log.h"

namespace sluice {
namespace {

// A pipeline's name as one segment of a path.
std::string path_segment(const std::string& name) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
        std::string_view("-_.~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

}  // namespace

std::string cloud_event_json(const Event& event) {
  std::string json = "{\"specversion\":\"1.0\",\"id\":" + json_string(event.id) +
                     ",\"source\":" + json_string("/v1/pipelines/" + path_segment(event.pipeline)) +
                     ",\"type\":" + json_string(event.type) + ",\"subject\":" + json_string(event.job_id) +
                     ",\"time\":" + json_string(event.time) +
                     ",\"sequence\":" + json_string(std::to_string(event.number));
  if (nlohmann::json::accept(event.data))
    json += ",\"datacontenttype\":\"application/json\",\"data\":" + event.data;
  return json + "}";
}

}  // namespace sluice
