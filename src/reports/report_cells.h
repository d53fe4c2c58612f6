// ReportCells: a rejected row laid out in the columns of a CSV or XLSX report. One object per report, used by
// one thread; the texts are not neutralised yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rows/columns.h"
#include "rows/issue.h"

namespace sluice {

// Where each column's cell is.
using CellPlaces = std::unordered_map<std::string, std::size_t>;
// Lays out a JSON object: members that have a column into its cell as text (numbers and what is nested as
// they were written, null as nothing), the others into `more` as a JSON object; "" where there are none.
// False where it is no object, or none that can be told apart into columns (a member that stands twice).
// `cells` and `more` are to be empty.
bool take_apart(const std::string& json, const CellPlaces& places, std::span<std::string> cells,
                std::string& more);

class ReportCells {
 public:
  // Of the sender's columns the first `most_columns` get one of their own; the others' values stand in
  // sluice_more.
  explicit ReportCells(const Columns& columns, std::size_t most_columns = SIZE_MAX);

  const Columns& header() const { return header_; }
  std::size_t own_columns() const { return own_columns_; }

  // One text for each column of the header, valid until the next call.
  const std::vector<std::string>& lay_out(const std::string& job_id, const RejectedRow& row);
  // The column that an issue is about; std::nullopt where it is about the whole row or a field without a
  // column.
  std::optional<std::size_t> column_of(const Issue& issue) const;

 private:
  Columns header_;
  std::size_t own_columns_ = 0;
  CellPlaces places_;                                 // of the sender's columns in the header
  std::vector<std::optional<std::size_t>> numbered_;  // the same by their number in the input
  std::vector<std::string> cells_;
};

// RejectedRow::raw where it is a JSON string or, against the rules, no JSON at all: the text.
// std::nullopt for an object.
std::optional<std::string> raw_text(const std::string& raw);

}  // namespace sluice
