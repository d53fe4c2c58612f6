// BullMQ's own Lua scripts, which are its protocol: what they do to the keys of a queue is what other
// programs that speak it expect. Taken from the npm package of one version when this program is built
// (tools/bullmq_scripts.py). Any thread.
#pragma once

#include <string>
#include <string_view>

#include "adapters/redis_connection.h"

namespace sluice {

extern const std::string_view kBullmqVersion;  // "6.7.0"
extern const std::string_view kBullmqLicence;  // the MIT licence they come under

struct BullmqScript {
  std::string_view name;
  std::size_t keys;
  std::string_view sha1, text;

  // `arguments`: the keys, as many as the script has, and what follows them. The script is known to the
  // server by its SHA-1, and sent whole where the server has forgotten it.
  Result<RedisValue> run(RedisConnection& redis, const RedisCommand& arguments) const;
  // One after the other in one go; the answers in the same order.
  Result<std::vector<RedisValue>> run_all(RedisConnection& redis,
                                          const std::vector<RedisCommand>& each) const;
};

extern const BullmqScript kBullmqAddDelayedJob, kBullmqAddLog, kBullmqAddPrioritizedJob,
    kBullmqAddStandardJob, kBullmqExtendLock, kBullmqGetCounts, kBullmqMoveJobFromActiveToWait,
    kBullmqMoveStalledJobsToWait, kBullmqMoveToActive, kBullmqMoveToDelayed, kBullmqMoveToFinished,
    kBullmqPause, kBullmqRemoveJob, kBullmqRetryJob, kBullmqUpdateJobScheduler, kBullmqUpdateProgress;

}  // namespace sluice
