// Webhooks of a pipeline: who is told what happens to its jobs. Secrets stay out of everything that is stored
// or shown: a url and a secret are kept as they were written, ${NAME} and all, and are replaced on the node
// that sends, at the moment it does. Free functions, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace sluice {

struct WebhookSpec {
  std::string url;                  // as written
  std::vector<std::string> events;  // types: "job.completed"
  std::string secret;               // as written: one reference, ${NAME} or ${file:PATH}; "" : not signed
};

// Those that a job's plan (JSON) has frozen, by their numbers from 0; of a job that is still to be planned,
// too. Empty for a plan without webhooks.
std::vector<WebhookSpec> webhooks_in_plan(std::string_view plan);

nlohmann::ordered_json to_json(const WebhookSpec& webhook);
std::string webhooks_yaml(const std::vector<WebhookSpec>& webhooks);  // "webhooks:\n  - …"; "" for none

}  // namespace sluice
