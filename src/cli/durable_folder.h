// Folders that are still there after the power went: a name is on the disk only when the folder that holds it
// is. Any thread.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"

namespace sluice {

// Makes `folder` and those above it that are missing. The folders that got a new name by it, from the top
// down: each has to be brought to the disk. Error: io.
Result<std::vector<std::filesystem::path>> make_folders(const std::filesystem::path& folder);

// As well as the file system can: one that cannot bring folders to the disk is no reason to stop.
void sync_folder(const std::filesystem::path& folder);

}  // namespace sluice
