// Columns: the names of a batch's columns, in the order of the file. Immutable and shared by many batches.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

using Columns = std::vector<std::string>;
using SharedColumns = std::shared_ptr<const Columns>;

// Names as the contract makes them unique (section 4): a blank one becomes column_N (N its 1-based place),
// a repeated one gets _2, _3 …, never one that another column has by itself.
Columns unique_columns(const std::vector<std::string>& names);

}  // namespace sluice
