// Is a file that a command is to write one that it reads? By whatever name: another spelling, a symbolic
// link, a hard link, standard input. Asked before anything is opened to be written. Any thread.
#pragma once

#include <span>
#include <string>

#include "base/result.h"

namespace sluice {

bool is_same_file(const std::string& one, const std::string& other);

// Usage error where `output`, which people know as `what`, is one of `inputs`; "-" is standard input.
Result<> check_output_place(const std::string& what, const std::string& output,
                            std::span<const std::string> inputs);

}  // namespace sluice
