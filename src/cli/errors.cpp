// How an error ends the program: a sentence on standard error and an exit status. Called by every subcommand.
#include <cstdio>

#include "cli/command.h"

namespace sluice {

int exit_status(const Error& error) {
  switch (error.kind) {
    case ErrorKind::usage: return kExitUsage;
    case ErrorKind::cancelled: return kExitInterrupted;
    default: return kExitFailed;
  }
}

int report_error(const Error& error) {
  std::fprintf(stderr, "sluice: %s\n", error.message.c_str());
  return exit_status(error);
}

}  // namespace sluice
