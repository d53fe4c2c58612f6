#include "adapters/aggregate_delta.h"

#include <simdjson.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/decimal.h"
#include "base/sha256.h"

namespace sluice {
namespace {

constexpr std::string_view kNull = "null";
constexpr std::size_t kNoField = ~std::size_t{0};

// A number may be written as a string, where a double would not hold it.
std::string_view digits_of(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"') return value.substr(1, value.size() - 2);
  return value;
}

std::string text_of(std::string_view value) {
  if (value.find('\\') == std::string_view::npos) return std::string(digits_of(value));
  const auto json = nlohmann::json::parse(value, nullptr, false);
  return json.is_string() ? json.get<std::string>() : std::string(value);
}

// Is `a` further out than `b`: smaller for min, greater for max?
bool is_outside(const AggregateMeasure& measure, std::string_view a, std::string_view b) {
  const int order = compare_values(measure, a, b);
  return measure.function == AggregateFunction::min ? order < 0 : order > 0;
}

void take_outermost(const AggregateMeasure& measure, std::string_view value, std::string& outermost) {
  if (outermost.empty() || is_outside(measure, value, outermost)) outermost = value;
}

// Rows that were stored, or planned, when nobody summed the field up: those that come now are rejects.
std::unexpected<Error> cannot_sum(const AggregateSpec& spec, const AggregateMeasure& measure,
                                  std::string_view value) {
  return fail(ErrorKind::usage, "the aggregate '" + spec.name + "' cannot sum up " +
                                    std::string(value.substr(0, 100)) + " in '" + measure.field +
                                    "': a number of at most " + std::to_string(kSumDigits) +
                                    " digits before and after its point can be.");
}

std::string json_number(const std::string& decimal) {
  return is_exact_json_number(decimal) ? decimal : '"' + decimal + '"';
}

// Where it is stale, `value` is still a bound: what is stored is not further out.
void apply_outermost(const AggregateMeasure& measure, const MeasureDelta& delta, std::string& value,
                     bool& stale) {
  const bool any = value != kNull;
  if (any && !delta.removed.empty() && !is_outside(measure, value, delta.removed)) stale = true;
  if (delta.added.empty() || (any && is_outside(measure, value, delta.added))) return;
  value = delta.added;
  stale = false;
}

// The members of an object, each value as it stands there; a number as RFC 8785 writes it, whatever a
// database made of it.
template <class Visit>
Result<> each_member(std::string_view json, Visit visit) {
  thread_local simdjson::ondemand::parser parser;
  thread_local std::string padded, scratch;
  padded.reserve(json.size() + simdjson::SIMDJSON_PADDING);
  padded = json;
  auto broken = [&] {
    return fail(ErrorKind::internal,
                "what is stored of a row is no JSON object: " + std::string(json.substr(0, 200)));
  };
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (parser.iterate(padded.data(), padded.size(), padded.capacity()).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS)
    return broken();
  for (auto member : object) {
    std::string_view name, token;
    simdjson::ondemand::json_type type{};
    if (member.unescaped_key().get(name) != simdjson::SUCCESS ||
        member.value().type().get(type) != simdjson::SUCCESS ||
        member.value().raw_json_token().get(token) != simdjson::SUCCESS)
      return broken();
    token = token.substr(0, token.find_last_not_of(" \n\r\t") + 1);
    if (type == simdjson::ondemand::json_type::array || type == simdjson::ondemand::json_type::object) {
      visit(name, kNull);  // no value to group by or to compare
    } else if (type != simdjson::ondemand::json_type::number) {
      visit(name, token);
    } else {
      const auto canonical = canonical_decimal(token, scratch);
      visit(name, canonical ? *canonical : token);
    }
  }
  return {};
}

}  // namespace

int compare_values(const AggregateMeasure& measure, std::string_view a, std::string_view b) {
  if (!measure.is_number) return text_of(a).compare(text_of(b));
  const auto left = parse_decimal(digits_of(a)), right = parse_decimal(digits_of(b));
  if (!left || !right) return a.compare(b);
  return compare(*left, *right);
}

GroupState::GroupState(const AggregateSpec& spec) : stale(spec.measures.size(), false) {
  for (const AggregateMeasure& measure : spec.measures) {
    const bool outermost =
        measure.function == AggregateFunction::min || measure.function == AggregateFunction::max;
    values.emplace_back(outermost ? kNull : "0");
  }
}

bool is_nothing(const AggregateSpec& spec, const GroupState& state) {
  if (state.rows != 0) return false;
  for (std::size_t i = 0; i < spec.measures.size(); ++i)
    if (spec.measures[i].function == AggregateFunction::sum && state.values[i] != "0") return false;
  return true;
}

void apply(const AggregateSpec& spec, const GroupDelta& delta, GroupState& state) {
  state.rows += delta.rows;
  for (std::size_t i = 0; i < spec.measures.size(); ++i) {
    const AggregateMeasure& measure = spec.measures[i];
    if (measure.function == AggregateFunction::count) {
      state.values[i] = std::to_string(state.rows);
    } else if (measure.function == AggregateFunction::sum) {
      if (delta.measures[i].sum.is_zero()) continue;
      DecimalSum sum;
      (void)sum.add(digits_of(state.values[i]), DecimalSum::Sign::plus, kDigitsOfSum);  // a sum of ours
      sum.add(delta.measures[i].sum);
      state.values[i] = json_number(sum.text());
    } else {
      bool stale = state.stale[i];
      apply_outermost(measure, delta.measures[i], state.values[i], stale);
      state.stale[i] = stale;
    }
  }
}

GroupDelta difference(const AggregateSpec& spec, const GroupState& from, const GroupState& to) {
  GroupDelta delta{.rows = to.rows - from.rows, .measures = {}};
  delta.measures.resize(spec.measures.size());
  for (std::size_t i = 0; i < spec.measures.size(); ++i) {
    (void)delta.measures[i].sum.add(digits_of(to.values[i]), DecimalSum::Sign::plus, kDigitsOfSum);
    (void)delta.measures[i].sum.add(digits_of(from.values[i]), DecimalSum::Sign::minus, kDigitsOfSum);
  }
  return delta;
}

std::string measures_json(const AggregateSpec& spec, const GroupState& state) {
  std::string json = "{";
  for (std::size_t i = 0; i < spec.measures.size(); ++i)
    json += (i == 0 ? "\"" : ",\"") + spec.measures[i].name + "\":" + state.values[i];
  return json + "}";
}

std::string stale_list(const AggregateSpec& spec, const GroupState& state) {
  std::string list;
  for (std::size_t i = 0; i < spec.measures.size(); ++i)
    if (state.stale[i]) list += spec.measures[i].name + ",";
  return list;
}

Result<GroupState> group_state(const AggregateSpec& spec, std::int64_t rows, std::string_view measures,
                               std::string_view stale) {
  GroupState state(spec);
  state.rows = rows;
  TRY(each_member(measures, [&](std::string_view name, std::string_view value) {
    for (std::size_t i = 0; i < spec.measures.size(); ++i)
      if (spec.measures[i].name == name && (rows != 0 || spec.measures[i].function == AggregateFunction::sum))
        state.values[i] = value;
  }));
  if (rows == 0) return state;
  while (!stale.empty()) {
    const std::string_view name = stale.substr(0, stale.find(','));
    for (std::size_t i = 0; i < spec.measures.size(); ++i)
      if (spec.measures[i].name == name) state.stale[i] = true;
    stale.remove_prefix(std::min(stale.size(), name.size() + 1));
  }
  return state;
}

AggregateDeltas::AggregateDeltas(const std::vector<AggregateSpec>& specs) {
  for (const AggregateSpec& spec : specs) {
    fields_.insert(fields_.end(), spec.by.begin(), spec.by.end());
    for (const AggregateMeasure& measure : spec.measures)
      if (!measure.field.empty()) fields_.push_back(measure.field);
  }
  std::ranges::sort(fields_);
  fields_.erase(std::ranges::unique(fields_).begin(), fields_.end());
  values_.resize(fields_.size());
  for (const AggregateSpec& spec : specs) {
    Aggregate aggregate{.spec = &spec, .by = {}, .measures = {}, .groups = {}};
    for (const std::string& name : spec.by) aggregate.by.push_back(place_of(name));
    for (const AggregateMeasure& measure : spec.measures)
      aggregate.measures.push_back(measure.field.empty() ? kNoField : place_of(measure.field));
    aggregates_.push_back(std::move(aggregate));
  }
}

std::size_t AggregateDeltas::place_of(const std::string& field) {
  return static_cast<std::size_t>(std::ranges::lower_bound(fields_, field) - fields_.begin());
}

Result<> AggregateDeltas::add(std::string_view row) { return change(row, DecimalSum::Sign::plus); }
Result<> AggregateDeltas::remove(std::string_view row) { return change(row, DecimalSum::Sign::minus); }

void AggregateDeltas::clear() {
  for (Aggregate& aggregate : aggregates_) aggregate.groups.clear();
}

std::size_t AggregateDeltas::group_count() const {
  std::size_t count = 0;
  for (const Aggregate& aggregate : aggregates_) count += aggregate.groups.size();
  return count;
}

std::vector<AggregateDeltas::HashedGroup> AggregateDeltas::hashed_groups(std::size_t aggregate) const {
  std::vector<HashedGroup> hashed;
  Sha256 sha;
  for (const auto& group : groups(aggregate)) hashed.push_back({to_hex(sha.of(group.first)), &group});
  std::ranges::sort(hashed, {}, &HashedGroup::hash);
  return hashed;
}

Result<> AggregateDeltas::read(std::string_view row) {
  for (std::string& value : values_) value = kNull;
  return each_member(row, [&](std::string_view name, std::string_view value) {
    const auto field = std::ranges::lower_bound(fields_, name);
    if (field != fields_.end() && *field == name)
      values_[static_cast<std::size_t>(field - fields_.begin())] = value;
  });
}

Result<std::string> AggregateDeltas::part_of(std::string_view row) {
  TRY(read(row));
  std::string part = "{";
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (values_[i] == kNull) continue;
    if (part.size() > 1) part += ',';
    part += nlohmann::json(fields_[i]).dump() + ":" + values_[i];
  }
  return part + "}";
}

