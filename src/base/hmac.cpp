#include "base/hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>

namespace sluice {

Digest hmac_sha256(std::string_view key, std::string_view text) {
  Digest digest{};
  unsigned size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  // Fails only where memory is at its end.
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, text.size(), digest.data(),
           &size) == nullptr)
    std::abort();
  return digest;
}

}  // namespace sluice
