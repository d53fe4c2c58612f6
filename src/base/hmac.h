// HMAC-SHA256 (RFC 2104) by OpenSSL: signatures of webhooks. Any thread.
#pragma once

#include <string_view>

#include "base/sha256.h"

namespace sluice {

Digest hmac_sha256(std::string_view key, std::string_view text);

}  // namespace sluice
