#include "ports/aggregate_spec.h"

#include <algorithm>

namespace sluice {
namespace {

std::string written(const AggregateMeasure& measure) {
  const std::string function(kAggregateFunctions[static_cast<std::size_t>(measure.function)]);
  return measure.field.empty() ? function : function + "(" + measure.field + ")";
}

}  // namespace

nlohmann::ordered_json to_json(const AggregateSpec& spec) {
  auto measures = nlohmann::ordered_json::object();
  for (const AggregateMeasure& measure : spec.measures) measures[measure.name] = written(measure);
  return {{"name", spec.name}, {"by", spec.by}, {"measures", std::move(measures)}};
}

std::string definition_of(const AggregateSpec& spec) {
  auto measures = nlohmann::ordered_json::array();
  for (const AggregateMeasure& measure : spec.measures)
    measures.push_back({{"name", measure.name},
                        {"function", kAggregateFunctions[static_cast<std::size_t>(measure.function)]},
                        {"field", measure.field},
                        {"number", measure.is_number}});
  return nlohmann::ordered_json{{"name", spec.name}, {"by", spec.by}, {"measures", std::move(measures)}}
      .dump();
}

Result<AggregateSpec> aggregate_of(const std::string& definition) {
  AggregateSpec spec;
  try {
    const auto json = nlohmann::json::parse(definition);
    spec.name = json.at("name").get<std::string>();
    spec.by = json.at("by").get<std::vector<std::string>>();
    for (const auto& measure : json.at("measures")) {
      const auto function = measure.at("function").get<std::string>();
      const auto known = std::ranges::find(kAggregateFunctions, std::string_view(function));
      if (known == kAggregateFunctions.end())
        return fail(ErrorKind::internal, "an aggregate is kept with the function '" + function +
                                             "', which this program does not know.");
      spec.measures.push_back(
          {.name = measure.at("name").get<std::string>(),
           .function = static_cast<AggregateFunction>(known - kAggregateFunctions.begin()),
           .field = measure.at("field").get<std::string>(),
           .is_number = measure.at("number").get<bool>()});
    }
  } catch (const nlohmann::json::exception& error) {
    return fail(ErrorKind::internal,
                "what is kept of an aggregate cannot be read: " + std::string(error.what()));
  }
  return spec;
}

}  // namespace sluice
