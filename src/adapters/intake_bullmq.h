// Intake on Redis: a queue of BullMQ's, to which programs on Node add jobs. Thread-safe.
#pragma once

#include <functional>
#include <memory>

#include "adapters/bullmq_job.h"
#include "adapters/redis_url.h"
#include "ports/intake.h"
#include "ports/job_queue.h"

namespace sluice {

// `worker`: what people see who look at a job that is being worked on. `cron` for the job schedulers of the
// queue.
Result<std::unique_ptr<Intake>> open_bullmq_intake(const RedisUrl& url, std::chrono::milliseconds patience,
                                                   const std::string& worker, BullmqCron cron);

// How much waits in it, for nodes that take nothing out. Nothing is asked of the server before the first
// call.
std::function<Result<QueueHealth>()> bullmq_intake_health(const RedisUrl& url,
                                                          std::chrono::milliseconds patience);

}  // namespace sluice
