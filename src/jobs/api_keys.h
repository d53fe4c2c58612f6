// API keys: "slc_" and 256 random bits. The key is shown once, where it is made; the store keeps its SHA-256.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ports/key_store.h"

namespace sluice {

struct NewKey {
  std::string tenant = "default", name, created_by;
  Role role = Role::viewer;
  std::vector<std::string> pipelines;  // only these; empty: all
  std::string expires_at;              // RFC 3339 UTC; "" : never
};
struct MadeKey {
  ApiKey key;        // as stored
  std::string text;  // what its owner sends; nobody sees it again
};

// Errors: usage (a tenant or name that cannot be one, an expiry that is no time or has passed).
Result<MadeKey> make_key(KeyStore& keys, const NewKey& wanted);

std::string digest_of_key(std::string_view text);  // hex
// May it be used now (not revoked, not expired)?
bool is_valid(const ApiKey& key, std::string_view now_rfc3339);

}  // namespace sluice
