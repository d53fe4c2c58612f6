// SHA-256 of many short texts, which is what a table's rows are: several at once. One digest is a chain of
// rounds that wait for one another; beside it a processor with the SHA extension has room for a second.
// The same digests as Sha256. Any thread.
#pragma once

#include <span>
#include <string_view>

#include "base/sha256.h"

namespace sluice {

struct TextToHash {
  std::string_view text;
  Digest* digest = nullptr;  // where it is put
};

void hash_many(std::span<const TextToHash> texts);

}  // namespace sluice
