// The log of a service: one JSON object a line on standard error, as collectors read them. Commands that run
// and end (`sluice run`) do not log: they tell. Thread-safe; a line is written whole.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

enum class LogLevel { debug, info, warning, error };
// Below this nothing is written; the standard is info.
void set_log_level(LogLevel level);
bool is_logged(LogLevel level);

// Words that mean the same everywhere: "job", "pipeline", "tenant", "request", "error".
using LogFields = std::initializer_list<std::pair<std::string_view, std::string_view>>;
void log(LogLevel level, std::string_view event, LogFields fields);

inline void log_info(std::string_view event, LogFields fields) { log(LogLevel::info, event, fields); }
inline void log_warning(std::string_view event, LogFields fields) { log(LogLevel::warning, event, fields); }
inline void log_error(std::string_view event, LogFields fields) { log(LogLevel::error, event, fields); }

// "text" as a JSON string, quotes included; what is not UTF-8 becomes U+FFFD.
std::string json_string(std::string_view text);

}  // namespace sluice
