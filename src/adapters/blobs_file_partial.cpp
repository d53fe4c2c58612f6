// Unfinished blobs as files: each has a name made of its key in a folder that no key can name, so that
// another process goes on with it. A lock on the open file keeps two from writing at once.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "adapters/blobs_file_internal.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

class FilePartialBlob : public PartialBlob {
 public:
  FilePartialBlob(BlobFile file, fs::path target) : file_(std::move(file)), target_(std::move(target)) {}

  Result<> write(std::string_view bytes) override { return file_.write(bytes); }
  Result<> sync() override {
    TRY(file_.sync());
    // Its name has to last, too: once is enough, and a process before this one may have died before it.
    if (!name_synced_) TRY(sync_directory(file_.path().parent_path()));
    name_synced_ = true;
    return {};
  }
  Result<> commit() override { return file_.put_in_place(target_); }

 private:
  BlobFile file_;
  fs::path target_;
  bool name_synced_ = false;
};

std::unexpected<Error> cannot_resume(const std::string& key) {
  return system_error("cannot go on with the unfinished blob '" + key + "'");
}

// Opened and locked; a new one is made where `offset` is 0.
Result<FileDescriptor> open_locked(const fs::path& path, const std::string& key, std::uint64_t offset) {
  FileDescriptor file;
  for (int attempt = 1; attempt <= kFolderAttempts && !file.is_open(); ++attempt) {
    TRY(make_directories(path.parent_path()));
    file = FileDescriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC | (offset == 0 ? O_CREAT : 0), 0666));
    if (!file.is_open() && (errno != ENOENT || offset != 0)) break;
  }
  if (!file.is_open()) return cannot_resume(key);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(ErrorKind::conflict, "somebody else is writing the unfinished blob '" + key + "'", true);
  struct stat opened{}, named{};
  if (::fstat(file.get(), &opened) != 0) return cannot_resume(key);
  if (::stat(path.c_str(), &named) != 0 || named.st_ino != opened.st_ino)
    return fail(ErrorKind::conflict, "the unfinished blob '" + key + "' was finished or removed just now",
                true);
  if (static_cast<std::uint64_t>(opened.st_size) < offset)
    return fail(ErrorKind::io, "the unfinished blob '" + key + "' has " + std::to_string(opened.st_size) +
                                   " bytes where " + std::to_string(offset) + " were kept");
  return file;
}

}  // namespace

// No key holds a '+'.
fs::path partial_path(const fs::path& folder, std::string key) {
  std::ranges::replace(key, '/', '+');
  return folder / key;
}

Result<std::unique_ptr<PartialBlob>> resume_partial_file(const fs::path& folder, const std::string& key,
                                                         const fs::path& target, std::uint64_t offset) {
  fs::path path = partial_path(folder, key);
  FileDescriptor file = TRY(open_locked(path, key, offset));
  auto size = static_cast<off_t>(offset);
  if (::ftruncate(file.get(), size) != 0 || ::lseek(file.get(), size, SEEK_SET) < 0)
    return cannot_resume(key);
  return std::make_unique<FilePartialBlob>(BlobFile(std::move(file), path, target.string()), target);
}

}  // namespace sluice
