// sluice: the table of subcommands. Everything else is in src/cli.
#include <malloc.h>  // mallopt, of glibc
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/licences.h"
#include "base/nearest.h"
#include "cli/command.h"

namespace sluice {
namespace {

constexpr auto kSubcommands = {add_run,  add_validate, add_infer, add_serve,   add_submit,     add_push,
                               add_jobs, add_queue,    add_keys,  add_migrate, add_completion, add_man};

// One heap for all threads. A chunk is allocated by one thread and freed by another: with a heap for each,
// every one of them would keep its most. Threads allocate chunks, not cells, so they rarely meet. What is
// made of a usual chunk is smaller than the threshold and used again; what is made of a row of a megabyte
// would leave holes, and goes back to the system instead.
void share_one_heap() {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 4 << 20);
#endif
}

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
    signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is an error of the write, with its message
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

// One blank line between groups of options; the library leaves two.
class Help : public CLI::Formatter {
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    std::string text = CLI::Formatter::make_help(app, std::move(name), mode);
    for (std::size_t at; (at = text.find("\n\n\n")) != std::string::npos;) text.erase(at, 1);
    return text;
  }
};

// What is wrong with the command line, and where to read on.
void tell_usage(const CLI::App& app, int argc, char** argv, const CLI::ParseError& error) {
  if (argc == 1) {
    std::fputs(app.help().c_str(), stderr);
    return;
  }
  std::string command = argv[1], help = "sluice --help", what = error.what();
  std::vector<std::string> names;
  for (const CLI::App* known : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(known->get_name());
  if (std::ranges::find(names, command) != names.end()) {
    help = "sluice " + command + " --help";
  } else if (!command.starts_with('-')) {
    std::vector<std::string_view> views(names.begin(), names.end());
    what = "there is no command '" + command + "'; " + suggest_known(command, views);
  }
  std::fprintf(stderr, "sluice: %s\nRead `%s`.\n", what.c_str(), help.c_str());
}

int main_of(int argc, char** argv) {
  CLI::App app{
      "Sluice loads files into a database: every good row exactly once, every bad row back with its reason."};
  app.name("sluice");
  app.formatter(std::make_shared<Help>());
  app.set_help_flag("-h,--help", "show this help");
  app.set_version_flag("--version", "sluice " SLUICE_VERSION, "show the version");
  app.add_flag_callback(
      "--licences", [] { throw CLI::CallForVersion(licences(), 0); },
      "show the licences of what is built in");
  app.require_subcommand(1);
  app.footer("Start with:  sluice run people.csv\n");
  Action action;
  for (auto add : kSubcommands) add(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // help, version
    tell_usage(app, argc, argv, e);
    return kExitUsage;
  }
  SignalStop stop;
  return action(stop.token());
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  sluice::share_one_heap();
  int status = sluice::main_of(argc, argv);
  // A reader that has seen enough (| head) is no failure; a result that is lost is one.
  if (std::fflush(stdout) != 0 && errno != EPIPE) {
    std::fprintf(stderr, "sluice: standard output cannot be written: %s\n", std::strerror(errno));
    return status == 0 ? 1 : status;
  }
  return status;
}
