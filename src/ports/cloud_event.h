// An event as others see it: CloudEvents 1.0 in structured JSON, for clients that stay connected and for
// webhooks alike. id, source (the pipeline), type, subject (the job), time, data; the event's number is the
// extension attribute `sequence`.
#pragma once

#include <string>

#include "ports/event_log.h"

namespace sluice {

std::string cloud_event_json(const Event& event);

}  // namespace sluice
