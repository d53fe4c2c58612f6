// {"blob":"file:inbox/people.csv"}, {"blob":"s3://bucket/inbox/people.csv"}: a file that lies in the blob
// store already, named by a URL. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

// The URL in a JSON body of that one member; none where the body is something else: then it is a file.
std::optional<std::string> blob_reference(std::string_view json);

// The key of what `url` names, where `place` is the blob store's URL (setting `blobs`). Paths are taken from
// that place on, or whole ("file:///srv/sluice/blobs/inbox/people.csv"); those of S3 only whole. Errors
// (usage): another scheme, a file elsewhere, what uploads keep there, what is not below the tenant's folder.
Result<std::string> blob_key_of_reference(const std::string& url, const std::string& place,
                                          const std::string& tenant);

}  // namespace sluice
