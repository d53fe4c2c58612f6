// The key `aggregates:` of a pipeline file: a list of {name, by, measures}.
#include <algorithm>
#include <array>

#include "base/nearest.h"
#include "pipeline/config_values.h"
#include "pipeline/spec_keys.h"

namespace sluice {

namespace {

constexpr std::size_t kMostAggregates = 20, kMostFields = 20, kNameBytes = 100;
// A group is shown with these beside its fields and measures.
constexpr std::string_view kUpdatedAt = "updatedAt";

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytes && name.front() != '-' && name.front() != '.' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                  c == '-' || c == '.';
         });
}

Result<std::string> read_name(const ConfigNode& node, const std::string& key) {
  std::string name = TRY(read_text(node, key));
  if (!is_name(name))
    return wrong_value(node, key, "1 to 100 letters, digits and _ - . (a letter, a digit or _ first)");
  return name;
}

// "count", or "sum(amount)".
Result<AggregateMeasure> read_measure(const ConfigNode& node, const std::string& key, std::string name) {
  const std::string text = TRY(read_text(node, key));
  AggregateMeasure measure{.name = std::move(name)};
  if (text == "count") return measure;
  const std::size_t open = text.find('(');
  const std::string function = text.substr(0, open);
  const auto known = std::ranges::find(kAggregateFunctions, std::string_view(function));
  if (known == kAggregateFunctions.end())
    return fail_at(node.place, key + ": there is no function '" + function + "'; " +
                                   suggest_known(function, kAggregateFunctions));
  const bool has_field = open != std::string::npos && text.ends_with(')') && text.size() > open + 2;
  if (!has_field || *known == "count")
    return wrong_value(node, key, "count, sum(FIELD), min(FIELD) or max(FIELD)");
  measure.function = static_cast<AggregateFunction>(known - kAggregateFunctions.begin());
  measure.field = text.substr(open + 1, text.size() - open - 2);
  return measure;
}

Result<std::vector<AggregateMeasure>> read_measures(const ConfigNode& node, const std::string& key,
                                                    const AggregateSpec& spec) {
  if (node.kind != ConfigNode::Kind::map || node.items.empty() || node.items.size() > kMostFields)
    return wrong_value(node, key, "1 to 20 measures, such as {population: count, total: sum(amount)}");
  std::vector<AggregateMeasure> measures;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string& name = node.keys[i];
    if (!is_name(name))
      return fail_at(node.key_places[i],
                     key + ": '" + name + "' is no name for a measure (letters, digits and _ - .)");
    if (name == kUpdatedAt || std::ranges::find(spec.by, name) != spec.by.end())
      return fail_at(node.key_places[i],
                     key + ": a group has '" + name + "' already; give the measure another name");
    measures.push_back(TRY(read_measure(node.items[i], key + "." + name, name)));
  }
  std::ranges::sort(measures, {}, &AggregateMeasure::name);
  return measures;
}

Result<AggregateSpec> read_aggregate(const ConfigNode& node, const std::string& key) {
  constexpr std::array<std::string_view, 3> kKeys = {"name", "by", "measures"};
  if (node.kind != ConfigNode::Kind::map)
    return wrong_value(node, key, "{name: …, by: [FIELD], measures: {NAME: count}}");
  for (std::size_t i = 0; i < node.keys.size(); ++i)
    if (std::ranges::find(kKeys, std::string_view(node.keys[i])) == kKeys.end())
      return fail_at(node.key_places[i], "unknown key '" + node.keys[i] + "' in " + key + "; " +
                                             suggest_known(node.keys[i], kKeys));
  for (std::string_view needed : kKeys)
    if (node.find(needed) == nullptr)
      return fail_at(node.place, key + ": '" + std::string(needed) + "' is missing");
  AggregateSpec spec;
  spec.name = TRY(read_name(*node.find("name"), key + ".name"));
  const ConfigNode& by = *node.find("by");
  spec.by = TRY(read_texts(by, key + ".by"));
  if (spec.by.empty() || spec.by.size() > kMostFields)
    return wrong_value(by, key + ".by", "1 to 20 fields, as in [state]");
  for (std::size_t i = 0; i < spec.by.size(); ++i)
    if (spec.by[i] == kUpdatedAt ||
        std::find(spec.by.begin(), spec.by.begin() + static_cast<std::ptrdiff_t>(i), spec.by[i]) !=
            spec.by.begin() + static_cast<std::ptrdiff_t>(i))
      return fail_at(by.place, key + ".by: '" + spec.by[i] + "' stands twice in a group; rename the field");
  spec.measures = TRY(read_measures(*node.find("measures"), key + ".measures", spec));
  return spec;
}

}  // namespace

Result<> read_aggregates_key(const ConfigNode& node, SpecReading& reading) {
  auto& aggregates = reading.spec.aggregates;
  aggregates.clear();
  if (node.kind != ConfigNode::Kind::list || node.items.size() > kMostAggregates)
    return wrong_value(node, "aggregates",
                       "a list of at most 20, each {name: …, by: [FIELD], measures: {NAME: count}}");
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string key = "aggregates." + std::to_string(i);
    AggregateSpec spec = TRY(read_aggregate(node.items[i], key));
    if (std::ranges::find(aggregates, spec.name, &AggregateSpec::name) != aggregates.end())
      return fail_at(node.items[i].place, key + ": the name '" + spec.name + "' is there twice");
    aggregates.push_back(std::move(spec));
  }
  return {};
}

}  // namespace sluice
