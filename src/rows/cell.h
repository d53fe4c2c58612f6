// Cell: one value of one row, a 16-byte view into bytes that the row's batch owns.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

enum class CellKind : std::uint8_t {
  missing,  // the row has no such member at all
  null,
  string,   // UTF-8 text
  number,   // decimal text as read; the canonical decimal once normalised (base/decimal.h)
  boolean,  // "true" or "false"
  json,     // an object or array as JSON text, in any layout until it is hashed
};

struct Cell {
  const char* data = nullptr;
  std::uint32_t size = 0;
  CellKind kind = CellKind::missing;
  bool quoted = false;  // CSV: stood in quotes (a quoted nullSequence is text)

  std::string_view text() const { return {data, size}; }
  bool is_null() const { return kind <= CellKind::null; }  // null or missing

  static Cell of(CellKind kind, std::string_view text) {
    return {text.data(), static_cast<std::uint32_t>(text.size()), kind, false};
  }
  static Cell string(std::string_view text) { return of(CellKind::string, text); }
  static Cell number(std::string_view text) { return of(CellKind::number, text); }
  static Cell boolean(bool value) { return of(CellKind::boolean, value ? "true" : "false"); }
  static Cell json(std::string_view text) { return of(CellKind::json, text); }
  static Cell null() { return of(CellKind::null, {}); }
};
static_assert(sizeof(Cell) == 16);

}  // namespace sluice
