// sluice jobs: lists, shows, follows and steers the jobs of a server or a store.
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <optional>

#include "base/size_text.h"
#include "base/url_text.h"
#include "cli/api_client.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/watch_job.h"

namespace sluice {
namespace {

using json = nlohmann::ordered_json;

struct JobsOptions {
  ClientOptions client;
  std::string id, status, pipeline, output, format = "csv";
  std::uint64_t limit = 20;
  bool as_json = false, quiet = false;
};

std::uint64_t rows(const json& job, const char* what) { return job.at("rows").value(what, std::uint64_t{0}); }

std::string job_line(const json& job) {
  const std::string counts = count_text(rows(job, "read")) + " read, " + count_text(rows(job, "inserted")) +
                             " inserted, " + count_text(rows(job, "updated")) + " updated, " +
                             count_text(rows(job, "duplicate")) + " duplicate, " +
                             count_text(rows(job, "rejected")) + " rejected";
  return job.value("id", "") + "  " + job.value("createdAt", "") + "  " + job.value("status", "") + "  " +
         job.value("pipeline", "") + "  " + job.at("file").value("name", "") + "\n    " + counts + "\n";
}

Result<int> list(const JobsOptions& options) {
  auto client = TRY(open_client(options.client));
  ApiCall call{.path = "/v1/jobs"};
  if (!options.status.empty()) call.query.emplace_back("status", options.status);
  if (!options.pipeline.empty()) call.query.emplace_back("pipeline", options.pipeline);
  std::uint64_t shown = 0;
  for (;;) {
    ApiCall page = call;
    page.query.emplace_back("limit", std::to_string(std::min<std::uint64_t>(options.limit - shown, 100)));
    const json answer = TRY(client->json(page));
    for (const json& job : answer.at("items")) {
      std::fputs(options.as_json ? (job.dump() + "\n").c_str() : job_line(job).c_str(), stdout);
      ++shown;
    }
    if (shown >= options.limit || !answer.at("next").is_string()) break;
    std::erase_if(call.query, [](const auto& pair) { return pair.first == "cursor"; });
    call.query.emplace_back("cursor", answer.at("next").get<std::string>());
  }
  if (shown == 0 && !options.as_json) std::puts("There are no jobs.");
  return kExitOk;
}

void print(const json& job, bool as_json) {
  if (as_json) {
    std::puts(job.dump().c_str());
    return;
  }
  std::fputs(job_line(job).c_str(), stdout);
  if (job.contains("error") && job["error"].is_string())
    std::printf("    error: %s\n", job["error"].get<std::string>().c_str());
}

Result<int> show(const JobsOptions& options) {
  auto client = TRY(open_client(options.client));
  print(TRY(client->json({.path = "/v1/jobs/" + percent_encoded(options.id)})), options.as_json);
  return kExitOk;
}

Result<int> steer(const JobsOptions& options, const std::string& action) {
  auto client = TRY(open_client(options.client));
  ApiCall call{.method = "POST", .path = "/v1/jobs/" + percent_encoded(options.id) + "/" + action};
  print(TRY(client->json(call)), options.as_json);
  return kExitOk;
}

Result<int> watch(const JobsOptions& options, std::stop_token stop) {
  auto client = TRY(open_client(options.client));
  const json job = TRY(watch_job(*client, options.id, options.quiet, stop));
  print(job, options.as_json);
  const std::string status = job.value("status", "");
  return status == "COMPLETED"                         ? kExitOk
         : status == "FAILED" || status == "CANCELLED" ? kExitFailed
                                                       : kExitInterrupted;
}

Result<int> rejects(const JobsOptions& options) {
  auto client = TRY(open_client(options.client));
  std::string format = options.format;
  if (const std::size_t dot = options.output.rfind('.'); dot != std::string::npos)
    format = options.output.substr(dot + 1);
  if (format != "csv" && format != "ndjson" && format != "xlsx")
    return fail(ErrorKind::usage,
                "a report is written as .csv, .ndjson or .xlsx; '" + format + "' is none of them.");
  std::FILE* out = options.output.empty() ? stdout : std::fopen(options.output.c_str(), "wb");
  if (!out) return fail(ErrorKind::io, options.output + " cannot be written.");
  bool written = true;
  Result<ApiAnswer> answer = client->call(
      {.path = "/v1/jobs/" + percent_encoded(options.id) + "/errors." + format}, [&](std::string_view bytes) {
        return written = std::fwrite(bytes.data(), 1, bytes.size(), out) == bytes.size();
      });
  if (out != stdout && std::fclose(out) != 0) written = false;
  if (!answer) return std::unexpected(std::move(answer).error());
  if (answer->status / 100 != 2) return std::unexpected(error_of(*answer));
  if (!written) return fail(ErrorKind::io, "the report could not be written: is the disk full?");
  return kExitOk;
}

}  // namespace

void add_jobs(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("jobs", "list, show, follow and steer jobs");
  command->require_subcommand(1);
  auto options = std::make_shared<JobsOptions>();
  using Run = std::function<Result<int>(const JobsOptions&, std::stop_token)>;
  auto add = [&](const char* name, const char* help, bool of_one, Run run) {
    CLI::App* sub = command->add_subcommand(name, help);
    if (of_one) sub->add_option("JOB", options->id, "the job's id")->required()->type_name("");
    add_client_options(*sub, options->client);
    sub->add_flag("--json", options->as_json, "print JSON");
    sub->callback([options, &action, run = std::move(run)] {
      action = [options, run](std::stop_token stop) {
        Result<int> ended = run(*options, stop);
        return ended ? *ended : report_error(ended.error());
      };
    });
    return sub;
  };
  CLI::App* lists = add("list", "jobs, the newest first", false, [](auto& o, auto) { return list(o); });
  lists
      ->add_option("--status", options->status,
                   "only PENDING, PROCESSING, COMPLETED, FAILED or CANCELLED ones")
      ->type_name("STATUS");
  lists->add_option("--pipeline", options->pipeline, "only of this pipeline")->type_name("NAME");
  lists->add_option("--limit", options->limit, "at most so many (default 20)")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000).description(""));
  add("show", "one job", true, [](auto& o, auto) { return show(o); });
  CLI::App* watches =
      add("watch", "follow a job to its end", true, [](auto& o, auto stop) { return watch(o, stop); });
  watches->add_flag("-q,--quiet", options->quiet, "no progress, only the result");
  add("cancel", "stop a job; what was committed stays", true,
      [](auto& o, auto) { return steer(o, "cancel"); });
  add("retry", "let a failed or cancelled job go on", true, [](auto& o, auto) { return steer(o, "retry"); });
  CLI::App* reports =
      add("rejects", "the error report of a job", true, [](auto& o, auto) { return rejects(o); });
  reports
      ->add_option("-o,--output", options->output,
                   "into this file: .csv, .ndjson or .xlsx (default: CSV to standard output)")
      ->type_name("FILE");
  command->footer(
      "Examples:\n"
      "  sluice jobs list --status FAILED            of the store of ./sluice.yaml\n"
      "  sluice jobs rejects JOB -o bad.csv          the rows to correct\n"
      "  sluice jobs watch JOB --server http://127.0.0.1:8080\n");
}

}  // namespace sluice
