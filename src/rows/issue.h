// Why a row was rejected. The codes are Frictionless error codes where one fits (contract, section 10).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

enum class RejectCode : std::uint8_t {
  blank_row,         // every cell is blank
  missing_cell,      // fewer cells than columns
  extra_cell,        // more cells than columns, or a member the schema does not know
  type_error,        // not a value of the field's type
  constraint_error,  // breaks a constraint, named in Issue::constraint
  unique_error,      // the same key or unique value stands in an earlier row of the job
  encoding_error,    // bytes that are no text in the file's encoding
  syntax_error,      // the row could not be taken apart
  row_too_large,     // over limits.row_bytes
  transform_error,   // a step of the pipeline could not be applied
};
std::string_view name_of(RejectCode code);  // "blank-row" …
std::optional<RejectCode> reject_code_named(std::string_view name);

struct Issue {
  RejectCode code;
  std::string field;               // column name; "" where the whole row is meant
  std::uint32_t field_number = 0;  // 1-based place of the column as read; 0: none
  std::string constraint;          // required, minLength, pattern, …; only for constraint_error
  std::string value;               // the offending value, cut to kIssueValueBytes on a character border
  std::string message;             // one sentence a spreadsheet user understands
  std::string suggestion;          // a value that would pass, or ""
};
inline constexpr std::size_t kIssueValueBytes = 200;
inline constexpr std::size_t kIssuesPerRow = 20;  // more say nothing new and would let one row fill the table

// A value for a message: cut to `limit_bytes` (and a … after them), never inside a character; control
// characters and bytes that are no UTF-8 as \n, \x00, \xFF.
std::string shown_value(std::string_view value, std::size_t limit_bytes = kIssueValueBytes);
// Any bytes as text that every program reads: only NUL and bytes that are no UTF-8 become \x00, \xFF.
std::string visible_text(std::string_view bytes);

// A rejected row on its way to the dead-letter table.
struct RejectedRow {
  std::uint64_t row_number = 0;  // 1-based among the rows of the file
  std::uint64_t line = 0;        // 1-based physical line of the row's first byte; 0: the format has no lines
  // The row as it was read, for the report and for resubmission: a JSON object column → value, or a JSON
  // string (the text) where the row could not be taken apart. "" where the pipeline keeps none.
  std::string raw;
  std::vector<Issue> issues;  // at least one

  std::size_t text_bytes() const;  // memory held besides the object itself
};

}  // namespace sluice
