// Reading files and descriptors: the ByteSource behind a named file, a stored blob and standard input.
// Called by file_opener, FileBlobs::open and descriptor_source; one thread per source.
#include "adapters/blobs_file_internal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <system_error>

namespace sluice {

FileDescriptor::~FileDescriptor() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::unexpected<Error> system_error(const std::string& doing, int error_number) {
  ErrorKind kind = error_number == ENOENT ? ErrorKind::not_found : ErrorKind::io;
  return fail(kind, doing + ": " + std::generic_category().message(error_number));
}

namespace {

// One read() is at most this long, so that a stop request is seen soon also on a slow disk. Longer reads were
// not faster.
constexpr std::size_t kReadBytes = 1 << 20;

std::unexpected<Error> stopped(const std::string& name) {
  return fail(ErrorKind::cancelled, "reading '" + name + "' was stopped");
}

// Wakes a poll() when the token asks to stop.
class StopSignal {
 public:
  StopSignal() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  int descriptor() const { return event_.get(); }
  void raise() const {
    std::uint64_t one = 1;
    [[maybe_unused]] auto written = ::write(event_.get(), &one, sizeof one);
  }

 private:
  FileDescriptor event_;
};

class DescriptorSource : public ByteSource {
 public:
  DescriptorSource(FileDescriptor file, std::string name, Descriptor ownership, bool waits)
      : file_(std::move(file)), name_(std::move(name)), ownership_(ownership) {
    if (waits) signal_ = std::make_unique<StopSignal>();
  }
  ~DescriptorSource() override {
    if (ownership_ == Descriptor::borrowed) file_.release();
  }

  Result<std::size_t> read(std::span<char> into, std::stop_token stop) override {
    while (true) {
      if (stop.stop_requested()) return stopped(name_);
      if (signal_) {
        bool ready = TRY(wait(stop));
        if (!ready) return stopped(name_);
      }
      ssize_t count = ::read(file_.get(), into.data(), std::min(into.size(), kReadBytes));
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR && errno != EAGAIN) return system_error("cannot read '" + name_ + "'");
    }
  }
  std::optional<std::uint64_t> whole_size() const override {
    struct stat status{};
    // A borrowed descriptor is read where it stands: nobody can open it anywhere else.
    if (signal_ || ownership_ == Descriptor::borrowed || ::fstat(file_.get(), &status) != 0)
      return std::nullopt;
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  // Until there is something to read (true) or the token asks to stop (false).
  Result<bool> wait(const std::stop_token& stop) {
    std::stop_callback wake(stop, [this] { signal_->raise(); });
    pollfd polled[2] = {{file_.get(), POLLIN, 0}, {signal_->descriptor(), POLLIN, 0}};
    while (::poll(polled, 2, -1) < 0) {
      if (errno != EINTR) return system_error("cannot wait for '" + name_ + "'");
    }
    return polled[0].revents != 0 || polled[1].revents == 0;
  }

  FileDescriptor file_;
  std::string name_;
  Descriptor ownership_;
  std::unique_ptr<StopSignal> signal_;  // none for regular files, which never keep a reader waiting
};

FileIdentity identity_in(const struct stat& status) {
  return {static_cast<std::uint64_t>(status.st_size),
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec,
          S_ISREG(status.st_mode)};
}

}  // namespace

Result<std::unique_ptr<ByteSource>> open_file_source(const std::string& path, const std::string& name,
                                                     std::uint64_t offset, const std::string& version) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ENOENT) return fail(ErrorKind::not_found, "there is no file '" + name + "'");
    return system_error("cannot open '" + name + "'");
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return system_error("cannot look at '" + name + "'");
  if (S_ISDIR(status.st_mode)) {
    return fail(ErrorKind::input, "'" + name + "' is a folder; name the files in it");
  }
  if (!version.empty() && identity_in(status).version() != version)
    return fail(ErrorKind::input,
                "'" + name +
                    "' was changed while it was read. Nothing more of it is loaded; send it "
                    "as a new job.");
  bool regular = S_ISREG(status.st_mode);
  if (offset != 0 && ::lseek(file.get(), static_cast<off_t>(offset), SEEK_SET) < 0) {
    return system_error("cannot begin reading '" + name + "' at byte " + std::to_string(offset));
  }
  if (regular) ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return std::make_unique<DescriptorSource>(std::move(file), name, Descriptor::owned, !regular);
}

Opener file_opener(std::string path) {
  return [path = std::move(path)](std::uint64_t offset) { return open_file_source(path, path, offset); };
}

std::unique_ptr<ByteSource> descriptor_source(int descriptor, std::string name, Descriptor ownership) {
  struct stat status{};
  bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  return std::make_unique<DescriptorSource>(FileDescriptor(descriptor), std::move(name), ownership, !regular);
}

std::string FileIdentity::version() const { return std::to_string(size) + "-" + std::to_string(modified_ns); }

Result<FileIdentity> file_identity(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return fail(ErrorKind::not_found, "there is no file '" + path + "'");
    return system_error("cannot look at '" + path + "'");
  }
  if (S_ISDIR(status.st_mode)) {
    return fail(ErrorKind::input, "'" + path + "' is a folder; name the files in it");
  }
  return identity_in(status);
}

}  // namespace sluice
