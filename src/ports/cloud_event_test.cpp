#include "ports/cloud_event.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sluice {
namespace {

TEST(CloudEvent, structured_json) {
  Event event{.number = 7,
              .id = "0192f0c1-7c3a-7b1e-8f2d-5a6b7c8d9e0f",
              .type = "job.completed",
              .tenant = "default",
              .job_id = "job",
              .pipeline = "a b/\xC3\xA4\"",
              .time = "2024-06-11T09:30:00.123Z",
              .data = "{\"rows\":{\"read\":1}}"};
  auto json = nlohmann::json::parse(cloud_event_json(event));
  EXPECT_EQ(json, nlohmann::json::parse(R"({"specversion":"1.0","id":"0192f0c1-7c3a-7b1e-8f2d-5a6b7c8d9e0f",
    "source":"/v1/pipelines/a%20b%2F%C3%A4%22","type":"job.completed","subject":"job",
    "time":"2024-06-11T09:30:00.123Z","sequence":"7","datacontenttype":"application/json",
    "data":{"rows":{"read":1}}})"));
  event.data = "no JSON";
  json = nlohmann::json::parse(cloud_event_json(event));
  EXPECT_FALSE(json.contains("data"));
}

}  // namespace
}  // namespace sluice
