// Position: a place between two records of an input. Only the format that made it understands `offset`;
// everybody else stores it and hands it back.
#pragma once

#include <cstdint>

namespace sluice {

struct Position {
  std::uint64_t offset = 0;  // bytes of the decoded input (decompressed, as UTF-8, BOM included) before it
  std::uint64_t row = 1;     // number of the next row (1-based)
  std::uint64_t line = 1;    // physical line of the next byte (1-based)

  friend bool operator==(const Position&, const Position&) = default;
};

}  // namespace sluice
