#include "cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/size_text.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kRedraw = 100ms;
constexpr auto kLineEvery = 10s;
constexpr int kBarCells = 20;

std::string bar(double share) {
  int filled = std::clamp(static_cast<int>(std::lround(share * kBarCells)), 0, kBarCells);
  std::string text;
  for (int i = 0; i < kBarCells; ++i) text += i < filled ? "█" : "░";
  return text;
}

std::string duration_text(double seconds) {
  auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

std::size_t terminal_columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// Cut to what fits one line of the terminal; every character of ours is one column wide.
std::string fit(const std::string& text, std::size_t columns) {
  std::size_t seen = 0, at = 0;
  for (; at < text.size(); ++at)
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80 && seen++ == columns) break;
  return text.substr(0, at);
}

}  // namespace

ProgressStyle progress_style(bool quiet) {
  if (quiet) return ProgressStyle::none;
  return isatty(STDERR_FILENO) ? ProgressStyle::bar : ProgressStyle::lines;
}

std::string progress_text(ProgressStyle style, const ProgressState& state, double seconds) {
  const double per_second = seconds > 0 ? 1 / seconds : 0;
  auto rate = [&](std::uint64_t count) {
    return static_cast<std::uint64_t>(static_cast<double>(count) * per_second);
  };
  std::string text = state.name + ": " + state.phase;
  if (state.bytes_total != 0) {
    // Planning may read the file several times: every pass begins at 0 again.
    const std::uint64_t of_pass = state.bytes == 0 ? 0 : (state.bytes - 1) % state.bytes_total + 1;
    const double share = static_cast<double>(of_pass) / static_cast<double>(state.bytes_total);
    text += " " + (style == ProgressStyle::bar ? bar(share) + " " : "") +
            std::to_string(static_cast<int>(share * 100)) + "%";
    if (share > 0.01 && share < 1)
      text += ", " +
              duration_text(seconds * static_cast<double>(state.bytes_total - of_pass) /
                            static_cast<double>(state.bytes)) +
              " left";
  }
  text += ", " + size_text(rate(state.bytes)) + "/s";
  if (state.rows != 0)
    text += ", " + count_text(state.rows) + " rows (" + count_text(rate(state.rows)) + "/s)";
  if (state.rejected != 0) text += ", " + count_text(state.rejected) + " rejected";
  return text;
}

ProgressDisplay::ProgressDisplay(ProgressStyle style, std::string name, std::uint64_t bytes_total)
    : style_(style), name_(std::move(name)), bytes_total_(bytes_total) {
  phase_began_ = Clock::now().time_since_epoch().count();
  if (style_ == ProgressStyle::none) return;
  thread_ = std::jthread([this](std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    auto every = style_ == ProgressStyle::bar ? Clock::duration(kRedraw) : Clock::duration(kLineEvery);
    while (!wake.wait_for(lock, stop, every, [] { return false; }) && !stop.stop_requested()) show();
  });
}

ProgressDisplay::~ProgressDisplay() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  erase();
}

void ProgressDisplay::erase() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

void ProgressDisplay::say(const std::string& lines) {
  std::lock_guard lock(terminal_);
  erase();
  std::fputs(lines.c_str(), stderr);
}

void ProgressDisplay::phase(const char* what) {
  bytes_ = 0;
  phase_began_ = Clock::now().time_since_epoch().count();
  phase_ = what;
}

void ProgressDisplay::show() {
  double seconds =
      std::chrono::duration<double>(Clock::now().time_since_epoch() - Clock::duration(phase_began_.load()))
          .count();
  std::string text =
      progress_text(style_, {name_, phase_.load(), bytes_total_, bytes_, rows_, rejected_}, seconds);
  std::lock_guard lock(terminal_);
  drawn_ = style_ == ProgressStyle::bar;
  if (drawn_)
    std::fprintf(stderr, "\r%s\x1b[K", fit(text, terminal_columns() - 1).c_str());
  else
    std::fprintf(stderr, "%s\n", text.c_str());
  std::fflush(stderr);
}

}  // namespace sluice
