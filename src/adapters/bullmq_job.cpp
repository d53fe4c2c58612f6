#include "adapters/bullmq_job.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using Json = nlohmann::json;

// BullMQ's clock counts in doubles; beyond this nothing is a moment.
constexpr double kMostMs = 1e15;

double option_number(const Json& object, const char* name, double otherwise) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<double>() : otherwise;
}

std::string option_text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::int64_t> option_moment(const Json& object, const char* name) {
  const double number = option_number(object, name, -1);
  if (!(number >= 0 && number < kMostMs)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::uint32_t count_of(const std::string& text) {
  std::uint32_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

// The wait before the try after `made` ones, as BullMQ's two built-in strategies have it; none: another
// strategy, which is a function of somebody else's program.
std::optional<milliseconds> backoff_delay(const Json& backoff, std::uint32_t made, double random) {
  double delay = 0, jitter = 0;
  if (backoff.is_number()) {
    delay = backoff.get<double>();
  } else if (backoff.is_object()) {
    const std::string type = option_text(backoff, "type");
    delay = option_number(backoff, "delay", 0);
    jitter = std::clamp(option_number(backoff, "jitter", 0), 0.0, 1.0);
    if (type == "exponential")
      delay *= std::pow(2.0, made - 1);
    else if (type != "fixed")
      return std::nullopt;
  }
  delay = delay * (1 - jitter) + delay * jitter * random;
  return milliseconds(static_cast<std::int64_t>(std::clamp(delay, 0.0, kMostMs)));
}

}  // namespace

std::string BullmqJob::field(const std::string& field_name) const {
  const auto found = fields.find(field_name);
  return found == fields.end() ? std::string() : found->second;
}

Json bullmq_options(const BullmqJob& job) {
  Json options = Json::parse(job.field("opts"), nullptr, false);
  return options.is_object() ? options : Json::object();
}

std::optional<BullmqNextTry> bullmq_next_try(const BullmqJob& job, double random) {
  const Json options = bullmq_options(job);
  const std::uint32_t made = count_of(job.field("atm")) + 1;
  if (made >= option_number(options, "attempts", 0)) return std::nullopt;
  const auto backoff = options.find("backoff");
  const auto delay = backoff_delay(backoff == options.end() ? Json() : *backoff, made, random);
  if (!delay) return std::nullopt;
  const auto lifo = options.find("lifo");
  return BullmqNextTry{*delay, lifo != options.end() && *lifo == true};
}

Json bullmq_keep(const BullmqJob& job, const char* option, const BullmqRetention& otherwise) {
  const Json options = bullmq_options(job);
  const auto own = options.find(option);
  if (own != options.end()) {
    if (own->is_object()) return *own;
    if (own->is_number()) return {{"count", *own}};
    if (own->is_boolean()) return {{"count", own->get<bool>() ? 0 : -1}};
  }
  Json keep{{"count", otherwise.count}};
  if (otherwise.age.count() > 0) keep["age"] = otherwise.age.count();
  return keep;
}

Result<std::optional<BullmqIteration>> bullmq_next_iteration(const BullmqJob& job, std::int64_t now_ms,
                                                             BullmqCron cron) {
  const std::string scheduler = job.field("rjk");
  Json options = bullmq_options(job);
  if (scheduler.empty() || !options["repeat"].is_object()) return std::nullopt;
  Json& repeat = options["repeat"];
  const double count = option_number(repeat, "count", 0) + 1;
  if (count > option_number(repeat, "limit", count)) return std::nullopt;
  if (const auto end = option_moment(repeat, "endDate"); end && now_ms > *end) return std::nullopt;
  BullmqIteration next{.scheduler = scheduler, .next_ms = std::nullopt, .options = {}};
  if (const std::string pattern = option_text(repeat, "pattern"); !pattern.empty()) {
    std::int64_t after = std::max(now_ms, option_moment(options, "prevMillis").value_or(0));
    after = std::max(after, option_moment(repeat, "startDate").value_or(0));
    const auto when = TRY(cron(pattern, option_text(repeat, "tz"), WallTime(milliseconds(after))));
    if (!when) return std::nullopt;
    next.next_ms = ms_since_1970(*when);
    options["prevMillis"] = *next.next_ms;
    options["jobId"] = "repeat:" + scheduler + ":" + std::to_string(*next.next_ms);
    options["delay"] = std::max<std::int64_t>(*next.next_ms - now_ms, 0);
  } else if (!repeat.contains("every")) {
    return std::nullopt;
  }
  repeat.erase("immediately");
  repeat["count"] = count;
  options["timestamp"] = now_ms;
  options["repeatJobKey"] = scheduler;
  Json::to_msgpack(options, next.options);
  return next;
}

}  // namespace sluice
