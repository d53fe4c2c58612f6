// Working on jobs: taking them, keeping them, and saying how they ended.
#include <algorithm>
#include <random>

#include "adapters/bullmq_queue.h"
#include "adapters/bullmq_queue_internal.h"
#include "adapters/bullmq_scripts.h"
#include "base/clock.h"

namespace sluice {

namespace {

using bullmq::done_or_moved_on;
using bullmq::now_text;
using bullmq::packed;
using std::chrono::milliseconds;
using Json = nlohmann::json;

// The store counts attempts; a message that comes a thousand times is still only a hint.
constexpr std::int64_t kMostStalls = 1'000'000'000;
// In front of what a blocking command waits for.
constexpr milliseconds kShortestWait{1};

Json lock_options(const std::string& token, milliseconds lock) {
  return {{"token", token}, {"lockDuration", lock.count()}};
}

// Of the job's hash, as the scripts take them.
std::string failure_fields(const std::string& reason) {
  // What a reason quotes may be cut in the middle of a character.
  const std::string trace = Json::array({reason}).dump(-1, ' ', false, Json::error_handler_t::replace);
  return packed({"failedReason", reason, "stacktrace", trace});
}

}  // namespace

Result<BullmqNext> BullmqQueue::fetch(const std::string& token, const std::string& worker,
                                      milliseconds lock) {
  RedisCommand arguments = keys({"wait", "active", "prioritized", "events", "stalled", "limiter", "delayed",
                                 "paused", "meta", "pc", "marker"});
  Json options = lock_options(token, lock);
  options["name"] = worker;
  arguments.insert(arguments.end(), {prefix_, now_text(), packed(options)});
  const RedisValue answer =
      TRY(pool_.run([&](RedisConnection& redis) { return kBullmqMoveToActive.run(redis, arguments); }));
  if (answer.items.size() < 4)
    return fail(ErrorKind::internal, "BullMQ's moveToActive answers something else");
  BullmqNext next;
  const RedisValue& fields = answer.items[0];
  if (fields.kind == RedisValue::Kind::list) {
    BullmqJob job;
    job.id = answer.items[1].text;
    for (std::size_t i = 0; i + 1 < fields.items.size(); i += 2)
      job.fields[fields.items[i].text] = fields.items[i + 1].text;
    job.name = job.fields["name"];
    job.data = job.fields["data"];
    next.job = std::move(job);
  } else if (answer.items[3].integer > 0) {
    next.delayed_until_ms = answer.items[3].integer;
  }
  return next;
}

Result<std::optional<BullmqJob>> BullmqQueue::next(const std::string& token, const std::string& worker,
                                                   milliseconds lock, milliseconds stalled_interval,
                                                   std::chrono::steady_clock::time_point until,
                                                   std::stop_token stop) {
  while (!stop.stop_requested()) {
    TRY(recover_stalled(stalled_interval));
    BullmqNext found = TRY(fetch(token, worker, lock));
    if (found.job) return std::move(found.job);
    milliseconds pause =
        std::min(std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now()), stalled_interval);
    if (pause <= milliseconds(0)) break;
    if (found.delayed_until_ms)
      pause = std::min(pause, milliseconds(*found.delayed_until_ms - bullmq::now_ms()));
    TRY(wait(pause, stop));
  }
  return std::nullopt;
}

Result<> BullmqQueue::wait(milliseconds time, std::stop_token stop) {
  time = std::max(time, kShortestWait);
  const std::string seconds = std::to_string(static_cast<double>(time.count()) / 1000);
  auto loan = TRY(pool_.lend());
  auto popped = loan->call({"BZPOPMIN", key("marker"), seconds}, time, stop);
  if (!popped && popped.error().kind != ErrorKind::cancelled)
    return std::unexpected(std::move(popped).error());
  return {};
}

Result<bool> BullmqQueue::extend_lock(const std::string& id, const std::string& token, milliseconds lock) {
  const RedisCommand arguments{key(id + ":lock"), key("stalled"), token, std::to_string(lock.count()), id};
  const RedisValue answer =
      TRY(pool_.run([&](RedisConnection& redis) { return kBullmqExtendLock.run(redis, arguments); }));
  return answer.integer == 1;
}

Result<bool> BullmqQueue::finish(const BullmqJob& job, const std::string& token, Ending ending,
                                 const std::string& value) {
  const bool done = ending == Ending::completed;
  const std::string state = done ? "completed" : "failed", metrics = "metrics:" + state;
  RedisCommand arguments = keys({"wait", "active", "prioritized", "events", "stalled", "limiter", "delayed",
                                 "paused", "meta", "pc", state, job.id, metrics, "marker"});
  const Json own = bullmq_options(job);
  auto is_set = [&](const char* name) { return own.value(name, Json()) == true; };
  Json options = lock_options(token, milliseconds(0));
  options.update({{"keepJobs", bullmq_keep(job, done ? "removeOnComplete" : "removeOnFail",
                                           done ? kept_.completed : kept_.failed)},
                  {"attempts", own.value("attempts", Json(0))},
                  {"maxMetricsSize", kept_.metric_minutes > 0 ? Json(kept_.metric_minutes) : Json("")},
                  {"fpof", is_set("fpof")},
                  {"cpof", is_set("cpof")},
                  {"idof", is_set("idof")},
                  {"rdof", is_set("rdof")}});
  arguments.insert(arguments.end(),
                   {job.id, now_text(), done ? "returnvalue" : "failedReason", value, state, "0", prefix_,
                    packed(options), done ? std::string() : failure_fields(value)});
  const RedisValue answer =
      TRY(pool_.run([&](RedisConnection& redis) { return kBullmqMoveToFinished.run(redis, arguments); }));
  return done_or_moved_on(answer, "moveToFinished");
}

