#include "server/submission_options.h"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/nearest.h"
#include "jobs/file_name.h"
#include "jobs/find_pipeline.h"
#include "jobs/submit_job.h"
#include "server/asked.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMetadataBytes = 64 * 1024;
constexpr std::chrono::milliseconds kLongestDelay = 24h * 365;

using Value = const std::string&;

Result<> set_pipeline(SubmissionOptions& options, Value value, WallTime) {
  if (!value.empty()) TRY(check_pipeline_word(value));
  options.pipeline = value;
  return {};
}

Result<> set_file_name(SubmissionOptions& options, Value value, WallTime) {
  options.file_name = clean_file_name(value);
  return {};
}

Result<> set_metadata(SubmissionOptions& options, Value value, WallTime) {
  options.metadata.clear();
  if (value.find_first_not_of(" \t\r\n") == std::string::npos) return {};
  auto json = nlohmann::ordered_json::parse(value, nullptr, false);
  if (!json.is_object())
    return fail(ErrorKind::usage,
                R"(metadata has to be a JSON object, as in {"source": "billing", "batch": 7}.)");
  options.metadata = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  if (options.metadata.size() <= kMetadataBytes) return {};
  return fail(ErrorKind::usage, "metadata is longer than " + std::to_string(kMetadataBytes) + " bytes.");
}

Result<> set_priority(SubmissionOptions& options, Value value, WallTime) {
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), options.priority);
  if (error == std::errc() && end == value.data() + value.size() && options.priority <= kMostPriority &&
      options.priority >= -kMostPriority)
    return {};
  return fail(ErrorKind::usage, std::string("priority has to be ") + kPriorityRule);
}

Result<> set_delay(SubmissionOptions& options, Value value, WallTime now) {
  options.not_before_ms = ms_since_1970(now + TRY(parse_delay(value)));
  return {};
}

Result<> set_run_at(SubmissionOptions& options, Value value, WallTime now) {
  const auto at = parse_rfc3339(value);
  if (!at)
    return fail(
        ErrorKind::usage,
        "runAt has to be a time with its offset, as in 2026-03-01T06:00:00Z or 2026-03-01T08:00:00+02:00.");
  if (*at - now > kLongestDelay) return fail(ErrorKind::usage, "runAt is more than a year away.");
  options.not_before_ms = ms_since_1970(*at);
  return {};
}

struct Option {
  std::string_view name, header;
  Result<> (*set)(SubmissionOptions& options, Value value, WallTime now);
};
constexpr std::array kOptions = {
    Option{"pipeline", "Sluice-Pipeline", set_pipeline},
    Option{"fileName", "Sluice-File-Name", set_file_name},
    Option{"metadata", "Sluice-Metadata", set_metadata},
    Option{"priority", "Sluice-Priority", set_priority},
    Option{"delay", "Sluice-Delay", set_delay},
    Option{"runAt", "Sluice-Run-At", set_run_at},
};

}  // namespace

Result<> set_option(SubmissionOptions& options, std::string_view name, const std::string& value,
                    WallTime now) {
  std::vector<std::string_view> known;
  for (const Option& option : kOptions) {
    if (option.name == name) return option.set(options, value, now);
    known.push_back(option.name);
  }
  return fail(ErrorKind::usage, "there is no option '" + clean_file_name(name.substr(0, 100)) +
                                    "': " + suggest_known(name, known));
}

Result<SubmissionOptions> options_of(const Request& request, WallTime now) {
  SubmissionOptions options;
  for (const Option& option : kOptions)
    if (request.headers.has(option.header))
      TRY(option.set(options, std::string(request.headers.get(option.header)), now));
  if (request.query.contains("delay") && request.query.contains("runAt"))
    return fail(ErrorKind::usage, "delay and runAt both say when; give one of them.");
  for (const auto& [name, value] : request.query) TRY(set_option(options, name, value, now));
  return options;
}

Result<std::chrono::milliseconds> parse_delay(const std::string& text) {
  std::int64_t number = -1;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, text.data() + text.size());
  constexpr std::pair<std::string_view, std::chrono::milliseconds> kUnits[] = {
      {"ms", 1ms}, {"s", 1s}, {"m", 1min}, {"h", 1h}, {"d", 24h}};
  for (const auto& [name, length] : kUnits)
    if (error == std::errc() && unit == name && number >= 0 && number <= kLongestDelay / length)
      return number * length;
  return fail(ErrorKind::usage,
              "delay has to be a number and a unit, as in 500ms, 90s, 5m, 2h or 1d, and at "
              "most a year.");
}

}  // namespace sluice
