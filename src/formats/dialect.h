// Dialect: how a delimited or JSON file is laid out, as a Frictionless Table Dialect (v2) says it.
// What is declared is set; what is not is found out (formats/detect.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

// Which sheet of a workbook: by its name, or its number from 1 on, hidden sheets counted.
struct SheetChoice {
  std::optional<std::string> name;
  std::optional<std::uint32_t> number;

  bool declared() const { return name || number; }
};

struct Dialect {
  std::optional<char> delimiter;
  std::optional<char> quote_char;  // with `quoting` false: the file has no quotes at all
  std::optional<bool> quoting;     // quoteChar: null (or "") in the descriptor makes it false
  std::optional<bool> double_quote;
  std::optional<char> escape_char;
  std::optional<std::string> null_sequence;
  std::optional<bool> skip_initial_space;
  std::optional<std::string>
      line_terminator;  // accepted, and used only to check: LF, CRLF and CR always end a line
  std::optional<bool> header;
  std::vector<std::uint32_t> header_rows;  // 1-based row numbers; empty: not declared
  std::optional<std::string> header_join;
  std::vector<std::uint32_t> comment_rows;
  std::optional<char> comment_char;
  std::optional<std::string> property;   // JSON: the member that holds the rows
  std::optional<std::string> item_type;  // JSON: "array" or "object"
  std::vector<std::string> item_keys;    // JSON: the members to take, in this order
  SheetChoice sheet;                     // workbooks: sheetName, sheetNumber
};

}  // namespace sluice
