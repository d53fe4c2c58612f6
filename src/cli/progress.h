// ProgressDisplay: tells people on standard error how far a file is: a bar that is redrawn where that is a
// terminal, a plain line every ten seconds where it is not. Updates come from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace sluice {

enum class ProgressStyle : std::uint8_t { none, lines, bar };
ProgressStyle progress_style(bool quiet);  // by what standard error is

struct ProgressState {
  std::string name, phase;
  std::uint64_t bytes_total = 0;  // 0: unknown
  std::uint64_t bytes = 0, rows = 0, rejected = 0;
};
// What is shown of it, `seconds` after the phase began: one line without its end.
std::string progress_text(ProgressStyle style, const ProgressState& state, double seconds);

class ProgressDisplay {
 public:
  ProgressDisplay(ProgressStyle style, std::string name, std::uint64_t bytes_total);  // 0: unknown
  ~ProgressDisplay();

  void phase(const char* what);        // "looking at", "loading": bytes begin again; a static text
  void say(const std::string& lines);  // on standard error, where the bar stood; it is drawn again below
  void add_bytes(std::uint64_t bytes) { bytes_ += bytes; }
  void rows(std::uint64_t read, std::uint64_t rejected) {
    rows_ = read;
    rejected_ = rejected;
  }

 private:
  void show();
  void erase();

  const ProgressStyle style_;
  const std::string name_;
  const std::uint64_t bytes_total_;
  std::atomic<const char*> phase_{"reading"};
  std::atomic<std::uint64_t> bytes_{0}, rows_{0}, rejected_{0};
  std::atomic<std::int64_t> phase_began_;
  std::mutex terminal_;  // one at a time writes to standard error
  bool drawn_ = false;   // under terminal_: a bar stands on the last line
  std::jthread thread_;
};

}  // namespace sluice
