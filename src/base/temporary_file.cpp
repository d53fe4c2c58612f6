#include "base/temporary_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace sluice {
namespace {

std::string reason() { return std::generic_category().message(errno); }

// A file system that knows no file without a name (some network ones) gives one a name for a moment.
int open_nameless(const std::string& folder) {
  int descriptor = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor >= 0) return descriptor;
  std::string name = folder + "/sluice-XXXXXX";
  descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor >= 0) ::unlink(name.c_str());
  return descriptor;
}

}  // namespace

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), size_(std::exchange(other.size_, 0)) {}

TemporaryFile& TemporaryFile::operator=(TemporaryFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  return *this;
}

TemporaryFile::~TemporaryFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<TemporaryFile> TemporaryFile::create() {
  std::vector<std::string> folders = {"/var/tmp", "/tmp"};
  if (const char* named = std::getenv("TMPDIR"); named != nullptr && *named != '\0') folders = {named};
  TemporaryFile file;
  for (const std::string& folder : folders) {
    file.descriptor_ = open_nameless(folder);
    if (file.descriptor_ >= 0) return file;
  }
  return fail(ErrorKind::io, "no temporary file can be made in " + folders.front() + ": " + reason() +
                                 "; set TMPDIR to a folder that can be written to.");
}

Result<> TemporaryFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0)
      return fail(ErrorKind::io, "a temporary file cannot be written: " + reason() +
                                     "; make room, or set TMPDIR to a folder on a larger disk.");
    size_ += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<std::size_t> TemporaryFile::read(std::uint64_t offset, std::span<char> into) const {
  std::size_t held = 0;
  while (held < into.size()) {
    ssize_t count =
        ::pread(descriptor_, into.data() + held, into.size() - held, static_cast<off_t>(offset + held));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(ErrorKind::io, "a temporary file cannot be read: " + reason() + ".");
    if (count == 0) break;
    held += static_cast<std::size_t>(count);
  }
  return held;
}

}  // namespace sluice
