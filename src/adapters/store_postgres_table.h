// The rows of one lane of a commit, inside the caller's transaction on its connection: looks up what is
// stored, lets adapters/row_decisions.h decide, and writes. Used by the PostgreSQL row writer; one thread.
//
// The quick way: known rows are looked up by id, new ones go straight into ingested_data by binary COPY in
// the order of its primary key. It is safe while nobody else writes these identities, which the slot locks
// see to; where somebody does all the same, COPY fails on the primary key, and the commit is done again by
// the careful way: known rows locked in key order, new ones through a temporary table and ON CONFLICT.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "adapters/aggregate_delta.h"
#include "adapters/pg_connection.h"
#include "adapters/row_decisions.h"
#include "adapters/row_entry.h"
#include "adapters/store_postgres_target.h"
#include "base/uuid.h"
#include "ports/store.h"

namespace sluice {

// What the writer's lanes have in common.
struct PostgresDataset {
  std::int32_t id = 0;             // datasets.id
  std::int64_t root_sequence = 0;  // ingestion_jobs.sequence of the root job
  std::string within;              // where ingested_data has partitions: the condition that finds this one's
  bool row_security = false;       // policies apply to this role: COPY into ingested_data is not allowed
};

// Identities are spread over so many slots; a lane has some of them. Each commit holds an advisory lock on
// its slots: one of many rows alone, those of few rows together.
inline constexpr unsigned kPostgresSlots = 8;
unsigned slot_of(const WriteSpec& spec, const PreparedRow& row);

class PostgresRowTable {
 public:
  PostgresRowTable(const WriteSpec& spec, const PostgresDataset& dataset)
      : spec_(spec), dataset_(dataset), decisions_(spec), target_(spec) {}

  // Where rows are added up while they are stored; none: nowhere. Outlives the next store().
  void add_up(AggregateDeltas* deltas) { deltas_ = deltas; }

  // Decides and stores every entry that is a good row without an outcome. After an error the transaction is
  // of no use; may_redo() says whether another one may bring it through.
  Result<> store(PgConnection& connection, std::span<RowEntry> entries, const RejectRow& reject);

  // Learns from the fault: which row the database refuses, or that somebody else writes the same rows.
  // Takes back the outcomes that store() gave.
  bool may_redo(const PgFault& fault);
  bool may_redo_unchanged();  // the fault had nothing to do with the rows
  // Slot locks are of use (no two jobs write the same position), and were not waited for in vain.
  bool wants_slots() const { return spec_.identity != IdentityKind::position && !slots_in_vain_; }
  // The slots of a small commit should be its own, too: others were met, who write the same rows. Each of
  // them undoes what the others do, and the server takes a second to find that out; in turn they get on at
  // once.
  bool wants_to_be_alone() const { return met_others_ || alone_for_ > 0; }
  void forget();  // what was learnt: the next commit is another

 private:
  using RowId = UuidBytes;
  struct Refusal {
    RejectCode code;
    std::string constraint, message;
  };

  RowId id_of(const PreparedRow& row) const;
  Result<> reject_refused(std::span<RowEntry> entries, const RejectRow& reject);
  Result<> make_ids();
  std::unexpected<Error> raced_with_others();
  std::string ids_of(std::span<const std::uint32_t> groups) const;  // as an array for a statement

  // store_postgres_known.cpp
  enum class Look { only, and_lock, and_touch };
  Result<> load_known(PgConnection& connection);
  Result<std::size_t> find(PgConnection& connection, Look look);
  Result<> take_known(const PgResult& found, int row);
  void add_known_versions(PgParams& params, std::span<const std::uint32_t> groups) const;
  Result<> replace(PgConnection& connection, std::span<const std::uint32_t> groups);
  Result<> move(PgConnection& connection, std::span<const std::uint32_t> groups);
  Result<> touch(PgConnection& connection, std::span<const std::uint32_t> groups);

  // store_postgres_unique.cpp
  Result<> load_unique(PgConnection& connection);
  Result<> write_unique(PgConnection& connection);

  Result<> write(PgConnection& connection);
  Result<> write_one_by_one(PgConnection& connection);
  Result<> insert(PgConnection& connection, std::span<const std::uint32_t> groups);
  Result<> copy_rows(PgConnection& connection, const std::string& table,
                     std::span<const std::uint32_t> groups);
  void append_row(std::string& out, std::uint32_t group) const;
  Result<> add_up_new(std::span<const std::uint32_t> groups);
  Result<> add_up_replaced(PgConnection& connection, std::span<const std::uint32_t> groups);
  // Of what goes into a table of its own, aggregates need a part in ingested_data.
  bool keeps_parts() const { return deltas_ && target_.exists(); }
  Result<> make_parts();
  bool refused(const PgFault& fault) const;
  void note_refusal(std::uint32_t group, const PgFault& fault);

  const WriteSpec& spec_;
  const PostgresDataset& dataset_;
  RowDecisions decisions_;
  PostgresTarget target_;
  UuidBytes job_id_ = uuid_bytes(spec_.job_id).value_or(UuidBytes{});
  struct Version {
    std::int64_t job_sequence = 0;
    std::uint64_t row_number = 0;
  };
  std::vector<RowId> ids_;               // per group, rising
  std::vector<Version> known_versions_;  // per group: what was stored
  std::vector<std::uint32_t> copying_;   // the groups of the COPY under way, in its order
  bool by_line_ = false;                 // a fault's line number is an index into `copying_`
  bool raced_ = false;                   // somebody else stored one of the rows meanwhile
  bool looked_at_each_ = false;  // the commit has to be done again, without the rows that were refused

  AggregateDeltas* deltas_ = nullptr;
  std::vector<std::string> parts_;  // per group, where parts are kept and it is written

  bool mostly_known_ = false;  // the rows of the last commit were stored before
  int alone_for_ = 0;          // so many further commits

  // Learnt within a commit.
  bool careful_ = false, one_by_one_ = false, met_others_ = false;
  bool slots_in_vain_ = false;  // for good: a client that stands still may hold them until its lease is over
  int redos_ = 0;
  std::map<const PreparedRow*, Refusal> refusals_;
};

}  // namespace sluice
