// JSON: the rows are the elements of one array of a document, which may be of any size.
// A record is an element with the comma before it; ReadPlan::first_row stands just behind the array's [ or,
// where the first element is a header, behind that element.
#pragma once

#include <memory>

#include "formats/format.h"

namespace sluice {

std::unique_ptr<RowFormat> make_json_format(const ReadPlan& plan);

}  // namespace sluice
