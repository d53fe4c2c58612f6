// SchemaInference: looks at every row of an input and says what the columns are. One object per thread;
// merge() joins them. The result depends on the rows only, not on how they were spread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rows/row_batch.h"
#include "schema/table_schema.h"

namespace sluice {

class SchemaInference {
 public:
  SchemaInference();
  ~SchemaInference();
  SchemaInference(SchemaInference&&) noexcept;
  SchemaInference& operator=(SchemaInference&&) noexcept;

  // Rejected rows and cells beyond the columns are not looked at. Blank cells decide nothing.
  void observe(const RowBatch& batch);
  void merge(SchemaInference&& other);

  // The narrowest type that holds for EVERY value of a column. Digits with a leading zero are text (ZIP codes
  // keep theirs), so are identifiers longer than a number keeps exactly. Dates and times only with a format
  // that holds throughout, with date_order where the column decides it.
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
