// TemporaryFile: bytes that do not fit into memory, in a file without a name: the system frees it when the
// last descriptor is closed, after a kill -9 too. In $TMPDIR, else in /var/tmp, which is a disk where /tmp
// may be memory. Appended to by one thread; what was appended may then be read from any.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace sluice {

class TemporaryFile {
 public:
  TemporaryFile() = default;
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&& other) noexcept;
  ~TemporaryFile();

  // Error (io): no folder that can be written to; says that TMPDIR names another.
  static Result<TemporaryFile> create();
  Result<> append(std::string_view bytes);
  // How many bytes were read: fewer than asked for only at the end.
  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) const;
  std::uint64_t size() const { return size_; }

 private:
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace sluice
