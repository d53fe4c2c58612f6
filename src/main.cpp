// sluice: the table of subcommands. Everything else is in src/cli.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "cli/command.h"

namespace sluice {
namespace {

constexpr auto kSubcommands = {add_run, add_validate, add_infer, add_completion, add_man};

// The first SIGINT or SIGTERM asks the work to stop at the next batch, the second ends the process at once:
// what was committed stands either way.
class SignalStop {
 public:
  SignalStop() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    signal(SIGPIPE, SIG_IGN);
    std::thread([signals = signals_, source = source_]() mutable {
      int number = 0;
      sigwait(&signals, &number);
      source.request_stop();
      sigwait(&signals, &number);
      _exit(kExitInterrupted);
    }).detach();
  }
  std::stop_token token() const { return source_.get_token(); }

 private:
  sigset_t signals_;
  std::stop_source source_;
};

int main_of(int argc, char** argv) {
  CLI::App app{
      "Sluice loads files into a database: every good row exactly once, every bad row back with its reason."};
  app.name("sluice");
  app.set_version_flag("--version", "sluice " SLUICE_VERSION);
  app.require_subcommand(1);
  app.footer("Start with:  sluice run people.csv\n");
  Action action;
  for (auto add : kSubcommands) add(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    int code = app.exit(e);  // prints help, version or what is wrong
    return code == 0 ? kExitOk : kExitUsage;
  }
  SignalStop stop;
  return action(stop.token());
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  int status = sluice::main_of(argc, argv);
  std::fflush(stdout);
  return status;
}
