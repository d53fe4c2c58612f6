// The blob store on a directory. A blob is written under a temporary name in `.incoming` (no key can name
// it), synced, renamed to its place, and the directories are synced. Thread-safe: it holds nothing but the
// path.
#include "adapters/blobs_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "adapters/blobs_file_internal.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIncoming = ".incoming";
// What a killed process left half written is removed when it was not touched for so long.
constexpr auto kLeftoverAge = std::chrono::hours(24);
// A folder that is needed may be found empty and removed by another process; it is made again so often.
constexpr int kAttempts = 100;

bool is_key(std::string_view key) {
  std::size_t begin = 0;
  while (begin <= key.size()) {
    std::size_t end = std::min(key.find('/', begin), key.size());
    std::string_view segment = key.substr(begin, end - begin);
    if (segment.empty() || segment.front() == '.') return false;
    bool plain = std::ranges::all_of(segment, [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
             c == '_' || c == '-';
    });
    if (!plain) return false;
    begin = end + 1;
  }
  return true;
}

Result<> sync_directory(const fs::path& directory) {
  FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_open() || ::fsync(opened.get()) != 0) {
    return system_error("cannot make the folder '" + directory.string() + "' durable");
  }
  return {};
}

// Makes `directory` and what is missing above it; each new entry is synced in its parent. `made`: the new
// ones are added to it, the outermost first.
Result<> make_directories(const fs::path& directory, std::vector<fs::path>* made = nullptr) {
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

class FileBlobWriter : public BlobWriter {
 public:
  FileBlobWriter(FileDescriptor file, fs::path temporary, fs::path target)
      : file_(std::move(file)), temporary_(std::move(temporary)), target_(std::move(target)) {}
  ~FileBlobWriter() override {
    if (!committed_) ::unlink(temporary_.c_str());
  }

  Result<> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return system_error("cannot write '" + target_.string() + "'");
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
  }

  Result<> commit() override {
    std::string doing = "cannot keep '" + target_.string() + "'";
    if (::fsync(file_.get()) != 0) return system_error(doing);
    // Whoever removes the last other blob of the folder removes the folder, perhaps just now.
    for (int attempt = 1; !committed_; ++attempt) {
      TRY(make_directories(target_.parent_path()));
      committed_ = ::rename(temporary_.c_str(), target_.c_str()) == 0;
      if (!committed_ && (errno != ENOENT || attempt == kAttempts)) return system_error(doing);
    }
    return sync_directory(target_.parent_path());
  }

 private:
  FileDescriptor file_;
  fs::path temporary_, target_;
  bool committed_ = false;
};

class FileBlobs : public BlobStore {
 public:
  explicit FileBlobs(fs::path root, std::vector<fs::path> made)
      : root_(std::move(root)), made_(std::move(made)) {}
  // Leaves no folder behind that it made and that is empty.
  ~FileBlobs() override {
    ::rmdir((root_ / kIncoming).c_str());
    for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) ::rmdir(folder->c_str());
  }

  Result<std::unique_ptr<ByteSource>> open(const std::string& key, std::uint64_t offset) override {
    fs::path path = TRY(path_of(key));
    return open_file_source(path, "blob " + key, offset);
  }

  Result<std::unique_ptr<BlobWriter>> create(const std::string& key) override {
    fs::path target = TRY(path_of(key));
    std::string pattern;
    FileDescriptor file;
    for (int attempt = 1; attempt <= kAttempts && !file.is_open(); ++attempt) {
      TRY(make_directories(root_ / kIncoming));  // another process may have left, and taken it along
      pattern = (root_ / kIncoming / "XXXXXX").string();
      file = FileDescriptor(::mkostemp(pattern.data(), O_CLOEXEC));
      if (!file.is_open() && errno != ENOENT) break;
    }
    if (!file.is_open()) return system_error("cannot write into '" + (root_ / kIncoming).string() + "'");
    return std::make_unique<FileBlobWriter>(std::move(file), pattern, std::move(target));
  }

  Result<BlobInfo> stat(const std::string& key) override {
    fs::path path = TRY(path_of(key));
    struct ::stat status{};
    if (::stat(path.c_str(), &status) != 0) {
      if (errno == ENOENT) return fail(ErrorKind::not_found, "there is no blob '" + key + "'");
      return system_error("cannot look at blob '" + key + "'");
    }
    FileIdentity identity = TRY(file_identity(path));
    return BlobInfo{key, identity.size, identity.version()};
  }

  Result<> remove(const std::string& key) override {
    fs::path path = TRY(path_of(key));
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
      return system_error("cannot remove blob '" + key + "'");
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
    if (!is_key(key)) return fail(ErrorKind::usage, "'" + key + "' is no key of a blob");
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
