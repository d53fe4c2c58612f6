// What becomes of each good row of a commit (contract, section 5): inserted, updated, duplicate or rejected,
// and the writing of ingested_data, row_identities and the target table. Inside the caller's transaction,
// by the one thread that holds the gate.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "adapters/row_decisions.h"
#include "adapters/row_entry.h"
#include "adapters/store_sqlite_aggregates.h"
#include "adapters/store_sqlite_target.h"
#include "adapters/store_sqlite_unique.h"
#include "ports/store.h"

namespace sluice {

class SqliteRowTable {
 public:
  static Result<std::unique_ptr<SqliteRowTable>> open(SqliteConnection& writer, const WriteSpec& spec);

  // Decides and stores every entry that is a good row without an outcome.
  Result<> store(std::span<RowEntry> entries, std::int64_t now, const RejectRow& reject);

 private:
  SqliteRowTable(SqliteConnection& writer, const WriteSpec& spec)
      : writer_(writer), spec_(spec), decisions_(spec) {}
  Result<> prepare();
  Result<> prepare_thorough();
  Result<> find_dataset();
  // Whatever the job's plan says of them: what is declared while it runs has its rows, too.
  Result<> load_aggregates();
  void bind_constants(std::int64_t now);
  Result<std::int64_t> next_row_id();
  std::string_view stored_identity(const PreparedRow& row) const;

  // The quick way, for content and position without unique constraints.
  Result<> claim_all(std::span<RowEntry> entries, std::int64_t first_id);
  Result<> write_all(std::span<RowEntry> entries, std::int64_t first_id);
  Result<bool> confirm_known(const RowEntry& entry);

  // The thorough way (store_sqlite_ordered.cpp): looks up what is stored, decides row by row in the order of
  // the file, then writes each identity's last state once.
  Result<> store_decided(std::span<RowEntry> entries, std::int64_t first_id, const RejectRow& reject);
  Result<> load_known(RowGroup& group);
  Result<> write_groups(std::span<RowEntry> entries, std::int64_t first_id);
  Result<> write_known(const RowGroup& group);
  Result<> replace_in_aggregates(std::int64_t row_id, const PreparedRow& row);

  Result<> insert(const PreparedRow& row, std::int64_t row_id, std::uint64_t row_number);
  // Of what goes into a table of its own, aggregates need a part here. Alive until the next.
  Result<std::string_view> part_for_aggregates(const PreparedRow& row);

  SqliteConnection& writer_;
  const WriteSpec& spec_;
  SqliteTarget target_;
  std::int64_t dataset_ = 0;

  std::vector<IdentityOrder> order_;  // the quick way: undecided good rows

  std::unique_ptr<SqliteAggregates> aggregates_;  // none: the pipeline has none
  std::int64_t aggregates_seen_ = 0;              // how many there were when they were loaded
  std::string part_;

  bool thorough_ = false;
  RowDecisions decisions_;
  SqliteUniqueValues unique_;

  SqliteStatement declared_;
  SqliteStatement claim_, find_, point_, insert_, touch_, check_, max_id_;  // the quick way, or both
  SqliteStatement stored_, before_, replace_, move_;                        // the thorough way
};

}  // namespace sluice