Result<> AggregateDeltas::change(std::string_view row, DecimalSum::Sign sign) {
  TRY(read(row));
  for (Aggregate& aggregate : aggregates_) TRY(change(aggregate, sign));
  return {};
}

Result<> AggregateDeltas::change(Aggregate& aggregate, DecimalSum::Sign sign) {
  key_.assign(1, '[');
  for (std::size_t place : aggregate.by) {
    if (key_.size() > 1) key_ += ',';
    key_ += values_[place];
  }
  key_ += ']';
  if (only_ && !only_->contains(key_)) return {};
  auto found = aggregate.groups.find(std::string_view(key_));
  if (found == aggregate.groups.end()) {
    found = aggregate.groups.emplace(key_, GroupDelta{}).first;
    found->second.measures.resize(aggregate.spec->measures.size());
  }
  GroupDelta& group = found->second;
  group.rows += static_cast<int>(sign);
  for (std::size_t i = 0; i < aggregate.measures.size(); ++i) {
    const AggregateMeasure& measure = aggregate.spec->measures[i];
    if (measure.function == AggregateFunction::count) continue;
    const std::string& value = values_[aggregate.measures[i]];
    if (value == kNull) continue;
    MeasureDelta& delta = group.measures[i];
    if (measure.function != AggregateFunction::sum)
      take_outermost(measure, value, sign == DecimalSum::Sign::plus ? delta.added : delta.removed);
    else if (!delta.sum.add(digits_of(value), sign))
      return cannot_sum(*aggregate.spec, measure, value);
  }
  return {};
}

}  // namespace sluice
