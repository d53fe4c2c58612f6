// AggregateStore: what rows were counted and summed up to. Kept by RowWriter::commit and JobStore::remove;
// read here. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ports/aggregate_spec.h"

namespace sluice {

struct DeclaredAggregate {
  AggregateSpec spec;
  std::vector<std::string> pipelines;  // whose rows are in it, by name
};

// Values are JSON: "TX", 12, "12345678901234567890.5" (a number that no double is), null.
struct AggregateGroup {
  std::vector<std::string> by;        // as AggregateSpec::by
  std::vector<std::string> measures;  // as AggregateSpec::measures
  std::int64_t rows = 0;
  std::string updated_at;  // RFC 3339 UTC
  std::string cursor;      // opaque; `after` of the next question that is otherwise the same
};

struct AggregateQuestion {
  std::vector<std::pair<std::string, std::string>> equal;  // a field of `by` and its value as text
  std::string sort;  // a field of `by`, or a measure; "": by the fields of `by`, from the first on
  bool descending = false;
  std::string after;
  std::size_t limit = 100;
};

// What a look at every stored row found.
struct AggregateCheck {
  std::uint64_t rows = 0, groups = 0;
  std::uint64_t wrong = 0;  // groups that were kept otherwise, or not at all; they are right now
};

// What a group is set to by hand.
enum class ExpectedGroup : std::uint8_t { any, absent, present };
struct GroupSetting {
  std::vector<std::string> by;                   // as AggregateSpec::by, JSON as RFC 8785 writes it
  std::optional<std::vector<std::string>> sums;  // as AggregateSpec::measures, decimals; none: it goes
  ExpectedGroup expected = ExpectedGroup::any;   // otherwise nothing is done
};
struct GroupBeforeAndAfter {
  bool was_there = false;
  AggregateGroup now;  // without a cursor
};

class AggregateStore {
 public:
  virtual ~AggregateStore() = default;
  virtual Result<std::vector<DeclaredAggregate>> list(const std::string& tenant) = 0;  // by name
  virtual Result<std::optional<DeclaredAggregate>> get(const std::string& tenant,
                                                       const std::string& name) = 0;
  // Finds the least and greatest of values that went, where any are to be found: then this takes as long as a
  // look at every row of the pipelines.
  virtual Result<> look_up(const std::string& tenant, const AggregateSpec& spec) = 0;
  // Groups that have rows, after look_up. usage for a sort or field that the aggregate does not have.
  virtual Result<std::vector<AggregateGroup>> groups(const std::string& tenant, const AggregateSpec& spec,
                                                     const AggregateQuestion& question) = 0;
  // Makes all groups anew from the rows that are stored, whoever changed them, and from what was set by hand;
  // commits of the pipelines wait.
  virtual Result<AggregateCheck> rebuild(const std::string& tenant, const DeclaredAggregate& aggregate) = 0;
  // Sets a group, or takes it away; rows that come or go afterwards add to that or are taken from it. It is
  // kept as the difference to the rows. Declares the aggregate for its pipelines, where nobody did. Errors:
  // usage (a measure is no sum, or no such group can be), conflict (it is there, and expected absent; or the
  // aggregate is declared as something else), not_found (it is not there, and expected present).
  virtual Result<GroupBeforeAndAfter> set(const std::string& tenant, const DeclaredAggregate& aggregate,
                                          const GroupSetting& setting) = 0;
};

}  // namespace sluice
