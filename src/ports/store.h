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
#include "ports/aggregate_store.h"
#include "ports/audit_log.h"
#include "ports/delivery_store.h"
#include "ports/event_log.h"
#include "ports/group_copies.h"
#include "ports/job_queue.h"
#include "ports/job_statistics.h"
#include "ports/key_store.h"
#include "ports/retention_store.h"
#include "ports/schedule_store.h"
#include "ports/upload_store.h"
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
  // A resubmission of that job's rejects; or, of a `member`, the archive that its file lay in.
  std::optional<std::string> parent_job_id;
  bool member = false;  // a root of its own: its rows are its own, and it corrects nothing
  std::string created_by;
  std::string metadata;            // the sender's, a JSON object; "" for none
  std::string file_sha256;         // hex; "" where not known
  std::string content_type;        // by content, not by name: "text/csv"; "" where not known
  std::int32_t priority = 0;       // higher goes first
  std::uint32_t most_splits = 0;   // of its pipeline that are queued or worked on at once; 0: no limit
  std::int64_t not_before_ms = 0;  // since 1970: a delayed job
  // Idempotency-Key of the request and the SHA-256 (hex) of what it asked for; "" for none.
  std::string idempotency_key, idempotency_digest;
  std::vector<Split> splits;  // none: the job is still to be planned, and begins with split 0
};

// The split that stands for planning the job: it has a lease and attempts like any, and no rows.
inline constexpr std::uint32_t kPlanningSplit = 0;

struct Job {
  std::string id, tenant, pipeline, file_name, blob, plan;
  std::uint64_t file_size = 0;
  std::int64_t sequence = 0;  // rises with every job of the store: the major part of a row's version
  JobStatus status = JobStatus::pending;
  RowCounts counts;  // of all splits, as far as committed
  std::uint32_t attempts = 0;
  std::string error;  // why it failed; "" otherwise
  std::optional<std::string> parent_job_id;
  // The first of a chain of resubmissions; the job itself where it has no parent, or is a member of it.
  std::string root_job_id;
  std::string created_at, started_at, finished_at;  // RFC 3339 UTC; "" where not yet
  std::string created_by, metadata, file_sha256, content_type;
  std::int32_t priority = 0;
};

// A resubmission has the root of its parent.
inline bool is_member(const Job& job) { return job.parent_job_id && job.root_job_id == job.id; }

// The members of an archive, all together.
struct Members {
  std::uint64_t pending = 0, processing = 0, completed = 0, failed = 0, cancelled = 0;  // jobs
  RowCounts counts;
  std::uint64_t file_bytes = 0;       // unpacked
  std::uint64_t completed_bytes = 0;  // of those that are completed

  std::uint64_t open() const { return pending + processing; }
  std::uint64_t total() const { return open() + completed + failed + cancelled; }
  // So many jobs of that status, their files and rows.
  void add(JobStatus status, std::uint64_t jobs, std::uint64_t bytes, const RowCounts& rows);
};

// What a worker has to know of a split, and people want to.
struct SplitStatus {
  Split split;
  std::string owner;       // of a live lease; "" : nobody works on it
  std::string last_error;  // why its last attempt ended; "" where none failed
  std::uint32_t attempts = 0;
};

struct JobFilter {
  std::string tenant;  // required
  std::optional<JobStatus> status;
  std::string pipeline;                      // "" : any
  std::string created_from, created_before;  // RFC 3339 UTC; "" : open
  std::optional<std::string> parent_job_id;
  // The file's name has this in it; capital and small letters of ASCII are the same. "": any. No index knows
  // it, so whoever asks says how far back to look.
  std::string file_contains;
  std::optional<std::int64_t> sequence_from;  // no older ones than this
};

// A split that is due and was not yet put into the queue, or was lost there.
struct DueSplit {
  std::string tenant, job_id;
  std::uint32_t split_number = 0;
  std::uint64_t generation = 0;  // rises each time it is queued
  std::int32_t priority = 0;
};

