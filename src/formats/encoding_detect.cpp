// Unicode or not, decided on every byte: byte order marks, the NUL bytes of UTF-16 and UTF-32, and whether
// all of it is UTF-8 (simdjson's validator on whole blocks; the slow scan only where a block is not).
#include "formats/encoding_detect.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>

#include "formats/encoding.h"

namespace sluice {
namespace {

constexpr std::size_t kHeadBytes = 64 * 1024;
// 1024 pieces of some 60 bytes are more text than any detector gains from.
constexpr std::size_t kMostPieces = 1024;
constexpr std::size_t kPieceBefore = 32, kPieceAfter = 48, kPieceLongest = 160;

bool is_beyond_ascii(char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }
// A byte below 0x40 is no second byte of a character in any of the multi-byte encodings we may meet (but for
// the digits of GB 18030's rare four-byte ones): there a piece may begin and end.
bool is_boundary(char c) { return static_cast<unsigned char>(c) < 0x40; }

// The bytes that begin a multi-byte sequence: those whose two highest bits are set.
std::uint64_t count_leads(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  constexpr std::size_t kWords = 8;
  std::uint64_t count = 0;
  std::size_t at = 0;
  for (; at + 8 * kWords <= text.size(); at += 8 * kWords) {
    std::array<std::uint64_t, kWords> words;
    std::memcpy(words.data(), text.data() + at, sizeof words);
    std::uint64_t any = 0;
    for (std::uint64_t word : words) any |= word;
    if ((any & kHighBits) == 0) continue;
    for (std::uint64_t word : words) {
      count += static_cast<std::uint64_t>(std::popcount(word & (word << 1) & kHighBits));
    }
  }
  for (; at < text.size(); ++at) count += (static_cast<unsigned char>(text[at]) & 0xC0) == 0xC0;
  return count;
}

// How much of a UTF-8 sequence stands at the front of `text`: its size if it is a valid one, 0 if it may
// become one with more bytes, and -1 if it is none.
int sequence_at(std::string_view text) {
  auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  unsigned char lead = byte(0);
  int size = lead < 0xC2 ? -1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : -1;
  if (size < 0) return -1;
  for (int at = 1; at < size; ++at) {
    if (static_cast<std::size_t>(at) == text.size()) return 0;
    unsigned char low = 0x80, high = 0xBF;
    if (at == 1) {
      if (lead == 0xE0) low = 0xA0;   // overlong
      if (lead == 0xED) high = 0x9F;  // surrogates
      if (lead == 0xF0) low = 0x90;   // overlong
      if (lead == 0xF4) high = 0x8F;  // beyond Unicode
    }
    if (byte(static_cast<std::size_t>(at)) < low || byte(static_cast<std::size_t>(at)) > high) return -1;
  }
  return size;
}

// The bytes at the end that begin a sequence without finishing it (0 to 3).
std::size_t cut_off_bytes(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    unsigned char c = static_cast<unsigned char>(text[text.size() - back]);
    if (c < 0x80) return 0;
    if (c >= 0xC0) return sequence_at(text.substr(text.size() - back)) == 0 ? back : 0;
  }
  return 0;
}

}  // namespace

void TextSamples::offer(std::string_view block, std::size_t at) {
  std::size_t begin = at, earliest = at - std::min(at, kPieceBefore);
  while (begin > earliest && !is_boundary(block[begin - 1])) --begin;
  std::size_t end = at + 1, latest = std::min(block.size(), at + kPieceLongest);
  while (end < latest && (end < at + kPieceAfter || !is_boundary(block[end - 1]))) ++end;
  next_ = end;
  if (seen_++ % stride_ != 0) return;
  if (pieces_.size() == kMostPieces) {
    for (std::size_t keep = 1; 2 * keep < kMostPieces; ++keep) pieces_[keep] = std::move(pieces_[2 * keep]);
    pieces_.resize(kMostPieces / 2);
    stride_ *= 2;
    if ((seen_ - 1) % stride_ != 0) return;
  }
  pieces_.emplace_back(block.substr(begin, end - begin));
}

void EncodingScout::see(std::string_view block) {
  if (head_.size() < kHeadBytes) head_.append(block.substr(0, kHeadBytes - head_.size()));
  count_zeros(block);
  std::uint64_t offset = size_;
  size_ += block.size();
  if (!carry_.empty()) {
    // A sequence has at most three bytes more; what is taken of them is not looked at again.
    std::size_t before = carry_.size();
    carry_.append(block.substr(0, 3));
    std::string joined = std::move(carry_);
    carry_.clear();
    std::size_t done = scan(joined, offset - before, false);
    if (done < before) {  // the block is shorter than the rest of the sequence
      carry_ = std::move(joined);
      return;
    }
    block.remove_prefix(done - before);
    offset += done - before;
  }
  std::size_t cut_off = cut_off_bytes(block);
  std::string_view whole = block.substr(0, block.size() - cut_off);
  if (simdjson::validate_utf8(whole.data(), whole.size())) {
    sequences_ += count_leads(whole);
  } else {
    scan(whole, offset, true);
  }
  carry_ = block.substr(whole.size());
}

void EncodingScout::count_zeros(std::string_view block) {
  if (block.empty() || std::memchr(block.data(), '\0', block.size()) == nullptr) return;
  for (std::size_t at = 0; at < block.size(); ++at) zeros_[(size_ + at) & 3] += block[at] == '\0';
}

