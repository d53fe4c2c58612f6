#include "cli/state_folder.h"

#include <cstdlib>

namespace sluice {

std::filesystem::path state_folder() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  const std::filesystem::path folder = state && *state
                                           ? std::filesystem::path(state)
                                           : std::filesystem::path(home ? home : ".") / ".local/state";
  return folder / "sluice";
}

}  // namespace sluice
