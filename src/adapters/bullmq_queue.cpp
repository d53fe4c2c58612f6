#include "adapters/bullmq_queue.h"

#include <algorithm>
#include <charconv>

#include "adapters/bullmq_queue_internal.h"
#include "adapters/bullmq_scripts.h"
#include "base/clock.h"

namespace sluice {

// What the scripts answer where a job or its lock is not what it was: -1 gone, -2 no lock, -3 not active, -6
// another's lock.
static bool has_moved_on(std::int64_t code) { return code == -1 || code == -2 || code == -3 || code == -6; }

namespace bullmq {

std::int64_t now_ms() { return ms_since_1970(wall_now()); }
std::string now_text() { return std::to_string(now_ms()); }

std::string packed(const nlohmann::json& value) {
  std::string bytes;
  nlohmann::json::to_msgpack(value, bytes);
  return bytes;
}

Result<bool> done_or_moved_on(const RedisValue& answer, const char* script) {
  if (answer.kind != RedisValue::Kind::integer || answer.integer >= 0) return true;
  if (has_moved_on(answer.integer)) return false;
  return fail(ErrorKind::internal,
              "BullMQ's " + std::string(script) + " answers " + std::to_string(answer.integer));
}

}  // namespace bullmq

namespace {

using std::chrono::milliseconds;

std::string our_version() { return "bullmq:" + std::string(kBullmqVersion); }

constexpr std::string_view kScanCount = "500";

// A number as Redis or another program wrote it; none where it is not one that whole numbers hold.
std::optional<std::uint64_t> whole_number(const std::string& text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value < 0x1p63))
    return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

std::string info_field(const std::string& info, std::string_view name) {
  const std::string begin = "\n" + std::string(name) + ":";
  const std::size_t at = info.find(begin);
  if (at == std::string::npos) return {};
  const std::size_t from = at + begin.size();
  return info.substr(from, info.find_first_of("\r\n", from) - from);
}

}  // namespace

BullmqQueue::BullmqQueue(RedisUrl url, std::string name, milliseconds patience, const BullmqFinished& kept)
    : name_(std::move(name)),
      prefix_(url.prefix + ":" + name_ + ":"),
      kept_(kept),
      pool_(std::move(url), patience) {}

RedisCommand BullmqQueue::keys(std::initializer_list<std::string_view> parts) const {
  RedisCommand keys;
  for (std::string_view part : parts) keys.push_back(key(part));
  return keys;
}

Result<std::unique_ptr<BullmqQueue>> BullmqQueue::open(const RedisUrl& url, const std::string& name,
                                                       milliseconds patience, const BullmqFinished& kept) {
  std::unique_ptr<BullmqQueue> queue(new BullmqQueue(url, name, patience, kept));
  TRY(queue->check_server());
  TRY(queue->check_version());
  return queue;
}

std::unique_ptr<BullmqQueue> BullmqQueue::to_look_at(const RedisUrl& url, const std::string& name,
                                                     milliseconds patience) {
  return std::unique_ptr<BullmqQueue>(new BullmqQueue(url, name, patience, {}));
}

Result<> BullmqQueue::check_server() {
  const RedisValue answer = TRY(pool_.run([](RedisConnection& redis) { return redis.call({"INFO"}); }));
  const std::string version = info_field(answer.text, "redis_version"),
                    policy = info_field(answer.text, "maxmemory_policy");
  const bool is_old = version.starts_with("2.") || version.starts_with("3.") || version.starts_with("4.") ||
                      version.starts_with("5.") || version.starts_with("6.0");
  if (is_old)
    return fail(ErrorKind::usage, "Redis " + version + " is too old for BullMQ; it has to be 6.2 or newer.");
  if (!policy.empty() && policy != "noeviction") {
    return fail(ErrorKind::usage,
                "Redis may throw away what is queued when its memory is full (maxmemory-policy is " + policy +
                    "). Set maxmemory-policy to noeviction.");
  }
  return {};
}

Result<> BullmqQueue::check_version() {
  return pool_.run([&](RedisConnection& redis) -> Result<> {
    const std::string ours = our_version(), meta = key("meta");
    const RedisValue found = TRY(redis.call({"HGET", meta, "version"}));
    const bool is_used = TRY(redis.call({"EXISTS", key("id")})).integer != 0;
    auto major_of = [](std::string_view version) {
      version.remove_prefix(std::min(version.find(':') + 1, version.size()));
      return version.substr(0, version.find('.'));
    };
    if (found.is_nil() ? is_used : major_of(found.text) != major_of(ours)) {
      return fail(
          ErrorKind::usage,
          "The queue '" + name_ + "' was written by " +
              (found.is_nil() ? "a BullMQ that does not say its version" : "BullMQ " + found.text) +
              ", and this program speaks that of " + ours +
              ": together they would lose jobs. Let the queue run empty and remove it, or name another "
              "(?queue=NAME).");
    }
    return say_version(redis);
  });
}

Result<> BullmqQueue::say_version(RedisConnection& redis) {
  const std::string meta = key("meta");
  const RedisCommand said[] = {{"HSETNX", meta, "version", our_version()},
                               {"HSETNX", meta, "opts.maxLenEvents", "10000"}};
  const auto answers = TRY(redis.call_all(said));
  for (const RedisValue& answer : answers)
    if (answer.kind == RedisValue::Kind::error) return std::unexpected(redis_error(answer.text));
  if (answers.front().integer == 1) new_ = true;
  return {};
}