// Counts sequences and faults and takes samples; returns how many bytes it is done with: all of them, or,
// unless `at_end`, those before a sequence that is cut off.
std::size_t EncodingScout::scan(std::string_view text, std::uint64_t offset, bool at_end) {
  samples_.begin_block();
  std::size_t at = 0;
  while (at < text.size()) {
    if (!is_beyond_ascii(text[at])) {
      std::uint64_t eight;
      while (at + 8 <= text.size() &&
             (std::memcpy(&eight, text.data() + at, 8), (eight & 0x8080808080808080) == 0)) {
        at += 8;
      }
      while (at < text.size() && !is_beyond_ascii(text[at])) ++at;
      continue;
    }
    int size = sequence_at(text.substr(at));
    if (size == 0 && !at_end) return at;
    if (at >= samples_.next_offer()) samples_.offer(text, at);
    ++high_bytes_[static_cast<unsigned char>(text[at])];
    if (size > 0) {
      ++sequences_;
      for (int more = 1; more < size; ++more)
        ++high_bytes_[static_cast<unsigned char>(text[at + static_cast<std::size_t>(more)])];
      at += static_cast<std::size_t>(size);
    } else {
      if (faults_++ == 0) first_fault_ = offset + at;
      ++at;
    }
  }
  return at;
}

EncodingVerdict EncodingScout::verdict() {
  if (!carry_.empty()) scan(std::exchange(carry_, {}), size_ - carry_.size(), true);
  if (std::string marked = by_byte_order_mark(); !marked.empty()) {
    return {marked, "Encoding " + marked + ", as its byte order mark says."};
  }
  if (std::string wide = by_zeros(); !wide.empty()) {
    return {wide, "Encoding " + wide + ": every second byte or more of the ASCII characters is zero."};
  }
  if (faults_ == 0) {
    bool shifted = head_.find("\x1b$B") != std::string::npos || head_.find("\x1b$@") != std::string::npos ||
                   head_.find("\x1b(J") != std::string::npos;
    if (shifted) return {"iso-2022-jp", "Encoding iso-2022-jp, by its escape sequences."};
    if (sequences_ == 0) return {"utf-8", "Encoding utf-8 (all of it is ASCII)."};
    return {"utf-8", "Encoding utf-8."};
  }
  std::string where = "the first bad byte is byte " + std::to_string(first_fault_ + 1);
  if (sequences_ >= faults_) {
    return {"utf-8", "Encoding utf-8, with " + std::to_string(faults_) + (faults_ == 1 ? " byte" : " bytes") +
                         " that are not (" + where + "); rows with such bytes are rejects."};
  }
  std::string legacy = guess_legacy_encoding(samples_.pieces(), high_bytes_);
  return {legacy, "Encoding " + legacy + ", guessed: it is not UTF-8 (" + where +
                      "), and this fits best; set source.encoding if it is another."};
}

std::string EncodingScout::by_byte_order_mark() const {
  std::string_view head = head_;
  if (head.starts_with("\xef\xbb\xbf")) return faults_ == 0 || sequences_ >= faults_ ? "utf-8" : "";
  if (head.starts_with(std::string_view("\xff\xfe\0\0", 4)) && size_ % 4 == 0) return "utf-32le";
  if (head.starts_with(std::string_view("\0\0\xfe\xff", 4))) return "utf-32be";
  if (head.starts_with("\xff\xfe")) return "utf-16le";
  if (head.starts_with("\xfe\xff")) return "utf-16be";
  if (head.starts_with("\x84\x31\x95\x33")) return "gb18030";
  return "";
}

// ASCII in UTF-16 has a NUL in every unit, always on the same side; nearly every table has digits, delimiters
// and line ends. Where the bytes happen to be UTF-8 as well (all ASCII), many NULs are asked for: a few may
// be stray ones.
std::string EncodingScout::by_zeros() const {
  std::uint64_t even = zeros_[0] + zeros_[2], odd = zeros_[1] + zeros_[3];
  std::uint64_t units = size_ / 2, quads = size_ / 4;
  if (even + odd == 0 || units == 0) return "";
  auto nearly_all = [](std::uint64_t count, std::uint64_t of) { return count * 10 >= of * 9; };
  if (quads > 0 && size_ % 4 == 0) {
    if (nearly_all(zeros_[2], quads) && nearly_all(zeros_[3], quads) && decodes_as("utf-32le"))
      return "utf-32le";
    if (nearly_all(zeros_[0], quads) && nearly_all(zeros_[1], quads) && decodes_as("utf-32be"))
      return "utf-32be";
  }
  std::uint64_t asked = faults_ == 0 ? units / 4 + 1 : units / 20 + 1;
  if (odd >= asked && even * 20 <= odd && decodes_as("utf-16le")) return "utf-16le";
  if (even >= asked && odd * 20 <= even && decodes_as("utf-16be")) return "utf-16be";
  return "";
}

bool EncodingScout::decodes_as(const std::string& encoding) const {
  auto decoder = make_decoder(encoding);
  if (!decoder) return false;
  std::string_view in = std::string_view(head_).substr(0, 4096);
  std::string out(3 * in.size() + Decoder::kLeastRoom, '\0');
  auto progress = (*decoder)->decode(in, out, false);
  return out.find(kUndecodable) >= progress.written;
}

}  // namespace sluice
