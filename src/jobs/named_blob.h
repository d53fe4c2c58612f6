// Which files of the blob store a tenant may name, in {"blob": …} and in schedules. Any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace sluice {

// What the service keeps for itself is nobody's to name, and tenants other than `default` have a folder each.
// `key` has no "." and ".." in it. The error (usage) is a sentence that goes after the name of the member.
Result<> check_named_blob(const std::string& tenant, const std::string& key);

}  // namespace sluice
