// Writing so that it survives a power cut: folders and the file that becomes a blob.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>

#include "adapters/blobs_file_internal.h"

namespace sluice {

namespace fs = std::filesystem;

namespace {

// So often the system is asked to begin writing, so that the disk works while bytes come in and the sync at
// the end has little left to do.
constexpr std::uint64_t kWriteBackBytes = 8 << 20;

}  // namespace

Result<> sync_directory(const fs::path& directory) {
  FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_open() || ::fsync(opened.get()) != 0) {
    return system_error("cannot make the folder '" + directory.string() + "' durable");
  }
  return {};
}

Result<> make_directories(const fs::path& directory, std::vector<fs::path>* made) {
  std::error_code error;
  if (directory.empty() || fs::is_directory(directory, error)) return {};
  TRY(make_directories(directory.parent_path(), made));
  if (::mkdir(directory.c_str(), 0777) == 0) {
    if (made != nullptr) made->push_back(directory);
  } else if (errno != EEXIST) {
    return system_error("cannot make the folder '" + directory.string() + "'");
  }
  fs::path parent = directory.parent_path();
  return sync_directory(parent.empty() ? fs::path(".") : parent);
}

Result<> BlobFile::usable() const {
  if (broken_) return fail(ErrorKind::io, "writing '" + title_ + "' has failed before; it has to begin anew");
  return {};
}

Result<> BlobFile::write(std::string_view bytes) {
  TRY(usable());
  unwritten_ += bytes.size();
  while (!bytes.empty()) {
    ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      broken_ = true;
      return system_error("cannot write '" + title_ + "'");
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (unwritten_ >= kWriteBackBytes) {
    unwritten_ = 0;
    ::sync_file_range(file_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);  // a hint: what fails, sync() reports
  }
  return {};
}

Result<> BlobFile::sync() {
  TRY(usable());
  broken_ = ::fsync(file_.get()) != 0;
  if (broken_) return system_error("cannot keep '" + title_ + "'");
  unwritten_ = 0;
  return {};
}

Result<> BlobFile::put_in_place(const fs::path& target) {
  TRY(usable());
  ::futimens(file_.get(), nullptr);  // BlobInfo::modified_ms is the time of the commit
  TRY(sync());
  // Whoever removes the last other blob of the folder removes the folder, perhaps just now.
  for (int attempt = 1; !in_place_; ++attempt) {
    TRY(make_directories(target.parent_path()));
    in_place_ = ::rename(path_.c_str(), target.c_str()) == 0;
    if (!in_place_ && (errno != ENOENT || attempt == kFolderAttempts))
      return system_error("cannot keep '" + title_ + "'");
  }
  return sync_directory(target.parent_path());
}

}  // namespace sluice
