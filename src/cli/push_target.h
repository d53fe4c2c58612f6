// What `sluice push` sends, decided before the first row: the form of the body by the address, and the
// pipeline that --map, --const and --require stand for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pipeline/pipeline_spec.h"
#include "rows/issue.h"

namespace sluice {

struct PushColumns {
  std::vector<std::string> map, constants;  // NAME=COLUMN, NAME=VALUE
  std::vector<std::string> require;         // lists of columns, as a line of CSV
  bool any() const { return !map.empty() || !constants.empty() || !require.empty(); }
};

struct PushTarget {
  std::string url;
  bool states = false;  // …/states/batch: elements of a name and a population
  std::string opening, closing;
};
// `wrap`: the member of the body that holds the rows, "" for a bare array; none: as the address says.
Result<PushTarget> push_target(const std::string& url, const std::optional<std::string>& wrap);

// Where it goes to, whoever sends it: without user and password, and with *** for tokens and the like. Two
// pushes of a file to the same address are one.
std::string push_address(std::string_view url);

// Why the states service would refuse this row, a JSON object: by the rules that it has itself. None: it
// takes it. Any thread.
std::optional<Issue> state_fault(std::string_view row);

// The steps and, for states, the schema that make a row of the file what is sent; into `spec`.
Result<> add_columns(PipelineSpec& spec, const PushColumns& columns, const PushTarget& target);

}  // namespace sluice