Result<bool> BullmqQueue::complete(const BullmqJob& job, const std::string& token, const std::string& value) {
  return finish(job, token, Ending::completed, value);
}

Result<bool> BullmqQueue::fail_attempt(const BullmqJob& job, const std::string& token,
                                       const std::string& reason, LastTry last) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const double share = std::uniform_real_distribution<double>(0, 1)(random);
  const auto next = last == LastTry::yes ? std::nullopt : bullmq_next_try(job, share);
  if (!next) return finish(job, token, Ending::failed, reason);
  if (next->delay.count() > 0) return delay(job.id, token, next->delay, reason);
  RedisCommand arguments = keys({"active", "wait", "paused", job.id, "meta", "events", "delayed",
                                 "prioritized", "pc", "marker", "stalled"});
  arguments.insert(arguments.end(), {prefix_, now_text(), next->in_front ? "RPUSH" : "LPUSH", job.id, token,
                                     failure_fields(reason)});
  const RedisValue answer =
      TRY(pool_.run([&](RedisConnection& redis) { return kBullmqRetryJob.run(redis, arguments); }));
  return done_or_moved_on(answer, "retryJob");
}

Result<bool> BullmqQueue::put_back(const std::string& id, const std::string& token, milliseconds delay) {
  return this->delay(id, token, delay, {});
}

Result<bool> BullmqQueue::delay(const std::string& id, const std::string& token, milliseconds delay,
                                const std::string& failure) {
  RedisCommand arguments = keys({"marker", "active", "prioritized", "delayed", id, "events", "meta",
                                 "stalled", "wait", "limiter", "pc"});
  arguments.insert(arguments.end(),
                   {prefix_, now_text(), id, token, std::to_string(delay.count()),
                    failure.empty() ? "1" : "0",  // no attempt is counted where nothing failed
                    failure.empty() ? std::string() : failure_fields(failure), "0", ""});
  const RedisValue answer =
      TRY(pool_.run([&](RedisConnection& redis) { return kBullmqMoveToDelayed.run(redis, arguments); }));
  return done_or_moved_on(answer, "moveToDelayed");
}

Result<> BullmqQueue::recover_stalled(milliseconds interval) {
  RedisCommand arguments =
      keys({"stalled", "wait", "active", "stalled-check", "meta", "paused", "marker", "events", "repeat"});
  arguments.insert(arguments.end(),
                   {std::to_string(kMostStalls), prefix_, now_text(), std::to_string(interval.count())});
  TRY(pool_.run([&](RedisConnection& redis) { return kBullmqMoveStalledJobsToWait.run(redis, arguments); }));
  return {};
}

Result<> BullmqQueue::give_back(const Active& job) {
  RedisCommand arguments =
      keys({"active", "wait", "stalled", "paused", "meta", "limiter", "prioritized", "marker", "events"});
  arguments.insert(arguments.end(), {job.id, job.token, key(job.id)});
  return pool_.run([&](RedisConnection& redis) -> Result<> {
    TRY(kBullmqMoveJobFromActiveToWait.run(redis, arguments));
    // The script wakes nobody for a job that has a priority.
    if (TRY(redis.call({"HEXISTS", key("meta"), "paused"})).integer == 0)
      TRY(redis.call({"ZADD", key("marker"), "0", "0"}));
    return {};
  });
}

Result<> BullmqQueue::give_back_of(const std::function<bool(const std::string& worker)>& is_dead) {
  const auto jobs = TRY(active());
  for (const Active& job : jobs)
    if (!job.token.empty() && is_dead(job.worker)) TRY(give_back(job));
  return {};
}

Result<> BullmqQueue::schedule_next(const BullmqJob& job, BullmqCron cron) {
  const auto next = TRY(bullmq_next_iteration(job, bullmq::now_ms(), cron));
  if (!next) return {};
  RedisCommand arguments = keys({"repeat", "delayed", "wait", "paused", "meta", "prioritized", "marker", "id",
                                 "events", "pc", job.id, "active"});
  arguments.insert(arguments.end(), {next->next_ms ? std::to_string(*next->next_ms) : std::string(),
                                     next->scheduler, job.data, next->options, now_text(), prefix_, job.id});
  TRY(pool_.run([&](RedisConnection& redis) { return kBullmqUpdateJobScheduler.run(redis, arguments); }));
  return {};
}

Result<> BullmqQueue::set_progress(const BullmqJob& job, const std::string& json) {
  RedisCommand arguments = keys({job.id, "events", "meta"});
  arguments.insert(arguments.end(), {job.id, json});
  TRY(pool_.run([&](RedisConnection& redis) { return kBullmqUpdateProgress.run(redis, arguments); }));
  return {};
}

Result<> BullmqQueue::log(const BullmqJob& job, const std::string& line) {
  const auto keep = bullmq_options(job).value("kl", Json());  // BullMQ's keepLogs
  RedisCommand arguments = keys({job.id, job.id + ":logs"});
  arguments.insert(arguments.end(), {job.id, line, keep.is_number_integer() ? keep.dump() : std::string()});
  TRY(pool_.run([&](RedisConnection& redis) { return kBullmqAddLog.run(redis, arguments); }));
  return {};
}

Result<> BullmqQueue::note(const std::string& id, const std::string& field, const std::string& value) {
  TRY(pool_.run([&](RedisConnection& redis) {
    return value.empty() ? redis.call({"HDEL", key(id), field}) : redis.call({"HSET", key(id), field, value});
  }));
  return {};
}

}  // namespace sluice
