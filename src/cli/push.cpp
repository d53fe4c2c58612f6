// sluice push: reads a file and posts its good rows as JSON batches, each row counted once however often it
// is broken off and begun again.
#include <cstdio>

#include "cli/command.h"
#include "cli/push_options.h"
#include "cli/push_result.h"
#include "cli/push_run.h"

namespace sluice {

namespace {

Result<int> push(const PushOptions& options, std::stop_token stop) {
  return run_push(options, TRY(push_settings(options)), stop);
}

}  // namespace

void add_push(CLI::App& app, Action& action) {
  auto options = std::make_shared<PushOptions>();
  CLI::App* command = app.add_subcommand("push", "post a file's rows to an address, as JSON batches");
  add_push_options(*command, *options);
  command->footer(
      "Examples:\n"
      "  sluice push people.csv --to http://127.0.0.1:8080/v1/pipelines/people/batches\n"
      "  sluice push calls.csv --to http://127.0.0.1:8080/states/batch \\\n"
      "      --map name=state --const population=1 --require name    one for each row with a state and a "
      "name\n"
      "  sluice push calls.csv.gz --to https://example.org/rows -p calls.yaml --wrap items --rejects "
      "bad.csv\n"
      "Broken off anywhere, even by kill -9, the same command goes on: what was under way is sent again\n"
      "as it was, with the same Idempotency-Key, so that the server counts it once. A push that is done\n"
      "sends nothing.\n"
      "Exit status: 0 done, 1 failed, 2 the command is wrong, 3 rows were skipped and --strict was given.\n");
  command->callback([options, &action] {
    action = [options](std::stop_token stop) {
      Result<int> ended = push(*options, stop);
      if (!ended && options->reading.json) {
        PushResult result;
        result.to = push_address(options->to);
        if (!options->reading.files.empty()) result.file = options->reading.files.front();
        result.status = "FAILED";
        result.error = ended.error().message;
        std::fputs(json_text(result).c_str(), stdout);
      }
      return ended ? *ended : report_error(ended.error());
    };
  });
}

}  // namespace sluice
