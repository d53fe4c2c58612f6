// What the two halves of blobs_file share: an owned descriptor, the sentences for what the system reports,
// and the opening of a file under a name that may differ from its path. Included by blobs_file*.cpp only.
#pragma once

#include <cerrno>
#include <string>
#include <utility>

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

Result<std::unique_ptr<ByteSource>> open_file_source(const std::string& path, const std::string& name,
                                                     std::uint64_t offset);

}  // namespace sluice
