// EncodingScout: sees all bytes of an input once and says how they are encoded. Called by detect() with the
// decompressed bytes in order; constant memory; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct EncodingVerdict {
  std::string encoding;  // canonical
  std::string finding;   // one sentence: which, and why
};

// Text around bytes that are not ASCII, taken evenly from the whole input in one pass: when the store is
// full, every second piece is dropped and from then on only every second one is taken.
class TextSamples {
 public:
  void offer(std::string_view block, std::size_t at);  // block[at] is not ASCII
  std::size_t next_offer() const { return next_; }     // bytes of the block before it are in the last piece
  void begin_block() { next_ = 0; }
  const std::vector<std::string>& pieces() const { return pieces_; }

 private:
  std::vector<std::string> pieces_;
  std::size_t next_ = 0;
  std::uint64_t seen_ = 0, stride_ = 1;
};

class EncodingScout {
 public:
  // Blocks of some KiB or more: a sample of the text does not reach over a border.
  void see(std::string_view block);
  EncodingVerdict verdict();  // once, after the last block

 private:
  void count_zeros(std::string_view block);
  std::size_t scan(std::string_view text, std::uint64_t offset, bool at_end);
  std::string by_byte_order_mark() const;
  std::string by_zeros() const;
  bool decodes_as(const std::string& encoding) const;

  std::string head_;                      // the first bytes
  std::uint64_t size_ = 0;                // bytes seen
  std::string carry_;                     // the beginning of a UTF-8 sequence that the last block cut off
  std::array<std::uint64_t, 4> zeros_{};  // NUL bytes by offset modulo 4
  std::uint64_t sequences_ = 0;           // valid multi-byte UTF-8 sequences
  std::uint64_t faults_ = 0;              // places that are not UTF-8
  std::uint64_t first_fault_ = 0;
  std::array<std::uint64_t, 256> high_bytes_{};  // how often, in blocks that are not UTF-8
  TextSamples samples_;
};

// The encoding of text that is neither Unicode nor ASCII, from samples of it and from which bytes occur at
// all.
std::string guess_legacy_encoding(const std::vector<std::string>& samples,
                                  const std::array<std::uint64_t, 256>& high_bytes);

}  // namespace sluice
