#include "rows/outcome.h"

namespace sluice {
namespace {
void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}
}  // namespace

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::inserted: return "inserted";
    case Outcome::updated: return "updated";
    case Outcome::duplicate: return "duplicate";
    case Outcome::rejected: return "rejected";
    case Outcome::none: break;
  }
  return "none";
}

void OutcomeRuns::append(std::uint64_t row_number, Outcome outcome) {
  if (last_row_ == 0) {
    first_row_ = row_number;
  } else if (row_number > last_row_ + 1) {
    flush();
    outcome_ = Outcome::none;
    run_ = row_number - last_row_ - 1;
  }
  if (run_ != 0 && outcome_ != outcome) flush();
  outcome_ = outcome;
  ++run_;
  last_row_ = row_number;
}

void OutcomeRuns::flush() {
  if (run_ != 0) append_varint(bytes_, run_ << 3 | static_cast<std::uint64_t>(outcome_));
  run_ = 0;
}

std::string OutcomeRuns::encoded() const {
  OutcomeRuns copy = *this;
  copy.flush();
  return copy.bytes_;
}

Outcome outcome_in(std::string_view encoded, std::uint64_t first_row, std::uint64_t row) {
  if (row < first_row) return Outcome::none;
  std::uint64_t at = first_row, value = 0;
  unsigned shift = 0;
  for (unsigned char c : encoded) {
    value |= static_cast<std::uint64_t>(c & 0x7f) << shift;
    shift += 7;
    if (c & 0x80) {
      if (shift > 63) return Outcome::none;
      continue;
    }
    std::uint64_t run = value >> 3;
    // Outcomes that there are none of: bytes that no OutcomeRuns wrote.
    if (row - at < run) return (value & 7) <= 4 ? static_cast<Outcome>(value & 7) : Outcome::none;
    at += run;
    value = shift = 0;
  }
  return Outcome::none;
}

}  // namespace sluice
