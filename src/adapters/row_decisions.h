// What becomes of each good row of a commit (contract, section 5), the same for every store: the store looks
// up what it knows of the identities and of the unique values, this decides row by row in the order of the
// file, and the store then writes each identity's last state once.
// No database here; one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "adapters/row_entry.h"
#include "adapters/unique_claims.h"
#include "ports/store.h"

namespace sluice {

// The rows of one identity in a commit.
struct RowGroup {
  // What is stored, filled in by the store; later the state that the group is to be left in.
  bool known = false;
  Digest content_hash{};
  std::int64_t job_sequence = 0;  // with row_number: its version
  std::uint64_t row_number = 0;
  std::int64_t row_id = 0;  // SQLite: ingested_data.id

  // What has to be written.
  bool fresh = false;       // a new row
  bool replaced = false;    // a stored row gets the data of the entry `data`
  bool moved = false;       // a stored row now belongs to this job
  std::uint32_t first = 0;  // the entry at whose turn it is written
  std::uint32_t data = 0;   // the entry whose data it has
};

class RowDecisions {
 public:
  explicit RowDecisions(const WriteSpec& spec) : spec_(spec), unique_(spec) {}

  // Sorts the good rows without an outcome by identity, equal ones in the order of the file, and makes a
  // group of each identity. `entries` must live until the decisions are written.
  void begin(std::span<RowEntry> entries);
  std::span<RowGroup> groups() { return groups_; }  // by identity
  std::span<const RowGroup> groups() const { return groups_; }
  const PreparedRow& row_of(const RowGroup& group) const { return *entries_[group.data].row; }
  UniqueClaims& unique() { return unique_; }

  // Gives every row of begin() its outcome.
  Result<> decide(const RejectRow& reject);
  // Takes the outcomes back, for another begin().
  void undo();
  // Lets go of the entries of begin().
  void clear();

  // The group of an entry; none where its outcome was there before begin().
  const RowGroup* group_of(std::uint32_t entry) const {
    return group_of_[entry] == kNoGroup ? nullptr : &groups_[group_of_[entry]];
  }

 private:
  static constexpr std::uint32_t kNoGroup = ~std::uint32_t{0};
  Result<> decide(std::uint32_t at, const RejectRow& reject);
  Result<Outcome> decide_known(RowGroup& group, std::uint32_t at, const RejectRow& reject);
  Result<Outcome> decide_known_key(RowGroup& group, std::uint32_t at, const RejectRow& reject);
  Result<bool> reject_if_taken(std::uint32_t at, const RejectRow& reject);
  Issue unique_issue(const RowEntry& entry, const std::string& fields, std::string message) const;

  const WriteSpec& spec_;
  UniqueClaims unique_;
  std::span<RowEntry> entries_;
  std::vector<RowGroup> groups_;
  std::vector<std::uint32_t> group_of_;  // per entry
};

// Undecided good rows by identity, equal ones in the order of the file: indexes into `entries`. Most
// comparisons stay in the array of prefixes.
struct IdentityOrder {
  std::uint64_t prefix;
  std::uint32_t entry;
};
void sort_by_identity(std::span<const RowEntry> entries, std::vector<IdentityOrder>& order);

}  // namespace sluice
