#include "server/multipart.h"

#include <algorithm>

namespace sluice {
namespace {

// Blanks after a boundary: a gateway may pad lines (RFC 2046), by how much nobody says.
constexpr std::size_t kPaddingBytes = 200;

}  // namespace

std::unexpected<Error> malformed_form(const std::string& what) {
  return fail(ErrorKind::usage, "The form (multipart/form-data) cannot be read: " + what + ".");
}

MultipartScanner::MultipartScanner(const std::string& boundary, const MultipartLimits& limits,
                                   MultipartParts& parts)
    : delimiter_("\r\n--" + boundary), limits_(limits), parts_(parts) {}

Result<> MultipartScanner::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    auto used = step(bytes);
    if (!used) {
      state_ = State::broken;
      return std::unexpected(std::move(used).error());
    }
    bytes.remove_prefix(*used);
  }
  return {};
}

Result<> MultipartScanner::finish() const {
  if (state_ == State::epilogue) return {};
  return malformed_form("it ends before its closing boundary, so it did not arrive whole; send it again");
}

Result<std::size_t> MultipartScanner::step(std::string_view bytes) {
  switch (state_) {
    case State::preamble:
    case State::data: return scan(bytes);
    case State::after_boundary: return boundary_ends(bytes.front());
    case State::head: return take_head(bytes);
    case State::epilogue: return bytes.size();
    case State::broken: break;
  }
  return malformed_form("reading it has failed before");
}

// The delimiter has a CR at its beginning and nowhere else, so that bytes that began like one and went on
// otherwise are data as a whole, and the next candidate is the next CR.
Result<std::size_t> MultipartScanner::scan(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && matched_ > 0 && matched_ < delimiter_.size() &&
         bytes[at] == delimiter_[matched_])
    ++at, ++matched_;
  if (matched_ == delimiter_.size()) {
    TRY(boundary_found());
    return at;
  }
  if (at == bytes.size()) return at;
  if (matched_ > 0) {
    TRY(emit(std::string_view(delimiter_).substr(implied_, matched_ - implied_)));
    matched_ = implied_ = 0;
    return at;  // comes back with what follows
  }
  std::size_t candidate = std::min(bytes.find('\r'), bytes.size());
  TRY(emit(bytes.substr(0, candidate)));
  if (candidate == bytes.size()) return candidate;
  matched_ = 1;
  return candidate + 1;
}

Result<> MultipartScanner::emit(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (state_ == State::data) return parts_.part_data(bytes);
  if (bytes.size() > limits_.preamble_bytes - preamble_)
    return malformed_form(
        "no boundary stands at its beginning; is the boundary of the Content-Type the one that "
        "the body uses, and do its lines end in CRLF?");
  preamble_ += static_cast<std::uint32_t>(bytes.size());
  return {};
}

Result<> MultipartScanner::boundary_found() {
  if (state_ == State::data) TRY(parts_.part_ends());
  state_ = State::after_boundary;
  matched_ = implied_ = 0;
  tail_.clear();
  return {};
}

Result<std::size_t> MultipartScanner::boundary_ends(char c) {
  tail_ += c;
  if (tail_ == "-" || tail_ == "\r") return 1;
  if (tail_ == "--") {
    state_ = State::epilogue;
    return 1;
  }
  bool padding = tail_.find_first_not_of(" \t") == tail_.find('\r');
  if (tail_.ends_with("\r\n") && padding) {
    if (++part_count_ > limits_.parts)
      return malformed_form("it has more than " + std::to_string(limits_.parts) + " parts");
    state_ = State::head;
    head_.clear();
    return 1;
  }
  if (padding && tail_.find('\r') >= tail_.size() - 1 && tail_.size() < kPaddingBytes) return 1;
  return malformed_form("a boundary is followed by something else than the end of its line (CRLF)");
}

Result<std::size_t> MultipartScanner::take_head(std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && !head_.ends_with("\r\n\r\n") && head_ != "\r\n") {
    if (head_.size() == limits_.head_bytes)
      return malformed_form("the head of a part is longer than " + std::to_string(limits_.head_bytes) +
                            " bytes");
    // Up to the end of a line at once.
    std::size_t line = bytes.find('\n', used);
    line = std::min({line == std::string_view::npos ? bytes.size() : line + 1, bytes.size(),
                     used + limits_.head_bytes - head_.size()});
    head_ += bytes.substr(used, line - used);
    used = line;
  }
  if (!head_.ends_with("\r\n\r\n") && head_ != "\r\n") return used;
  PartHead head = TRY(part_head(head_, limits_));
  TRY(parts_.part_begins(head));
  state_ = State::data;
  matched_ = implied_ = 2;  // the empty line may be the delimiter's: a part without a body
  return used;
}

}  // namespace sluice
