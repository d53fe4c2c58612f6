// Arena: bump allocation for bytes that live as long as one batch. Not thread-safe; movable.
// Pointers stay valid when the arena is moved and until it is destroyed or another is moved into it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice {

class Arena {
 public:
  Arena() = default;
  // The one moved from is empty afterwards: it must not go on writing into blocks that it gave away.
  Arena(Arena&& other) noexcept { *this = std::move(other); }
  Arena& operator=(Arena&& other) noexcept {
    blocks_ = std::exchange(other.blocks_, {});
    block_ = std::exchange(other.block_, nullptr);
    capacity_ = std::exchange(other.capacity_, 0);
    used_ = std::exchange(other.used_, 0);
    last_ = std::exchange(other.last_, 0);
    total_ = std::exchange(other.total_, 0);
    return *this;
  }

  // At least `size` writable bytes, aligned for `align` (a power of two up to 16).
  char* allocate(std::size_t size, std::size_t align = 1) {
    std::size_t at = (used_ + align - 1) & ~(align - 1);
    if (at + size > capacity_) [[unlikely]] {
      grow(size);
      at = 0;
    }
    last_ = at;
    used_ = at + size;
    return block_ + at;
  }

  // Gives back the tail of the newest allocation, so that a caller may ask for an upper bound first.
  void shrink_last(std::size_t size) { used_ = last_ + size; }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* to = allocate(text.size());
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  template <class T>
  std::span<T> array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 16);
    T* first = reinterpret_cast<T*>(allocate(count * sizeof(T), alignof(T)));
    return {new (first) T[count], count};
  }

  std::size_t bytes() const { return total_; }  // what the arena holds from the heap

 private:
  void grow(std::size_t size) {
    std::size_t block = std::clamp(total_, kFirstBlock, kBlock);  // doubles what there is
    if (size > block) block = size;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block));
    block_ = blocks_.back().get();
    capacity_ = block;
    used_ = last_ = 0;
    total_ += block;
  }

  static constexpr std::size_t kFirstBlock = 16 * 1024;
  static constexpr std::size_t kBlock = 256 * 1024;

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* block_ = nullptr;
  std::size_t capacity_ = 0, used_ = 0, last_ = 0, total_ = 0;
};

}  // namespace sluice
