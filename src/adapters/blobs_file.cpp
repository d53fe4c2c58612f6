// The blob store on a directory. A blob is written under a temporary name in `.incoming` (no key can name
// it), synced, renamed to its place, and the directories are synced; one that grows over processes is in
// `.unfinished` until then. Thread-safe: it holds nothing but the path.
#include "adapters/blobs_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "adapters/blob_key.h"
#include "adapters/blobs_file_internal.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIncoming = ".incoming";
constexpr const char* kUnfinished = ".unfinished";
// What a killed process left half written is removed when it was not touched for so long.
constexpr auto kLeftoverAge = std::chrono::hours(24);

class FileBlobWriter : public BlobWriter {
 public:
  FileBlobWriter(BlobFile file, fs::path target) : file_(std::move(file)), target_(std::move(target)) {}
  ~FileBlobWriter() override {
    if (!file_.in_place()) ::unlink(file_.path().c_str());
  }

  Result<> write(std::string_view bytes) override { return file_.write(bytes); }
  Result<> commit() override { return file_.put_in_place(target_); }

 private:
  BlobFile file_;
  fs::path target_;
};

class FileBlobs : public BlobStore {
 public:
  explicit FileBlobs(fs::path root, std::vector<fs::path> made)
      : root_(std::move(root)), made_(std::move(made)) {}
  // Leaves no folder behind that it made and that is empty.
  ~FileBlobs() override {
    ::rmdir((root_ / kIncoming).c_str());
    ::rmdir((root_ / kUnfinished).c_str());
    for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) ::rmdir(folder->c_str());
  }

  Result<std::unique_ptr<ByteSource>> open(const std::string& key, std::uint64_t offset,
                                           const std::string& version) override {
    fs::path path = TRY(path_of(key));
    return open_file_source(path, "blob " + key, offset, version);
  }

  Result<std::unique_ptr<BlobWriter>> create(const std::string& key) override {
    fs::path target = TRY(path_of(key));
    std::string pattern;
    FileDescriptor file;
    for (int attempt = 1; attempt <= kFolderAttempts && !file.is_open(); ++attempt) {
      TRY(make_directories(root_ / kIncoming));  // another process may have left, and taken it along
      pattern = (root_ / kIncoming / "XXXXXX").string();
      file = FileDescriptor(::mkostemp(pattern.data(), O_CLOEXEC));
      if (!file.is_open() && errno != ENOENT) break;
    }
    if (!file.is_open()) return system_error("cannot write into '" + (root_ / kIncoming).string() + "'");
    return std::make_unique<FileBlobWriter>(BlobFile(std::move(file), pattern, target.string()), target);
  }

  Result<std::unique_ptr<PartialBlob>> resume(const std::string& key, std::uint64_t offset) override {
    fs::path target = TRY(path_of(key));
    return resume_partial_file(root_ / kUnfinished, key, target, offset);
  }

  Result<std::optional<std::uint64_t>> space_left() override {
    struct ::statvfs status{};
    fs::path folder = root_;  // or the nearest above it, where another process took it along
    while (::statvfs(folder.c_str(), &status) != 0) {
      if (errno != ENOENT || folder.parent_path() == folder)
        return system_error("cannot see how much space is left in '" + root_.string() + "'");
      folder = folder.has_parent_path() ? folder.parent_path() : fs::path(".");
    }
    return std::uint64_t{status.f_bavail} * status.f_frsize;
  }

  Result<BlobInfo> stat(const std::string& key) override {
    fs::path path = TRY(path_of(key));
    struct ::stat status{};
    if (::stat(path.c_str(), &status) != 0) {
      if (errno == ENOENT) return fail(ErrorKind::not_found, "there is no blob '" + key + "'");
      return system_error("cannot look at blob '" + key + "'");
    }
    FileIdentity identity = TRY(file_identity(path));
    return BlobInfo{key, identity.size, identity.version(), identity.modified_ns / 1'000'000};
  }

  Result<> remove(const std::string& key) override {
    fs::path path = TRY(path_of(key));
    for (const fs::path& file : {path, partial_path(root_ / kUnfinished, key)}) {
      if (::unlink(file.c_str()) != 0 && errno != ENOENT)
        return system_error("cannot remove blob '" + key + "'");
    }
    // The folders of its key go with the last blob in them.
    for (fs::path folder = path.parent_path(); folder != root_ && ::rmdir(folder.c_str()) == 0;)
      folder = folder.parent_path();
    return {};
  }

  Result<std::vector<BlobInfo>> list(const std::string& prefix) override {
    std::vector<BlobInfo> found;
    std::error_code error;
    for (fs::recursive_directory_iterator at(root_, error), end; !error && at != end; at.increment(error)) {
      if (at->path().filename().string().starts_with('.')) {
        at.disable_recursion_pending();
        continue;
      }
      std::string key = at->path().lexically_relative(root_).string();
      if (!key.starts_with(prefix) || !at->is_regular_file(error)) continue;
      auto info = stat(key);
      if (info) found.push_back(*std::move(info));  // else it went away meanwhile
    }
    if (error) return fail(ErrorKind::io, "cannot list '" + root_.string() + "': " + error.message());
    std::ranges::sort(found, {}, &BlobInfo::key);
    return found;
  }

 private:
  Result<fs::path> path_of(const std::string& key) const {
    TRY(check_blob_key(key));
    return root_ / key;
  }

  fs::path root_;
  std::vector<fs::path> made_;  // the outermost first
};

void remove_leftovers(const fs::path& incoming) {
  std::error_code error;
  auto now = fs::file_time_type::clock::now();
  for (fs::directory_iterator at(incoming, error), end; !error && at != end; at.increment(error)) {
    auto touched = at->last_write_time(error);
    if (!error && now - touched > kLeftoverAge) fs::remove(at->path(), error);
    error.clear();
  }
}

}  // namespace

Result<std::unique_ptr<BlobStore>> open_blobs_file(const std::string& directory) {
  fs::path root = fs::path(directory).lexically_normal();
  if (!root.has_filename()) root = root.parent_path();
  std::vector<fs::path> made;
  TRY(make_directories(root / kIncoming, &made));
  remove_leftovers(root / kIncoming);
  return std::make_unique<FileBlobs>(std::move(root), std::move(made));
}

}  // namespace sluice
