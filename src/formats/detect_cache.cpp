#include "formats/detect_cache.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>

namespace sluice {
namespace {

constexpr std::size_t kStepBytes = 256 * 1024;

class MemorySource : public ByteSource {
 public:
  MemorySource(std::shared_ptr<const std::string> bytes, std::uint64_t offset)
      : bytes_(std::move(bytes)), at_(std::min<std::uint64_t>(offset, bytes_->size())) {}
  Result<std::size_t> read(std::span<char> into, std::stop_token) override {
    std::size_t count = bytes_->copy(into.data(), into.size(), at_);
    at_ += count;
    return count;
  }
  std::optional<std::uint64_t> whole_size() const override { return bytes_->size(); }

 private:
  std::shared_ptr<const std::string> bytes_;
  std::size_t at_;
};

// Appends up to `most` bytes to `bytes`; true where the source ended before that.
Result<bool> append(ByteSource& source, std::string& bytes, std::size_t most, const std::stop_token& stop) {
  while (most > 0) {
    std::size_t before = bytes.size(), step = std::min(most, kStepBytes);
    bytes.resize(before + step);
    auto count = source.read({bytes.data() + before, step}, stop);
    bytes.resize(before + count.value_or(0));
    if (!count) return std::unexpected(std::move(count).error());
    if (*count == 0) return true;
    most -= *count;
  }
  return false;
}

class MemoryCache {
 public:
  MemoryCache(Opener inner, std::size_t most_bytes) : inner_(std::move(inner)), most_bytes_(most_bytes) {}

  Result<std::unique_ptr<ByteSource>> open(std::uint64_t offset) {
    {
      std::lock_guard lock(mutex_);
      if (!tried_) TRY(load());
      if (bytes_) return std::make_unique<MemorySource>(bytes_, offset);
    }
    return inner_(offset);
  }

 private:
  Result<> load() {
    auto source = TRY(inner_(0));
    auto bytes = std::make_shared<std::string>();
    bool ended = TRY(append(*source, *bytes, most_bytes_ + 1, {}));
    tried_ = true;
    if (!ended) return {};
    bytes->shrink_to_fit();
    bytes_ = std::move(bytes);
    return {};
  }

  const Opener inner_;
  const std::size_t most_bytes_;
  std::mutex mutex_;  // of what follows
  bool tried_ = false;
  std::shared_ptr<const std::string> bytes_;
};

// The head of a stream that comes once, and the stream behind it.
struct Replay {
  std::mutex mutex;  // of all
  std::unique_ptr<ByteSource> once;
  std::string head;
  std::size_t replay_bytes;
  bool beyond = false;  // somebody reads on behind the head, which then grows no more
};

class ReplaySource : public ByteSource {
 public:
  explicit ReplaySource(std::shared_ptr<Replay> replay) : replay_(std::move(replay)) {}

  Result<std::size_t> read(std::span<char> into, std::stop_token stop) override {
    if (owner_) return replay_->once->read(into, stop);
    std::lock_guard lock(replay_->mutex);
    std::string& head = replay_->head;
    if (at_ == head.size()) {
      if (replay_->beyond) return fail(ErrorKind::internal, "this input can be read only once");
      std::size_t room = replay_->replay_bytes - head.size();
      if (room == 0) {
        replay_->beyond = owner_ = true;
        return replay_->once->read(into, stop);
      }
      std::size_t step = std::min({room, into.size(), kStepBytes});
      head.resize(at_ + step);
      auto count = replay_->once->read({head.data() + at_, step}, stop);
      head.resize(at_ + count.value_or(0));
      if (!count) return std::unexpected(std::move(count).error());
    }
    std::size_t count = head.copy(into.data(), into.size(), at_);
    at_ += count;
    return count;
  }

 private:
  std::shared_ptr<Replay> replay_;
  std::size_t at_ = 0;
  bool owner_ = false;  // reads behind the head
};

}  // namespace

Opener in_memory_opener(Opener inner, std::size_t most_bytes) {
  auto cache = std::make_shared<MemoryCache>(std::move(inner), most_bytes);
  return [cache](std::uint64_t offset) { return cache->open(offset); };
}

Opener replaying_opener(std::unique_ptr<ByteSource> once, std::size_t replay_bytes) {
  auto replay = std::make_shared<Replay>();
  replay->once = std::move(once);
  replay->replay_bytes = replay_bytes;
  return [replay](std::uint64_t offset) -> Result<std::unique_ptr<ByteSource>> {
    {
      std::lock_guard lock(replay->mutex);
      if (replay->beyond) return fail(ErrorKind::internal, "this input can be read only once");
    }
    auto source = std::make_unique<ReplaySource>(replay);
    std::string skipped;
    [[maybe_unused]] bool ended = TRY(append(*source, skipped, offset, {}));
    return source;
  };
}

}  // namespace sluice
