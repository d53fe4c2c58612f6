// The planning pass with the format given, for those who have it at hand (plan_ranges in chunk_reader.h makes
// it from the plan).
#pragma once

#include "formats/chunk_reader.h"

namespace sluice {

Result<PlannedInput> plan_ranges(const ReadPlan& plan, const RowFormat& format, const Opener& opener,
                                 std::uint64_t split_bytes, std::stop_token stop);

}  // namespace sluice
