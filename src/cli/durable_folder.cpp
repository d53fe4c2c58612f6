#include "cli/durable_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace sluice {

namespace fs = std::filesystem;

Result<std::vector<fs::path>> make_folders(const fs::path& folder) {
  std::error_code error;
  fs::path at = fs::weakly_canonical(folder, error);
  if (error) at = fs::absolute(folder);
  std::vector<fs::path> changed;
  for (; !fs::exists(at, error) && at.has_relative_path(); at = at.parent_path())
    changed.push_back(at.parent_path());
  std::ranges::reverse(changed);
  fs::create_directories(folder, error);
  if (error)
    return fail(ErrorKind::io, "the folder " + folder.string() + " cannot be made: " + error.message() + ".");
  return changed;
}

void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace sluice
