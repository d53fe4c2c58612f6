// What a pipeline's rows are counted and summed up to: groups of rows that are equal in some fields, each
// with its measures. The store keeps them exact in the transactions that store, replace and remove rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

enum class AggregateFunction : std::uint8_t { count, sum, min, max };

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

}  // namespace sluice
