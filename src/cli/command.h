// A subcommand: one file each, listed in main.cpp. `add` declares its options on `app` and, when the command
// line chose it, leaves in `action` what is to be done; main() runs that and exits with its status.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "base/result.h"

namespace sluice {

// Exit statuses (contract, section 3).
inline constexpr int kExitOk = 0, kExitFailed = 1, kExitUsage = 2, kExitStrict = 3, kExitInterrupted = 130;

int exit_status(const Error& error);   // 2 where the command, pipeline or config is wrong, else 1
int report_error(const Error& error);  // "sluice: …" on standard error; gives exit_status

using Action = std::function<int(std::stop_token)>;

void add_run(CLI::App& app, Action& action);
void add_validate(CLI::App& app, Action& action);
void add_infer(CLI::App& app, Action& action);
void add_serve(CLI::App& app, Action& action);
void add_submit(CLI::App& app, Action& action);
void add_push(CLI::App& app, Action& action);
void add_jobs(CLI::App& app, Action& action);
void add_queue(CLI::App& app, Action& action);
void add_keys(CLI::App& app, Action& action);
void add_migrate(CLI::App& app, Action& action);
void add_completion(CLI::App& app, Action& action);
void add_man(CLI::App& app, Action& action);

}  // namespace sluice