Result<bool> BullmqQueue::is_new() {
  TRY(pool_.run([&](RedisConnection& redis) { return say_version(redis); }));
  return new_.exchange(false);
}

Result<std::vector<BullmqQueue::Active>> BullmqQueue::active() {
  return pool_.run([&](RedisConnection& redis) -> Result<std::vector<Active>> {
    std::vector<Active> jobs;
    const RedisValue ids = TRY(redis.call({"LRANGE", key("active"), "0", "-1"}));
    for (const RedisValue& id : ids.items) {
      const RedisValue worker = TRY(redis.call({"HGET", key(id.text), "pb"}));
      const RedisValue token = TRY(redis.call({"GET", key(id.text + ":lock")}));
      jobs.push_back({id.text, worker.text, token.text});
    }
    return jobs;
  });
}

Result<> BullmqQueue::remove_all(const std::string& prefix) {
  return pool_.run([&](RedisConnection& redis) -> Result<> {
    std::vector<RedisCommand> each;
    auto take = [&](const std::string& id) {
      if (id.starts_with(prefix)) each.push_back({key(id), key("repeat"), id, "0", prefix_});
    };
    for (const char* set : {"prioritized", "delayed"}) {
      std::string cursor = "0";
      do {
        const RedisValue page = TRY(
            redis.call({"ZSCAN", key(set), cursor, "MATCH", prefix + "*", "COUNT", std::string(kScanCount)}));
        if (page.items.size() != 2) return fail(ErrorKind::internal, "Redis' ZSCAN answers something else");
        for (std::size_t i = 0; i < page.items[1].items.size(); i += 2) take(page.items[1].items[i].text);
        cursor = page.items[0].text;
      } while (cursor != "0");
    }
    const RedisValue waiting = TRY(redis.call({"LRANGE", key("wait"), "0", "-1"}));
    for (const RedisValue& id : waiting.items) take(id.text);
    if (!each.empty()) TRY(kBullmqRemoveJob.run_all(redis, each));
    return {};
  });
}

Result<> BullmqQueue::pause(bool paused) {
  RedisCommand arguments = paused ? keys({"wait", "paused"}) : keys({"paused", "wait"});
  for (const char* part : {"meta", "prioritized", "events", "delayed", "marker"})
    arguments.push_back(key(part));
  arguments.insert(arguments.end(), {paused ? "paused" : "resumed", "1"});
  RedisValue left;
  do {
    left = TRY(pool_.run([&](RedisConnection& redis) { return kBullmqPause.run(redis, arguments); }));
    arguments.back() = "0";
  } while (!paused && left.integer > 0);
  return {};
}

Result<BullmqCounts> BullmqQueue::counts() {
  return pool_.run([&](RedisConnection& redis) -> Result<BullmqCounts> {
    const RedisValue counted = TRY(kBullmqGetCounts.run(
        redis, {prefix_, "wait", "prioritized", "paused", "active", "delayed", "failed"}));
    if (counted.items.size() != 6)
      return fail(ErrorKind::internal, "BullMQ's getCounts answers something else");
    auto count = [&](std::size_t i) { return static_cast<std::uint64_t>(counted.items[i].integer); };
    const RedisValue paused = TRY(redis.call({"HEXISTS", key("meta"), "paused"}));
    return BullmqCounts{.waiting = count(0) + count(1) + count(2),
                        .active = count(3),
                        .delayed = count(4),
                        .failed = count(5),
                        .paused = paused.integer != 0};
  });
}

Result<std::optional<std::int64_t>> BullmqQueue::oldest_ms() {
  return pool_.run([&](RedisConnection& redis) -> Result<std::optional<std::int64_t>> {
    std::vector<std::string> ids;
    auto add = [&](const RedisValue& value) {
      if (value.kind == RedisValue::Kind::text) ids.push_back(value.text);
      if (!value.items.empty()) ids.push_back(value.items[0].text);
    };
    add(TRY(redis.call({"LINDEX", key("wait"), "-1"})));
    add(TRY(redis.call({"ZRANGE", key("prioritized"), "0", "0"})));
    const RedisValue last = TRY(redis.call({"ZRANGE", key("prioritized"), "-1", "-1", "WITHSCORES"}));
    // A score is the priority and, in its lower 32 bits, a number that rises.
    if (const auto score = last.items.size() == 2 ? whole_number(last.items[1].text) : std::nullopt) {
      const std::uint64_t priority = *score >> 32;
      add(TRY(redis.call({"ZRANGE", key("prioritized"), std::to_string(priority << 32), "+inf", "BYSCORE",
                          "LIMIT", "0", "1"})));
    }
    std::optional<std::int64_t> oldest;
    for (const std::string& id : ids) {
      const RedisValue added = TRY(redis.call({"HGET", key(id), "timestamp"}));
      const auto number = whole_number(added.text);
      if (!number) continue;
      const auto ms = static_cast<std::int64_t>(*number);
      oldest = std::min(oldest.value_or(ms), ms);
    }
    return oldest;
  });
}

Result<QueueHealth> BullmqQueue::health() {
  const BullmqCounts counted = TRY(counts());
  QueueHealth health{.name = name_,
                     .paused = counted.paused,
                     .waiting = counted.waiting,
                     .active = counted.active,
                     .delayed = counted.delayed,
                     .failed = counted.failed};
  if (auto oldest = TRY(oldest_ms()))
    health.oldest_waiting = milliseconds(std::max<std::int64_t>(bullmq::now_ms() - *oldest, 0));
  return health;
}

}  // namespace sluice
