// What `sluice push` is told: its options, and what they come to. Values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "cli/push_target.h"
#include "cli/push_writer.h"
#include "cli/run_options.h"

namespace sluice {

struct PushOptions {
  RunOptions reading;
  std::string to, journal, batch_bytes = "1MiB", patience = "5m", unanswered;
  std::optional<std::string> wrap;
  PushColumns columns;
  std::uint64_t batch_rows = 1000;
  unsigned connections = 4;
  bool restart = false;
};
void add_push_options(CLI::App& command, PushOptions& options);

// What becomes of batches that were sent long ago and had no answer; --unanswered says it.
enum class Unanswered : std::uint8_t { ask, send, taken };

struct PushSettings {
  RunSettings run;  // its memory plan leaves room for `bodies_bytes`
  PushTarget target;
  PushBatching batching;
  std::uint64_t bodies_bytes = 0;  // of batches that are on their way, or wait for a connection
  std::chrono::milliseconds patience{0};
  Unanswered unanswered = Unanswered::ask;
};
// Usage errors: an option that cannot be meant, or batches that do not fit into the memory.
Result<PushSettings> push_settings(const PushOptions& options);

}  // namespace sluice
