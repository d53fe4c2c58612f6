// A trial: reads the beginning of a file under a dialect and measures how well that fits. Part of csv_detect.
// The idea that a right dialect gives rows of one width and cells of one kind is that of van den Burg,
// Nazábal and Sutton, "Wrangling messy CSV files by detecting row and type patterns" (2019).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/read_plan.h"

namespace sluice {

struct TrialRecord {
  std::size_t begin = 0, end = 0;  // in the sample, line end included
  std::uint64_t line = 0;
  std::vector<std::string> cells;
  bool broken = false;
};

struct Trial {
  std::size_t records = 0;
  std::size_t width = 0;         // the most frequent one
  std::size_t of_width = 0;      // records that have it
  std::size_t widths = 0;        // how many different ones
  std::size_t broken = 0;        // records that are not properly closed
  std::size_t stray = 0;         // quoted cells with a quote inside that is not doubled
  std::size_t quoted = 0;        // cells properly in quotes
  double pattern = 0, type = 0;  // 0 to 1: one width and many columns; cells that look like values

  double share() const {
    return records == 0 ? 0 : static_cast<double>(of_width) / static_cast<double>(records);
  }
};

enum class CellLook : std::uint8_t { empty, number, date, other, text };
CellLook look_of(std::string_view cell);

// The records of `sample`, at most `limit`; blank and comment lines are left out.
std::vector<TrialRecord> trial_records(std::string_view sample, std::size_t begin, const CsvDialect& dialect,
                                       std::size_t limit);
Trial try_dialect(std::string_view sample, std::size_t begin, const CsvDialect& dialect);

}  // namespace sluice
