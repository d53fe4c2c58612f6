// NDJSON: one JSON value a line. A line that is none costs its row only.
#pragma once

#include <memory>

#include "formats/format.h"

namespace sluice {

std::unique_ptr<RowFormat> make_ndjson_format(const ReadPlan& plan);

}  // namespace sluice
