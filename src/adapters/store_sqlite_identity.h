// What becomes of each good row of a commit (contract, section 5): inserted, updated, duplicate or rejected,
// and the writing of ingested_data, row_identities and the target table. Inside the caller's transaction,
// by the one thread that holds the gate.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "adapters/store_sqlite_entry.h"
#include "adapters/store_sqlite_target.h"
#include "adapters/store_sqlite_unique.h"
#include "ports/store.h"

namespace sluice {

// Called for a row that the store itself rejects.
using RejectRow = std::function<Result<>(RowEntry&, Issue)>;

class SqliteRowTable {
 public:
  static Result<std::unique_ptr<SqliteRowTable>> open(SqliteConnection& writer, const WriteSpec& spec);

  // Decides and stores every entry that is a good row without an outcome.
  Result<> store(std::span<RowEntry> entries, std::int64_t now, const RejectRow& reject);

 private:
  SqliteRowTable(SqliteConnection& writer, const WriteSpec& spec) : writer_(writer), spec_(spec) {}
  Result<> prepare();
  Result<> prepare_thorough();
  Result<> find_dataset();
  void bind_constants(std::int64_t now);
  void sort(std::span<RowEntry> entries);
  Result<std::int64_t> next_row_id();
  std::string_view stored_identity(const PreparedRow& row) const;

  // The quick way, for content and position without unique constraints.
  Result<> claim_all(std::span<RowEntry> entries, std::int64_t first_id);
  Result<> write_all(std::span<RowEntry> entries, std::int64_t first_id);
  Result<bool> confirm_known(const RowEntry& entry);

  // The thorough way (store_sqlite_ordered.cpp): looks up what is stored, decides row by row in the order of
  // the file, then writes each identity's last state once.
  struct Group {  // the rows of one identity
    std::int64_t row_id = 0;
    bool known = false;  // stored before, or by a row of this commit
    bool fresh = false;  // inserted by this commit
    bool replaced = false, moved = false;
    std::uint32_t first = 0;  // the entry at whose turn it is written
    std::uint32_t data = 0;   // the entry whose data it has
    Digest content_hash{};
    std::int64_t job_sequence = 0;  // its version
    std::uint64_t row_number = 0;
  };
  Result<> load_known(std::span<RowEntry> entries);
  Result<> load_group(Group& group, const PreparedRow& row);
  Result<> decide(std::span<RowEntry> entries, std::uint32_t at, const RejectRow& reject);
  Result<Outcome> decide_known(Group& group, std::span<RowEntry> entries, std::uint32_t at,
                               const RejectRow& reject);
  Result<Outcome> decide_known_key(Group& group, std::span<RowEntry> entries, std::uint32_t at,
                                   const RejectRow& reject);
  Result<bool> reject_if_taken(std::span<RowEntry> entries, std::uint32_t at, const RejectRow& reject);
  Result<Issue> unique_issue(const RowEntry& entry, const std::string& fields, std::string message);
  Result<std::string> values_of(const PreparedRow& row, const std::string& fields);
  Result<> write_groups(std::span<RowEntry> entries, std::int64_t first_id);
  Result<> write_known(const Group& group, const PreparedRow& row);

  Result<> insert(const PreparedRow& row, std::int64_t row_id, std::uint64_t row_number);

  SqliteConnection& writer_;
  const WriteSpec& spec_;
  SqliteTarget target_;
  std::int64_t dataset_ = 0;

  struct SortKey {
    std::uint64_t prefix;  // first bytes of the identity, so that most comparisons stay in this array
    std::uint32_t entry;
  };
  std::vector<SortKey> order_;  // undecided good rows by identity, equal ones in the order of the file

  bool thorough_ = false;
  SqliteUniqueValues unique_;
  std::vector<Group> groups_;            // in the order of `order_`
  std::vector<std::uint32_t> group_of_;  // per entry

  SqliteStatement claim_, find_, point_, insert_, touch_, check_, max_id_;  // the quick way, or both
  SqliteStatement stored_, replace_, move_, member_;                        // the thorough way
};

}  // namespace sluice
