// Openers that keep what was read, so that detecting, planning and running need not fetch it again.
// Made by whoever starts a job; any thread may open, each source is one thread's.
#pragma once

#include <cstddef>
#include <memory>

#include "ports/byte_source.h"

namespace sluice {

// Inputs up to this size are worth keeping in memory while they are looked at.
inline constexpr std::size_t kSmallInputBytes = 8 << 20;

// Reads the input once, at the first open, and answers from memory. Where it turns out to be larger than
// `most_bytes`, nothing is kept and every open goes to `inner`.
Opener in_memory_opener(Opener inner, std::size_t most_bytes = kSmallInputBytes);

// An input that can be read only once (a pipe), opened as often as is needed to find out how to read it: its
// first `replay_bytes` are kept, and while nobody has read beyond them it can be opened again. After that
// opening it fails.
inline constexpr std::size_t kReplayBytes = 4 << 20;
Opener replaying_opener(std::unique_ptr<ByteSource> once, std::size_t replay_bytes = kReplayBytes);

}  // namespace sluice
