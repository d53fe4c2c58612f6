// A program that works on BullMQ's queues through src/adapters/bullmq_queue.h, told what to do by another
// one: one JSON object a line on standard input, one answer a line. interop.test.mjs puts unmodified BullMQ
// on the other side.
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "adapters/bullmq_queue.h"
#include "jobs/cron_with_seconds.h"

namespace {

using namespace sluice;
using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{10'000};
constexpr milliseconds kLock{30'000};

struct Peer {
  explicit Peer(RedisUrl server) : url(std::move(server)) {}

  RedisUrl url;
  std::map<std::string, std::unique_ptr<BullmqQueue>> queues;
  std::map<std::string, BullmqJob> taken;

  Result<BullmqQueue*> queue(const Json& asked) {
    auto& place = queues[asked.at("queue").get<std::string>()];
    if (!place) {
      const BullmqFinished kept{.completed = {.count = 100}, .failed = {}, .metric_minutes = 60};
      place = TRY(BullmqQueue::open(url, asked.at("queue"), kPatience, kept));
    }
    return place.get();
  }

  Result<Json> answer(const Json& asked) {
    BullmqQueue& on = *TRY(queue(asked));
    const std::string what = asked.at("do"), id = asked.value("id", ""), token = asked.value("token", "ours");
    const milliseconds lock(asked.value("lock", kLock.count()));
    if (what == "add") return add(on, asked);
    if (what == "take") return take(on, token, lock);
    if (what == "wait") {
      TRY(on.wait(milliseconds(asked.at("ms").get<int>()), {}));
      return Json(true);
    }
    if (what == "extend") return Json(TRY(on.extend_lock(id, token, lock)));
    if (what == "complete") return Json(TRY(on.complete(taken[id], token, asked.at("value").dump())));
    if (what == "fail") {
      const auto last = asked.value("last", false) ? BullmqQueue::LastTry::yes : BullmqQueue::LastTry::no;
      return Json(TRY(on.fail_attempt(taken[id], token, asked.at("reason"), last)));
    }
    if (what == "progress") {
      TRY(on.set_progress(taken[id], asked.at("value").dump()));
      return Json(true);
    }
    if (what == "log") {
      TRY(on.log(taken[id], asked.at("line")));
      return Json(true);
    }
    if (what == "putBack") return Json(TRY(on.put_back(id, token, milliseconds(asked.at("ms").get<int>()))));
    if (what == "pause") {
      TRY(on.pause(asked.at("paused")));
      return Json(true);
    }
    if (what == "recover") {
      TRY(on.recover_stalled(milliseconds(1)));
      return Json(true);
    }
    if (what == "counts") {
      const BullmqCounts counts = TRY(on.counts());
      return Json{{"waiting", counts.waiting},
                  {"active", counts.active},
                  {"delayed", counts.delayed},
                  {"paused", counts.paused}};
    }
    return fail(ErrorKind::usage, "unknown: " + what);
  }

 private:
  static Result<Json> add(BullmqQueue& on, const Json& asked) {
    std::vector<BullmqNewJob> jobs;
    for (const Json& job : asked.at("jobs"))
      jobs.push_back({.id = job.value("id", ""),
                      .name = job.at("name"),
                      .data = job.at("data").dump(),
                      .priority = job.value("priority", 0u),
                      .delay = milliseconds(job.value("delay", 0)),
                      .options = job.value("options", Json::object()).dump()});
    return Json(TRY(on.add(jobs)));
  }

  // As a worker does it: what a scheduler has made is made once more, and what BullMQ has given up fails.
  Result<Json> take(BullmqQueue& on, const std::string& token, milliseconds lock) {
    const BullmqNext next = TRY(on.fetch(token, "peer", lock));
    if (!next.job) return Json{{"job", nullptr}, {"delayedUntil", next.delayed_until_ms.value_or(0)}};
    taken[next.job->id] = *next.job;
    TRY(on.schedule_next(*next.job, next_cron_run));
    return Json{{"job",
                 {{"id", next.job->id},
                  {"name", next.job->name},
                  {"data", Json::parse(next.job->data)},
                  {"fields", next.job->fields}}}};
  }
};

}  // namespace

int main(int argc, char** argv) {
  auto url = parse_redis_url(argc > 1 ? argv[1] : "");
  if (!url) {
    std::cerr << url.error().message << '\n';
    return 2;
  }
  Peer peer{*url};
  for (std::string line; std::getline(std::cin, line);) {
    Json answered;
    try {
      auto answer = peer.answer(Json::parse(line));
      answered = answer ? Json{{"answer", *answer}} : Json{{"error", answer.error().message}};
    } catch (const std::exception& e) {
      answered = {{"error", e.what()}};
    }
    std::cout << answered.dump() << std::endl;
  }
}
