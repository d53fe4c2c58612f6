#include "jobs/named_blob.h"

#include "jobs/upload_keys.h"

namespace sluice {

Result<> check_named_blob(const std::string& tenant, const std::string& key) {
  if (is_own_key(key))
    return fail(ErrorKind::usage, "what is below '" + key.substr(0, key.find('/') + 1) +
                                      "' are uploads on their way; name a file in a folder of your own.");
  if (tenant != "default" && !key.starts_with(tenant + "/"))
    return fail(ErrorKind::usage, "files of the tenant " + tenant + " lie below " + tenant + "/.");
  return {};
}

}  // namespace sluice
