// What may stand behind the array of rows: nothing, or the rest of the document that the array is a part of.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// `rest`: the bytes behind the array's ]; all there are if `at_end`, else those that are in memory, and only
// they are checked. What is wrong, as the end of a sentence; none: nothing is.
std::optional<std::string> check_json_rest(std::string_view rest, const std::string& pointer, bool at_end);

}  // namespace sluice
