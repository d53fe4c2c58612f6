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
  Result<> find_dataset();
  void bind_constants(std::int64_t now);
  void sort(std::span<RowEntry> entries);
  Result<std::int64_t> next_row_id();
  std::string_view stored_identity(const PreparedRow& row) const;

  // The quick way, for content and position without unique constraints.
  Result<> claim_all(std::span<RowEntry> entries, std::int64_t first_id);
  Result<> write_all(std::span<RowEntry> entries, std::int64_t first_id);
  Result<bool> confirm_known(const RowEntry& entry);

  Result<> insert(const PreparedRow& row, std::int64_t row_id);

  SqliteConnection& writer_;
  const WriteSpec& spec_;
  SqliteTarget target_;
  std::int64_t dataset_ = 0;

  struct SortKey {
    std::uint64_t prefix;  // first bytes of the identity, so that most comparisons stay in this array
    std::uint32_t entry;
  };
  std::vector<SortKey> order_;  // undecided good rows by identity, equal ones in the order of the file

  SqliteStatement claim_, find_, point_, insert_, touch_, check_, max_id_;
};

}  // namespace sluice
