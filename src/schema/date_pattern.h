// strptime patterns: compiled once, then matched against whole texts, or written from a moment.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/moment.h"

namespace sluice {

// std::nullopt: an unknown conversion, or the pattern does not name what `kind` needs (a year for dates, an
// hour for times). Month and day may be missing and are then 1, as strptime has it. Conversions: %Y %m %d %y
// %b %B %h %H %I %p %M %S %f %z %Z %j %a %A %e %%, and %F %T %D %R as the pairs they stand for; "%-d" is
// "%d". Numbers may lack their leading zero. A blank matches any white space.
std::optional<std::vector<DatePatternStep>> compile_date_pattern(Temporal kind, std::string_view pattern);

DateReading::Problem match_date_pattern(const std::vector<DatePatternStep>& steps, Temporal kind,
                                        std::string_view text, Moment& moment);
std::string write_date_pattern(const std::vector<DatePatternStep>& steps, const Moment& moment);

}  // namespace sluice
