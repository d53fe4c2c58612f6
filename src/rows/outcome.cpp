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

std::optional<OutcomeRun> OutcomeReader::next() {
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (std::size_t i = 0; i < rest_.size() && shift <= 63; ++i, shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_[i]);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte & 0x80) continue;
    const std::uint64_t length = value >> 3;
    if (length == 0 || (value & 7) > 4) break;
    rest_.remove_prefix(i + 1);
    row_ += length;
    return OutcomeRun{row_ - length, row_ - 1, static_cast<Outcome>(value & 7)};
  }
  rest_ = {};
  return std::nullopt;
}

Outcome outcome_in(std::string_view encoded, std::uint64_t first_row, std::uint64_t row) {
  if (row < first_row) return Outcome::none;
  OutcomeReader reader(encoded, first_row);
  while (auto run = reader.next())
    if (row <= run->last_row) return run->outcome;
  return Outcome::none;
}

}  // namespace sluice
