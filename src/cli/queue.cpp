// sluice queue: the queue's health, pausing it, and its dead letters.
#include <cstdio>

#include "base/size_text.h"
#include "base/url_text.h"
#include "cli/api_client.h"
#include "cli/command.h"

namespace sluice {
namespace {

using json = nlohmann::ordered_json;

struct QueueOptions {
  ClientOptions client;
  std::vector<std::string> jobs;
  bool as_json = false;
};

void print_health(const json& queue) {
  std::printf("%s%s: %s waiting, %s active, %s delayed, %s failed", queue.value("name", "").c_str(),
              queue.value("paused", false) ? " (paused)" : "",
              count_text(queue.value("waiting", std::uint64_t{0})).c_str(),
              count_text(queue.value("active", std::uint64_t{0})).c_str(),
              count_text(queue.value("delayed", std::uint64_t{0})).c_str(),
              count_text(queue.value("failed", std::uint64_t{0})).c_str());
  if (queue.contains("oldestWaitingSeconds") && queue["oldestWaitingSeconds"].is_number())
    std::printf("; the oldest has waited %.1f s", queue["oldestWaitingSeconds"].get<double>());
  std::puts("");
}

Result<int> status(const QueueOptions& options) {
  auto client = TRY(open_client(options.client));
  const json answer = TRY(client->json({.path = "/v1/queues"}));
  for (const json& queue : answer.at("items"))
    if (options.as_json)
      std::puts(queue.dump().c_str());
    else
      print_health(queue);
  return kExitOk;
}

// The path of the queue: there is one.
Result<std::string> path_of_queue(ApiClient& client) {
  const json queues = TRY(client.json({.path = "/v1/queues"}));
  return "/v1/queues/" + percent_encoded(queues.at("items").at(0).at("name").get<std::string>());
}

Result<int> steer(const QueueOptions& options, const std::string& action) {
  auto client = TRY(open_client(options.client));
  const std::string path = TRY(path_of_queue(*client)) + "/" + action;
  const json queue = TRY(client->json({.method = "POST", .path = path}));
  if (options.as_json)
    std::puts(queue.dump().c_str());
  else
    print_health(queue);
  return kExitOk;
}

Result<int> failed(const QueueOptions& options) {
  auto client = TRY(open_client(options.client));
  ApiCall call{.path = TRY(path_of_queue(*client)) + "/failed"};
  std::uint64_t shown = 0;
  for (;;) {
    const json answer = TRY(client->json(call));
    for (const json& job : answer.at("items")) {
      ++shown;
      if (options.as_json) {
        std::puts(job.dump().c_str());
        continue;
      }
      const std::string error =
          job.contains("error") && job["error"].is_string() ? job["error"].get<std::string>() : "";
      std::printf("%s  %s  %s\n    %s\n", job.value("id", "").c_str(), job.value("pipeline", "").c_str(),
                  job.contains("file") ? job["file"].value("name", "").c_str() : "", error.c_str());
    }
    if (!answer.at("next").is_string()) break;
    call.query = {{"cursor", answer.at("next").get<std::string>()}};
  }
  if (shown == 0 && !options.as_json) std::puts("There are no dead letters.");
  return kExitOk;
}

Result<int> replay(const QueueOptions& options) {
  auto client = TRY(open_client(options.client));
  ApiCall call{.method = "POST", .path = TRY(path_of_queue(*client)) + "/failed/replay"};
  call.headers.emplace_back("Content-Type", "application/json");
  call.body = options.jobs.empty() ? json::object().dump() : json{{"jobIds", options.jobs}}.dump();
  const json answer = TRY(client->json(call));
  if (options.as_json)
    std::puts(answer.dump().c_str());
  else
    std::printf("%s of the dead letters run again.\n",
                count_text(answer.value("replayed", std::uint64_t{0})).c_str());
  return kExitOk;
}

}  // namespace

void add_queue(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("queue", "look at the queue, pause it, replay what failed");
  command->require_subcommand(1);
  auto options = std::make_shared<QueueOptions>();
  using Run = std::function<Result<int>(const QueueOptions&)>;
  auto add = [&](const char* name, const char* help, Run run) {
    CLI::App* sub = command->add_subcommand(name, help);
    add_client_options(*sub, options->client);
    sub->add_flag("--json", options->as_json, "print JSON");
    sub->callback([options, &action, run = std::move(run)] {
      action = [options, run](std::stop_token) {
        Result<int> ended = run(*options);
        return ended ? *ended : report_error(ended.error());
      };
    });
    return sub;
  };
  add("status", "how much waits, and for how long", status);
  add("pause", "let nothing new begin", [](auto& o) { return steer(o, "pause"); });
  add("resume", "go on", [](auto& o) { return steer(o, "resume"); });
  add("failed", "dead letters: jobs that were given up, and why", failed);
  CLI::App* replays = add("replay", "run dead letters again", replay);
  replays->add_option("JOB", options->jobs, "only these jobs (default: all)")->type_name("");
  command->footer(
      "Examples:\n"
      "  sluice queue status                of the store of ./sluice.yaml\n"
      "  sluice queue failed --server http://127.0.0.1:8080\n"
      "  sluice queue replay                every dead letter once more\n");
}

}  // namespace sluice
