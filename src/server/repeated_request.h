// Requests that steer (retry, replay) sent again under their Idempotency-Key: they are answered, and nothing
// is done a second time. Each of them is noted in the audit log, which is where the first time is found. Any
// thread.
#pragma once

#include <optional>
#include <string>

#include "server/api.h"
#include "server/api_json.h"

namespace sluice {

// The answer of the first time as it was noted; none where there is no key, or where it is new: then the
// request is to be carried out, and noted with the members of `key_detail`. 422 where the key was sent with
// another request. Keys are a caller's own, and known for its last thousand requests of this kind.
Result<std::optional<Json>> answered_before(Api& api, const Request& request, const std::string& action,
                                            const std::string& subject);
// `detail` of the audit entry, with the key and the answer to be given again.
Json key_detail(const Request& request, Json detail, const Json& answer);

}  // namespace sluice
