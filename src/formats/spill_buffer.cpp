#include "formats/spill_buffer.h"

#include <algorithm>

namespace sluice {

SpillBuffer::SpillBuffer(std::size_t memory_bytes) : memory_bytes_(std::max(memory_bytes, 4 * kBlockBytes)) {}

Result<> SpillBuffer::append(std::string_view bytes) {
  memory_ += bytes;
  const std::size_t bound = file_ ? kTailBytes : memory_bytes_;
  if (memory_.size() <= bound) return {};
  if (!file_) file_ = TRY(TemporaryFile::create());
  // Whole blocks, so that none is read before all of it is there.
  const std::size_t whole = memory_.size() / kBlockBytes * kBlockBytes;
  TRY(file_->append(std::string_view(memory_).substr(0, whole)));
  spilled_bytes_ += whole;
  std::string rest = memory_.substr(whole);
  memory_ = std::move(rest);
  return {};
}

Result<> SpillBuffer::read(std::uint64_t offset, std::size_t size, std::string& out) {
  while (size > 0) {
    const std::string_view bytes = TRY(view(offset)).substr(0, size);
    out += bytes;
    offset += bytes.size();
    size -= bytes.size();
  }
  return {};
}

Result<std::string_view> SpillBuffer::view(std::uint64_t offset) {
  if (offset >= spilled_bytes_)
    return std::string_view(memory_).substr(static_cast<std::size_t>(offset - spilled_bytes_));
  const std::string& bytes = *TRY(block(offset / kBlockBytes));
  return std::string_view(bytes).substr(offset % kBlockBytes);
}

Result<const std::string*> SpillBuffer::block(std::uint64_t number) {
  auto found = blocks_.find(number);
  if (found != blocks_.end()) {
    if (found->second.age != ages_.begin()) ages_.splice(ages_.begin(), ages_, found->second.age);
    return &found->second.bytes;
  }
  std::string bytes;
  if (blocks_.size() >= memory_bytes_ / kBlockBytes) {
    auto oldest = blocks_.extract(ages_.back());
    ages_.pop_back();
    bytes = std::move(oldest.mapped().bytes);
  }
  bytes.resize(kBlockBytes);
  const std::size_t count = TRY(file_->read(number * kBlockBytes, bytes));
  if (count < kBlockBytes) return fail(ErrorKind::io, "a temporary file is shorter than it was");
  ages_.push_front(number);
  return &blocks_.emplace(number, Block{std::move(bytes), ages_.begin()}).first->second.bytes;
}

}  // namespace sluice