enum class KeepRows : bool { no, yes };
enum class DespiteDuplicates : bool { no, yes };

// The right to commit to one split: valid while the store's split still has this epoch.
struct Lease {
  std::string job_id;
  std::uint32_t split_number = 0;
  std::uint64_t epoch = 0;
  std::string owner;
  std::uint32_t attempt = 1;  // since the split last got on: a commit begins the count anew
};

// Thread-safe. Errors: unavailable (retryable) where the database is away, io where it is broken.
class JobStore {
 public:
  virtual ~JobStore() = default;
  // Durable when it returns. An id that exists already: the stored job, nothing changed. Splits begin with
  // their checkpoint at `begin` and the digest of nothing. not_found where there is no such parent; conflict
  // where it has ended, and the job would be a member of it.
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
  // Every live lease of the store.
  virtual Result<std::vector<Lease>> leases() = 0;
  // Ends a job that cannot go on (failed, with its cause, or cancelled), and raises all epochs.
  // A job that has ended already keeps its end.
  // An archive is completed so, too, when its members are; its splits are done then.
  virtual Result<> end(const std::string& job_id, JobStatus status, const std::string& error) = 0;
  virtual Result<Members> members(const std::string& archive_id) = 0;  // none of a job that is no archive

  // The planning split is done, and these are the job's splits; with the plan, in one transaction. `conflict`
  // where the lease is lost. The lease ends.
  virtual Result<> plan(const Lease& lease, const std::string& plan, std::span<const Split> splits) = 0;
  // Gives the lease back like release() after an attempt that failed: nobody takes the split before `delay`
  // is over, and people see why.
  virtual Result<> defer(const Lease& lease, std::chrono::milliseconds delay, const std::string& error) = 0;
  // Gives the lease back like release(), and the attempt is not counted: the process stops, makes room, or
  // waits for something: nobody takes the split before `delay` is over. Where it waits, earlier attempts in
  // vain count no more: it got as far as it can.
  virtual Result<> hand_back(const Lease& lease, std::chrono::milliseconds delay) = 0;
  // Newest first; those whose sequence is below `before`, where it is given.
  virtual Result<std::vector<Job>> list(const JobFilter& filter, std::optional<std::int64_t> before,
                                        std::size_t limit) = 0;
  virtual Result<std::vector<SplitStatus>> split_status(const std::string& job_id) = 0;  // by number
  // A job that failed or was cancelled is open again, at its checkpoints, its attempts counted anew.
  // `conflict` where it has another end, or none.
  virtual Result<> reopen(const std::string& job_id) = 0;
  // Splits that are due, marked as queued, each generation once: open, past their time, of a job that has not
  // ended, without a live lease, never queued or queued longer ago than `lost_after`. So many per tenant
  // that with those queued or worked on they are at most `per_tenant`, and at most `most_splits` of the job's
  // pipeline; of jobs of equal priority in turn, so
  // that a job of many splits does not go before all others.
  virtual Result<std::vector<DueSplit>> take_due(std::size_t per_tenant, std::size_t limit,
                                                 std::chrono::milliseconds lost_after) = 0;
  // Removes a job that has ended, with its rejects and outcomes; its rows too, those that are still its own
  // (rows that a later job touched or updated are that one's), unless they are kept. `conflict` while it has
  // not ended, and where rows are to go and a later job of the pipeline recorded duplicates, unless despite
  // that. Commits of the pipeline wait meanwhile. Again is no error.
  virtual Result<> remove(const std::string& job_id, KeepRows keep, DespiteDuplicates despite) = 0;
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
  std::vector<AggregateSpec> aggregates;        // kept in the transactions that change rows
  std::optional<std::string> resolves_job_id;   // resubmission: the job whose rejects these rows correct
  std::optional<std::uint64_t> max_rejects;     // more in the whole job, and the job fails
};

