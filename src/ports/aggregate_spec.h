// What a pipeline's rows are counted and summed up to: groups of rows that are equal in some fields, each
// with its measures. The store keeps them exact in the transactions that store, replace and remove rows.
// Values, no state: any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace sluice {

enum class AggregateFunction : std::uint8_t { count, sum, min, max };
inline constexpr std::array<std::string_view, 4> kAggregateFunctions = {"count", "sum", "min", "max"};

struct AggregateMeasure {
  std::string name;
  AggregateFunction function = AggregateFunction::count;
  std::string field;       // "" for count, which counts rows
  bool is_number = false;  // the field's values compare as numbers; else as text, byte by byte

  friend bool operator==(const AggregateMeasure&, const AggregateMeasure&) = default;
};

// Known by its name within a tenant: several pipelines that say the same of it add to the same groups.
struct AggregateSpec {
  std::string name;
  std::vector<std::string> by;             // at least one field
  std::vector<AggregateMeasure> measures;  // at least one, by name

  friend bool operator==(const AggregateSpec&, const AggregateSpec&) = default;
};

// As in a pipeline file: {"name": "states", "by": ["state"], "measures": {"population": "count"}}.
nlohmann::ordered_json to_json(const AggregateSpec& spec);

// As the store keeps it: with what the schema says of the fields, too.
std::string definition_of(const AggregateSpec& spec);
Result<AggregateSpec> aggregate_of(const std::string& definition);  // internal, where it is none

}  // namespace sluice
