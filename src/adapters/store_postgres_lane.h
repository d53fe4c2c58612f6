// One session that writes a part of a commit: its connection, its transaction, its rows. Lane 0 is the main
// one, whose transaction moves the split's checkpoint and commits last; the others commit before it and note
// in ingestion_lanes how far they are, so that nothing is lost or done twice where the main one does not
// follow. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/pg_pool.h"
#include "adapters/row_entry.h"
#include "adapters/store_postgres_aggregates.h"
#include "adapters/store_postgres_table.h"
#include "base/uuid.h"
#include "ports/store.h"

namespace sluice {

class PostgresLane {
 public:
  PostgresLane(unsigned number, PgPool& pool, const WriteSpec& spec, const PostgresDataset& dataset)
      : number_(number), pool_(pool), spec_(spec), table_(spec, dataset), dataset_(dataset) {}
  ~PostgresLane();
  PostgresLane(const PostgresLane&) = delete;
  PostgresLane& operator=(const PostgresLane&) = delete;

  Result<> connect();  // where it is not connected
  PgConnection& connection() { return *connection_; }
  bool connected() const { return connection_ && connection_->usable(); }

  // Begins a transaction and takes the split; `conflict` where the lease is lost.
  Result<> begin(const Lease& lease);
  // Waits for the locks of the slots [first, end), as long as lock_timeout says (PgTransaction): a session
  // that stands still may hold them, and who waits for them alone holds up those that come after. Nothing
  // where others were waited for in vain before. Commits by several sessions take theirs alone: one of their
  // sessions waits for the other without the server's knowing, so a deadlock with somebody else's rows would
  // not be noticed.
  enum class SlotLock : bool { shared, alone };
  Result<> lock_slots(unsigned first, unsigned end, SlotLock how);
  // Stores the rows; their rejects are kept for write_rejects().
  Result<> store(std::span<RowEntry> entries, const Commit& commit);
  Result<> write_rejects();
  // Keeps a reject to be written with the transaction.
  void reject(const RejectedRow& row);
  // How far a lane beside the main one is.
  Result<> note_progress(const Lease& lease, std::uint64_t until_row, const OutcomeRuns& runs);
  // Changes the groups of the pipeline's aggregates by what store() did: the last thing before commit().
  Result<> apply_aggregates();
  Result<> commit();
  void rollback();
  // Rolls back; true where another transaction may bring the rows through.
  bool may_redo();
  // How it ends where nothing is redone. What the database refused is no end where its session is gone as
  // well (a server that goes down may still say a word): on another connection all of it is done again.
  Result<> ended(Result<> done) const;
  bool wants_to_be_alone() const { return table_.wants_to_be_alone(); }
  void forget() { table_.forget(); }

  // Did the connection break while the COMMIT was under way? Then nobody knows yet whether it took place.
  bool uncertain() const { return uncertain_; }
  void settle() { uncertain_ = false; }

 private:
  Result<> load_aggregates(std::string_view declared);

  const unsigned number_;
  PgPool& pool_;
  const WriteSpec& spec_;
  const UuidBytes job_id_ = uuid_bytes(spec_.job_id).value_or(UuidBytes{});
  std::optional<PgConnection> connection_;
  std::optional<PgTransaction> transaction_;
  PostgresRowTable table_;
  const PostgresDataset& dataset_;
  std::unique_ptr<PostgresAggregates> aggregates_;  // none: the pipeline has none
  std::string aggregates_seen_;                     // what postgres_aggregates_of() gave then
  bool waited_for_groups_ = false;                  // in vain
  std::string rejects_;                             // rows for COPY validation_errors
  bool uncertain_ = false;
};

}  // namespace sluice
