// hash_beside: bytes that are hashed while they are written. Each takes about as long as the other, so that a
// large upload is done in little more than half the time. Any thread.
#pragma once

#include <future>
#include <string_view>

#include "base/result.h"
#include "base/sha256.h"

namespace sluice {

// So much is worth a thread.
inline constexpr std::size_t kHashBesideBytes = 128u << 10;

// `write` writes `bytes`. Where it fails, the digest is as it was.
template <class Write>
Result<> hash_beside(Sha256& digest, std::string_view bytes, Write write) {
  if (bytes.size() < kHashBesideBytes) {
    TRY(write());
    digest.update(bytes);
    return {};
  }
  Sha256 longer = digest;
  // Where the system has no thread left, the library hashes in get().
  std::future<void> hashed = std::async([&] { longer.update(bytes); });
  Result<> written = write();
  hashed.get();
  if (written) digest = longer;
  return written;
}

}  // namespace sluice
