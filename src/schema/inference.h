// SchemaInference: looks at every row of an input and says what the columns are. One object per thread;
// merge() joins them. The result depends on the rows only, not on how they were spread: a value has exactly
// one shape (value_shape.h), shapes are counted per column, and the schema is a function of the counts.
// Memory is the number of columns times some four hundred bytes, and more for columns of many shapes,
// whatever the number of rows.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rows/row_batch.h"
#include "schema/table_schema.h"

namespace sluice {

// What the file's own format says about types: nothing (CSV, TSV), or that a string is a string (JSON,
// NDJSON).
enum class CellSource : std::uint8_t { text, typed };

class SchemaInference {
 public:
  explicit SchemaInference(CellSource source = CellSource::text);
  ~SchemaInference();
  SchemaInference(SchemaInference&&) noexcept;
  SchemaInference& operator=(SchemaInference&&) noexcept;

  // Rejected rows and cells beyond the columns are not looked at. Blank cells decide nothing.
  void observe(const RowBatch& batch);
  void merge(SchemaInference&& other);

  // The narrowest type that holds for EVERY value of a column:
  //  - integer: digits with at most a minus. A leading zero, a plus sign or more than 15 digits anywhere make
  //  the
  //    column text (ZIP codes, phone and account numbers keep every digit).
  //  - number: with a decimal point; with a decimal comma or thousands groups only where some value leaves no
  //  other
  //    reading (1,5 or 1.234.567): a column of nothing but 1,234 stays text.
  //  - boolean: true/false in any usual letter case; yes/no where both occur. Not 0/1, not t/f.
  //  - date, time, datetime: with a format that holds throughout, the strptime pattern where there is one,
  //  else
  //    "any" with date_order. Where nothing decides between day and month, or rows contradict each other:
  //    text. A date with 0:00:00 behind it throughout is a date.
  //  - year: never (an integer serves), email: where all are addresses; objects, arrays, numbers and booleans
  //    of JSON keep their kind, a mixture of kinds is `any`.
  //  - NA, N/A, n/a, null, NULL, NaN and - become missingValues of a column that has another type than text
  //  without
  //    them. A column without a value is text. Nothing is `required`: tomorrow's file may have a blank.
  TableSchema schema() const;
  // Columns of the schema whose day/month order the rows decide: name → "dmy", "mdy" or "" (nothing decides).
  std::string date_order(const std::string& column) const;
  // Sentences for people: "Column 'ZIP Code' is text: 407 values have leading zeros."
  std::vector<std::string> findings() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
