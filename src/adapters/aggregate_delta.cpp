#include "adapters/aggregate_delta.h"

#include <simdjson.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/decimal.h"

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

bool GroupState::is_stale() const { return std::ranges::find(stale, true) != stale.end(); }

void apply(const AggregateSpec& spec, const GroupDelta& delta, GroupState& state) {
  state.rows += delta.rows;
  for (std::size_t i = 0; i < spec.measures.size(); ++i) {
    const AggregateMeasure& measure = spec.measures[i];
    if (measure.function == AggregateFunction::count) {
      state.values[i] = std::to_string(state.rows);
    } else if (measure.function == AggregateFunction::sum) {
      if (delta.measures[i].sum.is_zero()) continue;
      DecimalSum sum;
      sum.add(digits_of(state.values[i]));
      sum.add(delta.measures[i].sum);
      state.values[i] = json_number(sum.text());
    } else {
      bool stale = state.stale[i];
      apply_outermost(measure, delta.measures[i], state.values[i], stale);
      state.stale[i] = stale;
    }
  }
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

bool AggregateDeltas::empty() const {
  return std::ranges::all_of(aggregates_,
                             [](const Aggregate& aggregate) { return aggregate.groups.empty(); });
}

// The fields' values, each as it stands there; a number as RFC 8785 writes it, whatever a database made of
// it.
Result<> AggregateDeltas::read(std::string_view row) {
  padded_.reserve(row.size() + simdjson::SIMDJSON_PADDING);
  padded_ = row;
  for (std::string& value : values_) value = kNull;
  thread_local simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  auto broken = [&] {
    return fail(ErrorKind::internal, "a stored row is no JSON object: " + std::string(row.substr(0, 200)));
  };
  if (parser.iterate(padded_.data(), padded_.size(), padded_.capacity()).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS)
    return broken();
  for (auto member : object) {
    std::string_view name;
    if (member.unescaped_key().get(name) != simdjson::SUCCESS) return broken();
    const auto field = std::ranges::lower_bound(fields_, name);
    if (field == fields_.end() || *field != name) continue;
    std::string& value = values_[static_cast<std::size_t>(field - fields_.begin())];
    std::string_view token;
    simdjson::ondemand::json_type type{};
    if (member.value().type().get(type) != simdjson::SUCCESS) return broken();
    if (member.value().raw_json_token().get(token) != simdjson::SUCCESS) return broken();
    token = token.substr(0, token.find_last_not_of(" \n\r\t") + 1);
    if (type == simdjson::ondemand::json_type::number) {
      std::string scratch;
      const auto canonical = canonical_decimal(token, scratch);
      value = canonical ? *canonical : token;
    } else {
      value = token;
    }
  }
  return {};
}

Result<> AggregateDeltas::change(std::string_view row, DecimalSum::Sign sign) {
  if (aggregates_.empty()) return {};
  TRY(read(row));
  for (Aggregate& aggregate : aggregates_) change(aggregate, sign);
  return {};
}

void AggregateDeltas::change(Aggregate& aggregate, DecimalSum::Sign sign) {
  key_.assign(1, '[');
  for (std::size_t place : aggregate.by) {
    if (key_.size() > 1) key_ += ',';
    key_ += values_[place];
  }
  key_ += ']';
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
    if (measure.function == AggregateFunction::sum)
      delta.sum.add(digits_of(value), sign);
    else
      take_outermost(measure, value, sign == DecimalSum::Sign::plus ? delta.added : delta.removed);
  }
}

}  // namespace sluice
