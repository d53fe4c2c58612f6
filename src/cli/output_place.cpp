#include "cli/output_place.h"

#include <filesystem>

namespace sluice {

namespace fs = std::filesystem;

bool is_same_file(const std::string& one, const std::string& other) {
  std::error_code error;
  // What is no file can be written and read without harm: /dev/null, a terminal.
  if (fs::exists(one, error) && !fs::is_regular_file(one, error)) return false;
  if (fs::equivalent(one, other, error)) return true;
  // Neither is there yet.
  const fs::path first = fs::weakly_canonical(fs::absolute(one, error), error);
  return !first.empty() && first == fs::weakly_canonical(fs::absolute(other, error), error);
}

Result<> check_output_place(const std::string& what, const std::string& output,
                            std::span<const std::string> inputs) {
  for (const std::string& input : inputs) {
    if (!is_same_file(output, input == "-" ? "/dev/stdin" : input)) continue;
    return fail(ErrorKind::usage, what + " is " +
                                      (input == "-" ? "what standard input is read from"
                                                    : "the file " + input + ", which is read") +
                                      ", and would be overwritten. Name another file.");
  }
  return {};
}

}  // namespace sluice
