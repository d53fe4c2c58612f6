// Numbers as schemas let people write them, on the way to the canonical decimal of base/decimal.h. Pure
// functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/arena.h"

namespace sluice {

// Surely canonical already (what nearly every cell of a number column is): nothing is to be made. False says
// nothing: canonical_decimal decides then.
bool is_plain_canonical(std::string_view text);
// [+-]digits.
bool is_integer_text(std::string_view text);
bool is_canonical_integer(std::string_view canonical);  // of a canonical decimal: has it no fraction?

// The canonical decimal, in `text` itself or in the arena; none where it is no number.
std::optional<std::string_view> canonical_in(std::string_view text, Arena& arena);

// A number as a schema's decimalChar, groupChar and bareNumber allow it.
struct NumberSpelling {
  char decimal_char = '.';
  std::string group_char;
  bool bare = true;

  bool is_default() const { return bare && decimal_char == '.' && group_char.empty(); }
  // The plain text of base/decimal.h ("-1234.5"), in `text` or the arena. None: it does not have this
  // spelling.
  std::optional<std::string_view> plain(std::string_view text, Arena& arena) const;
};

// -1, 0, 1 for two canonical decimals; exact. Fast where both have at most 18 digits.
int compare_canonical(std::string_view a, std::string_view b);

// What `text` was evidently meant as: blanks and currency signs taken off, "12.30" for "12,30", "1234.5" for
// "1,234.5"; "" where two readings are possible or none. `whole`: for an integer field.
std::string mend_number(std::string_view text, bool whole);

}  // namespace sluice
