// Buffer: owned bytes with readable padding after the end, as SIMD scanners and simdjson want it.
// Movable, not copyable. The padding is zero, so that a scanner that looks past the end sees no structure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace sluice {

class Buffer {
 public:
  static constexpr std::size_t kPadding = 64;

  Buffer() = default;
  explicit Buffer(std::size_t capacity) { reserve(capacity); }
  explicit Buffer(std::string_view bytes) { append(bytes); }
  Buffer(Buffer&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  char* data() { return bytes_.get(); }
  const char* data() const { return bytes_.get(); }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  std::string_view view() const { return {bytes_.get(), size_}; }

  // Room for `capacity` bytes; keeps the content.
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_ && bytes_) return;
    grow(capacity);
    std::memset(bytes_.get() + size_, 0, kPadding);
  }
  void resize(std::size_t size) {  // new bytes are not initialised
    reserve(size);
    size_ = size;
    std::memset(bytes_.get() + size_, 0, kPadding);
  }
  // `more` may be a part of this buffer.
  void append(std::string_view more) {
    std::unique_ptr<char[]> old;
    if (size_ + more.size() > capacity_ || !bytes_) old = grow(std::max(size_ + more.size(), capacity_ * 2));
    if (!more.empty()) std::memcpy(bytes_.get() + size_, more.data(), more.size());
    resize(size_ + more.size());
  }

 private:
  // Without the padding. Gives the block that was outgrown, for who still looks at it.
  std::unique_ptr<char[]> grow(std::size_t capacity) {
    auto bigger = std::make_unique_for_overwrite<char[]>(capacity + kPadding);
    if (size_ != 0) std::memcpy(bigger.get(), bytes_.get(), size_);
    capacity_ = capacity;
    return std::exchange(bytes_, std::move(bigger));
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace sluice
