// What `sluice push` sends, decided before the first row: the form of the body by the address, and the
// pipeline that --map, --const and --require stand for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/pipeline_spec.h"

namespace sluice {

struct PushColumns {
  std::vector<std::string> map, constants, require;  // as they stand on the command line
  bool any() const { return !map.empty() || !constants.empty() || !require.empty(); }
};

struct PushTarget {
  std::string url;
  bool states = false;  // …/states/batch: elements of a name and a population
  std::string opening, closing;
};
// `wrap`: the member of the body that holds the rows, "" for a bare array; none: as the address says.
Result<PushTarget> push_target(const std::string& url, const std::optional<std::string>& wrap);

// The steps and, for states, the schema that make a row of the file what is sent; into `spec`.
Result<> add_columns(PipelineSpec& spec, const PushColumns& columns, const PushTarget& target);

}  // namespace sluice
