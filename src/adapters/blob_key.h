// What a key of the BlobStore port looks like. Used by every adapter of that port; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

// A relative path of [A-Za-z0-9._-] segments joined by '/', none of them empty or beginning with a dot.
bool is_blob_key(std::string_view key);
Result<> check_blob_key(const std::string& key);

}  // namespace sluice
