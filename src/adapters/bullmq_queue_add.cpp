// Putting jobs in.
#include "adapters/bullmq_queue.h"
#include "adapters/bullmq_queue_internal.h"
#include "adapters/bullmq_scripts.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

const BullmqScript& script_for(const BullmqNewJob& job) {
  if (job.delay.count() > 0) return kBullmqAddDelayedJob;
  return job.priority > 0 ? kBullmqAddPrioritizedJob : kBullmqAddStandardJob;
}

}  // namespace

RedisCommand BullmqQueue::keys_to_add(const BullmqNewJob& job) const {
  if (job.delay.count() > 0) return keys({"marker", "meta", "id", "delayed", "completed", "events"});
  if (job.priority > 0)
    return keys({"marker", "meta", "id", "prioritized", "delayed", "completed", "active", "events", "pc"});
  return keys({"wait", "paused", "meta", "id", "completed", "delayed", "active", "events", "marker"});
}

Result<RedisCommand> BullmqQueue::arguments_to_add(const BullmqNewJob& job) const {
  Json options = Json::parse(job.options, nullptr, false);
  if (!options.is_object())
    return fail(ErrorKind::internal, "the options of a job of BullMQ's are no JSON object");
  if (!job.id.empty()) options["jobId"] = job.id;
  if (job.priority > 0) options["priority"] = job.priority;
  if (job.delay.count() > 0) options["delay"] = job.delay.count();
  Json deduplication;  // null: none
  if (const auto found = options.find("de"); found != options.end() && found->contains("id"))
    deduplication = key("de:" + (*found)["id"].get<std::string>());
  RedisCommand arguments = keys_to_add(job);
  arguments.push_back(bullmq::packed({prefix_, job.id, job.name, bullmq::now_ms(), nullptr, nullptr, nullptr,
                                      nullptr, deduplication, nullptr}));
  arguments.push_back(job.data);
  arguments.push_back(bullmq::packed(options));
  return arguments;
}

Result<std::vector<std::string>> BullmqQueue::add(std::span<const BullmqNewJob> jobs) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < jobs.size();) {
    // Those of one kind in one go; the next kind after them, so that the order stays.
    const BullmqScript& script = script_for(jobs[i]);
    std::vector<RedisCommand> each;
    for (; i < jobs.size() && &script_for(jobs[i]) == &script; ++i)
      each.push_back(TRY(arguments_to_add(jobs[i])));
    auto put_in = [&](RedisConnection& redis) -> Result<std::vector<RedisValue>> {
      TRY(say_version(redis));  // before there is a job: a queue without a version is taken for another's
      return script.run_all(redis, each);
    };
    auto answers = TRY(pool_.run(put_in));
    for (RedisValue& answer : answers)
      ids.push_back(answer.kind == RedisValue::Kind::integer ? std::to_string(answer.integer)
                                                             : std::move(answer.text));
  }
  return ids;
}

}  // namespace sluice
