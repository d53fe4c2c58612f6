// The store: jobs, rows, rejects and kept pipelines in one database, in narrow roles. Everything
// exactly-once in this product rests on one call, RowWriter::commit.
// Every adapter passes ports/store_conformance.h. Thread rules stand at each role.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"
#include "rows/issue.h"
#include "rows/outcome.h"
#include "rows/position.h"
#include "rows/prepared.h"

namespace sluice {

// ---------------------------------------------------------------- jobs

enum class JobStatus : std::uint8_t { pending, processing, completed, failed, cancelled };
std::string_view name_of(JobStatus status);  // "PENDING" …
std::optional<JobStatus> job_status_named(std::string_view name);

// A place in a split up to which everything is durable.
struct Checkpoint {
  Position position;   // the next record
  std::string digest;  // SHA-256 (hex) of the decoded bytes from the split's begin to `position`
  RowCounts counts;    // outcomes of the split so far

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

struct Split {
  std::uint32_t number = 0;  // 1-based
  Position begin;
  std::optional<Position> end;  // none: to the end of the input, wherever that is
  Checkpoint checkpoint;        // at `begin`, with the digest of nothing, before the first commit
  bool done = false;
};

struct NewJob {
  std::string id;  // UUIDv7, chosen by the caller, so that creating twice is the same job
  std::string tenant = "default";
  std::string pipeline;
  std::string file_name;        // as the sender calls it
  std::uint64_t file_size = 0;  // bytes as sent; 0 where unknown (a stream)
  std::string blob;             // where the bytes are: "file:/abs/path", or a blob key; "" for a stream
  std::string plan;             // the frozen plan, JSON
  std::string resume_key;       // equal for submissions that may go on where an interrupted one stopped:
                                // digest of pipeline text, input's place, size and modification time
  std::optional<std::string> parent_job_id;  // a resubmission of that job's rejects
  std::string created_by;
  std::vector<Split> splits;  // at least one
};

struct Job {
  std::string id, tenant, pipeline, file_name, blob, plan;
  std::uint64_t file_size = 0;
  std::int64_t sequence = 0;  // rises with every job of the store: the major part of a row's version
  JobStatus status = JobStatus::pending;
  RowCounts counts;  // of all splits, as far as committed
  std::uint32_t attempts = 0;
  std::string error;  // why it failed; "" otherwise
  std::optional<std::string> parent_job_id;
  std::string root_job_id;  // the first of a chain of resubmissions; the job itself where it has no parent
  std::string created_at, started_at, finished_at;  // RFC 3339 UTC; "" where not yet
};

// The right to commit to one split: valid while the store's split still has this epoch.
struct Lease {
  std::string job_id;
  std::uint32_t split_number = 0;
  std::uint64_t epoch = 0;
  std::string owner;
};

// Thread-safe. Errors: unavailable (retryable) where the database is away, io where it is broken.
class JobStore {
 public:
  virtual ~JobStore() = default;
  // Durable when it returns. An id that exists already: the stored job, nothing changed. Splits begin with
  // their checkpoint at `begin` and the digest of nothing. not_found where there is no such parent.
  virtual Result<Job> create(const NewJob& job) = 0;
  virtual Result<Job> get(const std::string& id) = 0;                        // not_found
  virtual Result<std::vector<Split>> splits(const std::string& job_id) = 0;  // by number
  // The newest job with this resume key that is neither completed nor failed nor cancelled.
  virtual Result<std::optional<Job>> find_unfinished(const std::string& resume_key) = 0;
  // Takes the lease of a split that is not done: raises its epoch, sets owner and time (on the database's
  // clock), makes the job PROCESSING and counts an attempt of the split (Job::attempts is the most of its
  // splits'). `conflict` where another owner's lease is live (retryable), the split is done or the job has
  // ended; a lease of an owner that is known to be dead (`is_dead`, asked only then) is not live.
  virtual Result<Lease> lease(const std::string& job_id, std::uint32_t split_number, const std::string& owner,
                              std::chrono::milliseconds duration,
                              const std::function<bool(const std::string& owner)>& is_dead) = 0;
  // Extends; `conflict` where the epoch has moved on.
  virtual Result<> heartbeat(const Lease& lease, std::chrono::milliseconds duration) = 0;
  // Gives a lease back, so that another may take it at once, and raises the epoch: it commits no more.
  // A lost lease is no error.
  virtual Result<> release(const Lease& lease) = 0;
  // Ends a job that cannot go on (failed, with its cause, or cancelled), and raises all epochs.
  // A job that has ended already keeps its end.
  virtual Result<> end(const std::string& job_id, JobStatus status, const std::string& error) = 0;
};

// ---------------------------------------------------------------- rows

enum class IdentityKind : std::uint8_t { content, position, key };
enum class OnDuplicate : std::uint8_t { touch, update, skip };

enum class ColumnType : std::uint8_t { text, integer, number, boolean, date, time, datetime, json };

struct TargetColumn {
  std::string name;
  ColumnType type = ColumnType::text;
};

// A table of the user's, made from the schema; ingested_data then keeps identity only (data NULL).
struct TargetTable {
  std::string name;  // "" : rows are JSON documents in ingested_data
  std::vector<TargetColumn> columns;
};

struct WriteSpec {
  std::string tenant = "default", pipeline;
  std::string job_id, root_job_id;
  std::int64_t job_sequence = 0;
  IdentityKind identity = IdentityKind::content;
  OnDuplicate on_duplicate = OnDuplicate::touch;  // content, position: touch or skip; key: update or skip
  std::vector<std::string> key_fields;            // for messages
  TargetTable target;
  std::vector<std::string> unique_constraints;  // field names ("id", "first + last"), for messages
  std::optional<std::string> resolves_job_id;   // resubmission: the job whose rejects these rows correct
  std::optional<std::uint64_t> max_rejects;     // more in the whole job, and the job fails
};

// One transaction's worth.
struct Commit {
  std::span<const PreparedBatch* const> batches;  // in the order of the file
  Checkpoint checkpoint;        // position and digest after the last row; `counts` is the store's business
  bool last = false;            // the split ends here
  std::optional<Position> end;  // with `last`: where the input was found to end
  // The row as it was read, as RejectedRow::raw, for the few rows that the store itself rejects.
  std::function<std::string(const PreparedBatch&, const PreparedRow&)> raw_of;
};

struct CommitReport {
  RowCounts batch;                // outcomes of this commit
  RowCounts job;                  // of the job so far, all splits
  bool job_finished = false;      // this was the last open split: the job is COMPLETED
  bool over_max_rejects = false;  // the commit stands, and the job is FAILED
};

// Writes one split. One thread; not thread-safe.
class RowWriter {
 public:
  virtual ~RowWriter() = default;
  // ONE transaction: rows, rejects, row outcomes, counters, resolved rejects, checkpoint, and with `last`
  // the end of the split and, when no other is open, of the job. Refused with `conflict`, nothing changed,
  // when the split's epoch is not the lease's, the split is done or the job has ended: time alone takes no
  // lease away. Durable when it returns, and the lease is extended. After an error nothing has changed, and
  // the same commit may be tried again. Row numbers rise within a commit.
  // What becomes of a row (contract, section 5), for identity
  //   content, position: new → inserted; known → duplicate (touch: updated_at, job_id and row_number move
  //     to this job, within which the lowest row number stays; skip: nothing changes);
  //   key: new → inserted; known with a lower version (job sequence, row number): update → the row is
  //     replaced, `updated`, or `duplicate` where the content is equal (its version moves on all the same);
  //     known with a higher version → duplicate; skip → duplicate where the content is equal, else rejected
  //     with unique-error.
  // A stored identity is looked at before unique constraints are: only rows that would be inserted, or would
  // replace another content, are checked. A value is taken by any earlier row of the job that was not
  // rejected, duplicates included; by a row of the same key it may be taken again.
  // Of two equal rows in one commit, the first in the file is the inserted one.
  // With resolves_job_id, a row (good or not) that is no unresolved reject of that job is a duplicate and
  // leaves no trace. A row that passes resolves its rejects, that one and those of other resubmissions of the
  // same root job; a row that is rejected again leaves them open, so that any of the reports can be
  // corrected. Row numbers of a resubmission need not rise, and one that stands twice counts once.
  virtual Result<CommitReport> commit(const Commit& commit, const Lease& lease) = 0;
};

// ---------------------------------------------------------------- rejects, outcomes, pipelines

struct StoredReject {
  RejectedRow row;
  std::string resolved_by;  // job id; "" while nobody has corrected it
};

struct KeptPipeline {
  std::string name;
  std::string text;  // as YAML
  bool inferred = false;
};

// Thread-safe.
class QueryStore {
 public:
  virtual ~QueryStore() = default;
  // Every rejected row of a job in row order, one at a time, in constant memory; `visit` returning false
  // stops.
  virtual Result<> each_reject(const std::string& job_id,
                               const std::function<bool(const StoredReject&)>& visit) = 0;
  virtual Result<Outcome> outcome(const std::string& job_id,
                                  std::uint64_t row_number) = 0;  // none: no such row
  virtual Result<std::optional<KeptPipeline>> pipeline(const std::string& tenant,
                                                       const std::string& name) = 0;
  virtual Result<> keep_pipeline(const std::string& tenant, const KeptPipeline& pipeline) = 0;
};

class Store {
 public:
  virtual ~Store() = default;
  virtual JobStore& jobs() = 0;
  virtual QueryStore& queries() = 0;
  // Makes the target table where it does not exist; usage error where it exists with columns that do not fit.
  virtual Result<std::unique_ptr<RowWriter>> open_writer(const WriteSpec& spec) = 0;
};

}  // namespace sluice
