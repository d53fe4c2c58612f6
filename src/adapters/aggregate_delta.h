// What one transaction changes in the groups of a pipeline's aggregates, and what a group becomes by it.
// Shared by the stores: they add up rows while they write them, and apply the sums when all else is written,
// so that groups which many sessions change are locked for a moment only. No database here; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/decimal_sum.h"
#include "base/result.h"
#include "ports/aggregate_spec.h"

namespace sluice {

// Where a transaction goes through many rows: with so many groups in memory they are changed in between.
inline constexpr std::size_t kMostGroupsInMemory = 200'000;

// Values are JSON as RFC 8785 writes it: "TX", 12, null.
struct MeasureDelta {
  DecimalSum sum;
  std::string added,
      removed;  // min, max: the outermost of those that came, and of those that went; "" : none
};

struct GroupDelta {
  std::int64_t rows = 0;
  std::vector<MeasureDelta> measures;  // as AggregateSpec::measures; those that count are left empty
};

// A group as it is kept, also where it has no rows any more: its version goes on.
struct GroupState {
  std::int64_t rows = 0;
  std::vector<std::string> values;  // as AggregateSpec::measures
  // min, max: the value went, and which is the outermost now is to be found in the rows that are stored.
  std::vector<bool> stale;

  explicit GroupState(const AggregateSpec& spec);
  friend bool operator==(const GroupState&, const GroupState&) = default;
};
// No rows, and nothing was added by hand that they would have to be added to.
bool is_nothing(const AggregateSpec& spec, const GroupState& state);

// Below 0 for the smaller of two JSON values, as the measure compares them.
int compare_values(const AggregateMeasure& measure, std::string_view a, std::string_view b);

void apply(const AggregateSpec& spec, const GroupDelta& delta, GroupState& state);
// What makes `to` of `from`; of an aggregate whose measures are all sums.
GroupDelta difference(const AggregateSpec& spec, const GroupState& from, const GroupState& to);

// A group's measures and stale ones as the tables have them.
std::string measures_json(const AggregateSpec& spec, const GroupState& state);
std::string stale_list(const AggregateSpec& spec, const GroupState& state);  // "first,last,"
// Of one that has lost its last row only sums count: something may be added to them by hand.
Result<GroupState> group_state(const AggregateSpec& spec, std::int64_t rows, std::string_view measures,
                               std::string_view stale);

class AggregateDeltas {
 public:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  // By the group's key: the JCS array of the values of AggregateSpec::by.
  using Groups = std::unordered_map<std::string, GroupDelta, TextHash, std::equal_to<>>;

  explicit AggregateDeltas(const std::vector<AggregateSpec>& specs);  // which it points into

  // A row that is stored from now on, or no more, as its JSON: RFC 8785, or what a database made of that.
  Result<> add(std::string_view row);
  Result<> remove(std::string_view row);
  // Of other groups than these nothing is added up from now on.
  void only(std::unordered_set<std::string> keys) { only_ = std::move(keys); }
  void clear();
  std::size_t group_count() const;

  const Groups& groups(std::size_t aggregate) const { return aggregates_[aggregate].groups; }
  // The same with what the tables know a group by, the SHA-256 (hex) of its key, and in the order of that:
  // the one in which every store looks groups up, and locks them.
  struct HashedGroup {
    std::string hash;
    const Groups::value_type* group;
  };
  std::vector<HashedGroup> hashed_groups(std::size_t aggregate) const;
  const AggregateSpec& spec(std::size_t aggregate) const { return *aggregates_[aggregate].spec; }
  std::size_t size() const { return aggregates_.size(); }
  // The part of a row that aggregates look at, as JSON: for a row whose other fields are in a table of their
  // own.
  Result<std::string> part_of(std::string_view row);

 private:
  struct Aggregate {
    const AggregateSpec* spec;
    std::vector<std::size_t> by, measures;  // places in fields_; kNoField where a measure has none
    Groups groups;
  };
  std::size_t place_of(const std::string& field);
  Result<> read(std::string_view row);
  Result<> change(std::string_view row, DecimalSum::Sign sign);
  Result<> change(Aggregate& aggregate, DecimalSum::Sign sign);

  std::vector<Aggregate> aggregates_;
  std::vector<std::string> fields_;  // that are looked at, sorted
  std::vector<std::string> values_;  // of the row at hand: "null" where it has none
  std::optional<std::unordered_set<std::string>> only_;
  std::string key_;
};

}  // namespace sluice