// One transaction's worth.
struct Commit {
  std::span<const PreparedBatch* const> batches;  // in the order of the file
  Checkpoint checkpoint;        // position and digest after the last row; `counts` is the store's business
  bool last = false;            // the split ends here
  std::optional<Position> end;  // with `last`: where the input was found to end
  // For the few rows that the store itself rejects: the row as it was read, as RejectedRow::raw, and what an
  // issue's message says of where it stands.
  std::function<std::string(const PreparedBatch&, const PreparedRow&)> raw_of = {};
  std::function<void(const PreparedRow&, Issue&)> say_place = {};

  RejectedRow reject_of(const PreparedBatch& batch, const PreparedRow& row, Issue issue) const {
    if (say_place) say_place(row, issue);
    return {row.row_number, row.line, raw_of ? raw_of(batch, row) : "", {std::move(issue)}};
  }
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
  std::string updated_at;  // RFC 3339 UTC; the store's
};

struct RowOutcome {
  std::uint64_t row_number = 0;
  Outcome outcome = Outcome::none;
};

struct RejectGroup {
  std::string code, field, constraint;
  std::uint64_t count = 0;  // issues
  std::string example;      // the message of one of them
};

struct RejectFilter {
  std::string code, field;  // "" : any
  bool only_open = false;   // those that nobody has corrected
};

struct DataRow {
  std::string id;            // opaque; `after` of the next call
  std::string data;          // JSON
  std::string content_hash;  // SHA-256 (hex) of the row in RFC 8785 form
  std::string job_id;
  std::uint64_t row_number = 0;
  std::string created_at, updated_at;
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
  virtual Result<std::vector<KeptPipeline>> pipelines(const std::string& tenant) = 0;        // by name
  virtual Result<> remove_pipeline(const std::string& tenant, const std::string& name) = 0;  // not_found
  // Rows `from` to at most `from + span - 1` of a job with their outcomes, those of `only` where it is given.
  virtual Result<std::vector<RowOutcome>> outcomes(const std::string& job_id, std::uint64_t from,
                                                   std::optional<Outcome> only, std::size_t limit) = 0;
  // Rejects grouped by code, field and constraint, the most frequent first.
  // Of `filter`, `only_open` alone.
  virtual Result<std::vector<RejectGroup>> reject_groups(const std::string& job_id,
                                                         const RejectFilter& filter) = 0;
  // Issues of rejected rows after row `after`, in row order: whole rows, about `limit` of them.
  virtual Result<std::vector<StoredReject>> rejects(const std::string& job_id, const RejectFilter& filter,
                                                    std::uint64_t after, std::size_t limit) = 0;
  // Stored rows of a pipeline in the order of their ids after `after` ("": from the first), whose fields
  // equal those of `equal`. Of a pipeline with a table of its own: its columns as JSON.
  virtual Result<std::vector<DataRow>> rows(const std::string& tenant, const std::string& pipeline,
                                            const std::vector<std::pair<std::string, std::string>>& equal,
                                            const std::string& after, std::size_t limit) = 0;
};

class Store {
 public:
  virtual ~Store() = default;
  virtual JobStore& jobs() = 0;
  virtual QueryStore& queries() = 0;
  // Makes the target table where it does not exist; usage error where it exists with columns that do not fit.
  virtual Result<std::unique_ptr<RowWriter>> open_writer(const WriteSpec& spec) = 0;

  virtual AggregateStore& aggregates() = 0;
  virtual GroupCopies& group_copies() = 0;
  virtual EventLog& events() = 0;
  virtual KeyStore& keys() = 0;
  virtual AuditLog& audit() = 0;
  virtual ScheduleStore& schedules() = 0;
  virtual UploadStore& uploads() = 0;
  virtual DeliveryStore& deliveries() = 0;
  virtual JobStatistics& statistics() = 0;
  virtual RetentionStore& retention() = 0;
  virtual JobQueue& queue() = 0;  // the embedded one: tables beside the jobs
  virtual Result<> ready() = 0;   // can it be reached and written to? For /readyz
};

}  // namespace sluice
