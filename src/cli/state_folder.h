// Where commands remember what they were doing, so that the same command goes on with it:
// $XDG_STATE_HOME/sluice, or ~/.local/state/sluice.
#pragma once

#include <filesystem>

namespace sluice {

std::filesystem::path state_folder();

}  // namespace sluice
