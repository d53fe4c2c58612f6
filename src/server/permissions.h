// What a role may do: the one place. The transport asks before a route's handler runs, and no handler asks
// again.
#pragma once

#include <cstdint>
#include <string_view>

#include "ports/key_store.h"

namespace sluice {

enum class Permission : std::uint8_t {
  open,        // everybody, without a key: /healthz, /readyz, /openapi.json, /docs, the page's own files
  read,        // jobs, outcomes, rejects without their rows' values, events, statistics
  read_data,   // stored rows, rejected rows and their values, reports
  submit,      // uploads, batches, resubmissions; cancelling what one submitted
  operate,     // cancel, retry, queues, schedules, pipelines, aggregates, states by hand, deleting jobs
  administer,  // keys, audit log, configuration, deleting rows
};

std::string_view name_of(Permission permission);  // "submit"

// viewer: read. uploader: read, read_data, submit. operator: those and operate. admin: all.
bool allows(Role role, Permission permission);

}  // namespace sluice
