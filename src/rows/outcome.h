// Row outcomes: what became of every row of a job, kept as run lengths per batch, so that the outcome of
// any row can be asked for at almost no cost per row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

enum class Outcome : std::uint8_t { none = 0, inserted = 1, updated = 2, duplicate = 3, rejected = 4 };
std::string_view name_of(Outcome outcome);

struct RowCounts {
  std::uint64_t read = 0, inserted = 0, updated = 0, duplicate = 0, rejected = 0;

  void add(Outcome outcome) {
    ++read;
    switch (outcome) {
      case Outcome::inserted: ++inserted; break;
      case Outcome::updated: ++updated; break;
      case Outcome::duplicate: ++duplicate; break;
      case Outcome::rejected: ++rejected; break;
      case Outcome::none: --read; break;
    }
  }
  RowCounts& operator+=(const RowCounts& more) {
    read += more.read;
    inserted += more.inserted;
    updated += more.updated;
    duplicate += more.duplicate;
    rejected += more.rejected;
    return *this;
  }
  friend bool operator==(const RowCounts&, const RowCounts&) = default;
};

// Encoding: a sequence of varints (LEB128), each run length × 8 + outcome; row numbers that the batch does
// not hold (a resubmission runs only some) are runs of `none`.
class OutcomeRuns {
 public:
  void append(std::uint64_t row_number, Outcome outcome);  // row numbers must rise
  bool empty() const { return last_row_ == 0; }
  std::uint64_t first_row() const { return first_row_; }
  std::uint64_t last_row() const { return last_row_; }
  std::string encoded() const;

 private:
  void flush();
  std::string bytes_;
  std::uint64_t first_row_ = 0, last_row_ = 0, run_ = 0;
  Outcome outcome_ = Outcome::none;
};

// Rows that stand together and had the same outcome; `none`: rows that the batch does not hold.
struct OutcomeRun {
  std::uint64_t first_row = 0, last_row = 0;
  Outcome outcome = Outcome::none;
};

// Takes apart what OutcomeRuns made, run by run. `encoded` has to outlive it.
class OutcomeReader {
 public:
  OutcomeReader(std::string_view encoded, std::uint64_t first_row) : rest_(encoded), row_(first_row) {}
  // None at the end, and before bytes that no OutcomeRuns wrote.
  std::optional<OutcomeRun> next();

 private:
  std::string_view rest_;
  std::uint64_t row_;
};

// The outcome of `row` in runs that begin at `first_row`; none where the runs end before it.
Outcome outcome_in(std::string_view encoded, std::uint64_t first_row, std::uint64_t row);

}  // namespace sluice
