// What the parts of blobs_file share: an owned descriptor, the sentences for what the system reports, folders
// that stay, and the file that a blob is written to. Included by blobs_file*.cpp only.
#pragma once

#include <cerrno>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/blobs_file.h"

namespace sluice {

class FileDescriptor {
 public:
  explicit FileDescriptor(int descriptor = -1) : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileDescriptor();

  int get() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }
  void release() { descriptor_ = -1; }

 private:
  int descriptor_;
};

// "cannot read 'people.csv': Permission denied", with the kind that the error number stands for.
std::unexpected<Error> system_error(const std::string& doing, int error_number = errno);

// `version`: the only one that is read; "" for any.
Result<std::unique_ptr<ByteSource>> open_file_source(const std::string& path, const std::string& name,
                                                     std::uint64_t offset, const std::string& version = "");

// A folder that is needed may be found empty and removed by another process; it is made again so often.
inline constexpr int kFolderAttempts = 100;

Result<> sync_directory(const std::filesystem::path& directory);
// Makes `directory` and what is missing above it; each new entry is synced in its parent. `made`: the new
// ones are added to it, the outermost first.
Result<> make_directories(const std::filesystem::path& directory,
                          std::vector<std::filesystem::path>* made = nullptr);

// A file that becomes a blob: written under one name, durable on request, moved to its place when it is
// whole. One thread. After a write or sync that failed nothing works any more: what the system still has to
// write it may have dropped, and a second fsync would not say so.
class BlobFile {
 public:
  // `file` stands where writing is to go on. `title`: what a person knows it by.
  BlobFile(FileDescriptor file, std::filesystem::path path, std::string title)
      : file_(std::move(file)), path_(std::move(path)), title_(std::move(title)) {}

  Result<> write(std::string_view bytes);
  Result<> sync();
  // Syncs, moves to `target` in place of what is there, and makes that durable.
  Result<> put_in_place(const std::filesystem::path& target);

  const std::filesystem::path& path() const { return path_; }
  bool in_place() const { return in_place_; }

 private:
  Result<> usable() const;

  FileDescriptor file_;
  std::filesystem::path path_;
  std::string title_;
  std::uint64_t unwritten_ = 0;  // bytes since the system was last asked to begin writing them
  bool broken_ = false, in_place_ = false;
};

// PartialBlob on a file in `folder`, named after its key.
Result<std::unique_ptr<PartialBlob>> resume_partial_file(const std::filesystem::path& folder,
                                                         const std::string& key,
                                                         const std::filesystem::path& target,
                                                         std::uint64_t offset);
std::filesystem::path partial_path(const std::filesystem::path& folder, std::string key);

}  // namespace sluice
