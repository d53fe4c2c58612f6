// The body of POST /states/batch: read once, every element checked, and made into rows for a job. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jobs/posted_rows.h"

namespace sluice {

// What every reader of JSON takes as it is written: 2^53 - 1.
inline constexpr std::uint64_t kMostPopulation = 9'007'199'254'740'991;
inline constexpr std::size_t kStateNameBytes = 1000;
inline constexpr std::size_t kMostWrongStates = 1000;  // that are told one by one

struct WrongState {
  std::uint64_t index = 0;  // of the element, from 0 on
  std::string field;        // "" : the element itself
  std::string message;
};

struct PostedStates {
  PostedRows rows;  // NDJSON; whole only where nothing is wrong
  std::vector<WrongState> wrong;
  std::uint64_t wrong_count = 0;  // faults; more than `wrong` has, where there are more than kMostWrongStates
};

// {"states": [{"name": "Texas", "population": 1}, …]}. Usage error where the body is something else; elements
// that are wrong are in `wrong`.
Result<PostedStates> posted_states(const std::string& body);

// "" where it can be a state's name; else what is wrong with it: "is empty". `name` is valid UTF-8.
std::string fault_of_state_name(std::string_view name);

}  // namespace sluice
