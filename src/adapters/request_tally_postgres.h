// RequestTally in PostgreSQL, on a connection of its own.
#pragma once

#include <memory>
#include <string>

#include "ports/request_tally.h"

namespace sluice {

// The store's tables are there. Connects when it is first told something.
std::unique_ptr<RequestTally> make_request_tally_postgres(const std::string& url);

}  // namespace sluice
