#include "base/log.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>

#include "base/clock.h"
#include "base/utf8.h"

namespace sluice {
namespace {

std::atomic<LogLevel> least = LogLevel::info;

constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warning", "error"};

void append_escaped(std::string& out, unsigned char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  if (c >= 0x20 && c != 0x7F) {
    out += static_cast<char>(c);
    return;
  }
  out += "\\u00";
  out += kHex[c >> 4];
  out += kHex[c & 15];
}

}  // namespace

void set_log_level(LogLevel level) { least = level; }
bool is_logged(LogLevel level) { return level >= least; }

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = utf8_length(text, 0);
    if (length == 1)
      append_escaped(out, static_cast<unsigned char>(text.front()));
    else if (length == 0)
      out += "\xEF\xBF\xBD";
    else
      out += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out += '"';
}

void log(LogLevel level, std::string_view event, LogFields fields) {
  if (!is_logged(level)) return;
  std::string line = "{\"time\":\"" + now_rfc3339() + "\",\"level\":\"" +
                     std::string(kNames[static_cast<std::size_t>(level)]) +
                     "\",\"event\":" + json_string(event);
  for (const auto& [name, value] : fields)
    if (!value.empty()) line += "," + json_string(name) + ":" + json_string(value);
  line += "}\n";
  // One call, so that lines of several threads and processes do not mix; there is nobody to tell of a fault.
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace sluice
