#include "adapters/store_postgres_jobs.h"

#include "adapters/job_refusals.h"
#include "adapters/store_postgres_job_row.h"
#include "base/uuid.h"

namespace sluice {
namespace {

// What the server says of a name or a value that it does not take, U+0000 in the metadata for example.
Result<> explained(const PgConnection& connection, Result<> result) {
  if (result || !connection.fault().in_class("22")) return result;
  return fail(ErrorKind::usage, "the job cannot be stored as it is described: " + connection.fault().message +
                                    ". Correct its file name or metadata.");
}

Result<> insert_job(PgConnection& connection, const NewJob& job, const std::string& root) {
  PgParams params;
  params.text(job.id).text(job.tenant).text(job.pipeline).text(job.file_name).whole(job.file_size);
  params.text(job.blob).whole(job.splits.empty() ? 1 : job.splits.size()).text(job.created_by);
  params.text_or_null(job.parent_job_id.value_or("")).text(root).text(job.resume_key).text(job.plan);
  params.text_or_null(job.metadata).text(job.file_sha256).text(job.content_type).integer(job.priority);
  params.boolean(job.splits.empty()).whole(job.most_splits);
  auto inserted = connection.query(
      "INSERT INTO ingestion_jobs (id, tenant, pipeline, file_name, file_size, blob, open_splits, "
      "created_by, parent_job_id, root_job_id, resume_key, plan, metadata, file_sha256, content_type, "
      "priority, dispatched, most_splits, root_sequence) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
      "$11, "
      "$12, $13, $14, $15, $16, $17, $18, (SELECT coalesce(p.root_sequence, p.sequence) FROM ingestion_jobs "
      "p WHERE p.id = "
      "$9 AND $10::uuid <> $1::uuid)) ON CONFLICT (id) DO NOTHING",
      params);
  if (!inserted) return explained(connection, std::unexpected(std::move(inserted).error()));
  return {};
}

// The job that an earlier request with this key has made; none where this is the first, whose key is kept
// now. Of two at once the second waits for the first. A key whose time is over is taken anew.
Result<std::optional<Job>> find_keyed(PgConnection& connection, const NewJob& job) {
  PgParams params;
  params.text(job.tenant).text(job.idempotency_key).text(job.idempotency_digest).text(job.id);
  auto kept = connection.query(
      "INSERT INTO idempotency_keys AS k (tenant, key, digest, job_id) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (tenant, key) DO UPDATE SET digest = excluded.digest, job_id = excluded.job_id, "
      "created_at = excluded.created_at, job_ended_at = NULL WHERE coalesce(k.job_ended_at, (SELECT "
      "finished_at FROM ingestion_jobs j WHERE j.id = k.job_id)) < clock_timestamp() - interval '30 days'",
      params);
  if (!kept) {
    TRY(explained(connection, std::unexpected(std::move(kept).error())));
    return std::nullopt;
  }
  if (kept->affected() == 1) return std::nullopt;
  auto earlier =
      TRY(connection.query("SELECT digest, job_id FROM idempotency_keys WHERE tenant = $1 AND key = $2",
                           PgParams().text(job.tenant).text(job.idempotency_key)));
  if (earlier.rows() == 0)
    return fail(ErrorKind::unavailable, "the idempotency key is being cleaned away; try again.", true);
  const std::string job_id(earlier.text(0, 1));
  TRY(check_same_request(job, std::string(earlier.text(0, 0)), job_id));
  auto made = TRY(find_postgres_job(connection, job_id));
  if (!made) return job_of_key_is_gone(job, job_id);
  return made;
}

Result<Job> create_job(PgConnection& connection, const NewJob& job) {
  if (auto known = TRY(find_postgres_job(connection, job.id))) return *known;
  if (!job.idempotency_key.empty())
    if (auto made = TRY(find_keyed(connection, job))) return *made;
  std::string root = job.id;
  if (job.parent_job_id) {
    if (job.member)  // an archive that ends at this moment does so before or after
      TRY(connection.query("SELECT 1 FROM ingestion_jobs WHERE id = $1 FOR SHARE",
                           PgParams().text(*job.parent_job_id)));
    auto parent = TRY(find_postgres_job(connection, *job.parent_job_id));
    if (!parent) return no_such_postgres_job(*job.parent_job_id);
    if (job.member)
      TRY(check_takes_members(*parent));
    else
      root = parent->root_job_id;
  }
  TRY(insert_job(connection, job, root));
  // Somebody who made the same job at the same moment has made its splits, too.
  if (TRY(connection.query("SELECT 1 FROM ingestion_splits WHERE job_id = $1 LIMIT 1",
                           PgParams().text(job.id)))
          .rows() == 0) {
    const Split planning{.number = kPlanningSplit};
    TRY(insert_postgres_splits(connection, job.id,
                               job.splits.empty() ? std::span(&planning, 1) : std::span(job.splits),
                               job.not_before_ms));
  }
  auto made = TRY(find_postgres_job(connection, job.id));
  if (!made) return no_such_postgres_job(job.id);
  return *made;
}

std::string list_condition(const JobFilter& filter, std::optional<std::int64_t> before, PgParams& params) {
  std::string sql = "WHERE tenant = $1";
  params.text(filter.tenant);
  auto add = [&](const std::string& condition, const std::string& value) {
    params.text(value);
    sql += " AND " + condition + " $" + std::to_string(params.size());
  };
  if (filter.status) add("status =", std::string(name_of(*filter.status)));
  if (!filter.pipeline.empty()) add("pipeline =", filter.pipeline);
  if (!filter.created_from.empty()) add("created_at >=", filter.created_from);
  if (!filter.created_before.empty()) add("created_at <", filter.created_before);
  if (filter.parent_job_id) add("parent_job_id =", *filter.parent_job_id);
  if (before) add("sequence <", std::to_string(*before));
  if (filter.sequence_from) add("sequence >=", std::to_string(*filter.sequence_from));
  if (!filter.file_contains.empty()) {
    params.text(filter.file_contains);
    // The letters of ASCII alone, as on every database.
    sql += " AND strpos(lower(file_name COLLATE \"C\"), lower($" + std::to_string(params.size()) +
           "::text COLLATE \"C\")) > 0";
  }
  return sql;
}

Split split_at(const PgResult& found, int row) {
  auto position = [&](int column) {
    return Position{found.whole(row, column), found.whole(row, column + 1), found.whole(row, column + 2)};
  };
  Split split;
  split.number = static_cast<std::uint32_t>(found.whole(row, 0));
  split.done = found.yes(row, 1);
  split.begin = position(2);
  if (!found.is_null(row, 5)) split.end = position(5);
  split.checkpoint = {position(8),
                      std::string(found.text(row, 11)),
                      {found.whole(row, 12), found.whole(row, 13), found.whole(row, 14), found.whole(row, 15),
                       found.whole(row, 16)}};
  return split;
}

}  // namespace

Result<Job> PostgresJobStore::create(const NewJob& job) {
  return pool_.transact<Job>([&](PgConnection& connection) { return create_job(connection, job); });
}

Result<Job> PostgresJobStore::get(const std::string& id) {
  return pool_.transact<Job>([&](PgConnection& connection) -> Result<Job> {
    auto job = TRY(find_postgres_job(connection, id));
    if (!job) return no_such_postgres_job(id);
    return *job;
  });
}

Result<std::vector<Split>> PostgresJobStore::splits(const std::string& job_id) {
  std::vector<Split> splits;
  for (SplitStatus& status : TRY(split_status(job_id))) splits.push_back(std::move(status.split));
  return splits;
}

Result<std::vector<SplitStatus>> PostgresJobStore::split_status(const std::string& job_id) {
  using Statuses = std::vector<SplitStatus>;
  if (!uuid_bytes(job_id)) return no_such_postgres_job(job_id);
  return pool_.transact<Statuses>([&](PgConnection& connection) -> Result<Statuses> {
    auto found = TRY(connection.query(
        "SELECT split_number, status = 'COMPLETED', begin_offset, begin_row, begin_line, end_offset, "
        "end_row, end_line, checkpoint_offset, checkpoint_row, checkpoint_line, checkpoint_digest, "
        "rows_read, rows_inserted, rows_updated, rows_duplicate, rows_rejected, "
        "CASE WHEN lease_until > clock_timestamp() THEN lease_owner ELSE '' END, last_error, attempts "
        "FROM ingestion_splits WHERE job_id = $1 ORDER BY split_number",
        PgParams().text(job_id)));
    Statuses splits;
    for (int row = 0; row < found.rows(); ++row)
      splits.push_back({split_at(found, row), std::string(found.text(row, 17)),
                        std::string(found.text(row, 18)), static_cast<std::uint32_t>(found.whole(row, 19))});
    if (splits.empty()) return no_such_postgres_job(job_id);
    return splits;
  });
}

Result<std::optional<Job>> PostgresJobStore::find_unfinished(const std::string& resume_key) {
  if (resume_key.empty()) return std::nullopt;
  return pool_.transact<std::optional<Job>>([&](PgConnection& connection) -> Result<std::optional<Job>> {
    auto found = TRY(connection.query(
        select_postgres_job() +
            "WHERE resume_key = $1 AND status IN ('PENDING', 'PROCESSING') ORDER BY sequence DESC LIMIT 1",
        PgParams().text(resume_key)));
    if (found.rows() == 0) return std::nullopt;
    return postgres_job_of(found, 0);
  });
}

Result<std::vector<Job>> PostgresJobStore::list(const JobFilter& filter, std::optional<std::int64_t> before,
                                                std::size_t limit) {
  if (filter.parent_job_id && !uuid_bytes(*filter.parent_job_id)) return std::vector<Job>();
  return pool_.transact<std::vector<Job>>([&](PgConnection& connection) -> Result<std::vector<Job>> {
    PgParams params;
    std::string sql = select_postgres_job() + list_condition(filter, before, params) +
                      " ORDER BY sequence DESC LIMIT " + std::to_string(limit);
    auto found = connection.query(sql, params);
    if (!found && (connection.fault().is("22007") || connection.fault().is("22008")))
      return not_a_time(filter.created_from.empty() ? filter.created_before : filter.created_from);
    if (!found) return std::unexpected(std::move(found).error());
    std::vector<Job> jobs;
    for (int row = 0; row < found->rows(); ++row) jobs.push_back(postgres_job_of(*found, row));
    return jobs;
  });
}

Result<Members> PostgresJobStore::members(const std::string& archive_id) {
  if (!uuid_bytes(archive_id)) return Members{};
  return pool_.transact<Members>([&](PgConnection& connection) -> Result<Members> {
    auto found = TRY(connection.query(
        "SELECT status, count(*), sum(file_size)::bigint, sum(rows_read)::bigint, "
        "sum(rows_inserted)::bigint, "
        "sum(rows_updated)::bigint, sum(rows_duplicate)::bigint, sum(rows_rejected)::bigint FROM "
        "ingestion_jobs WHERE parent_job_id = $1 AND root_job_id = id GROUP BY status",
        PgParams().text(archive_id)));
    Members members;
    for (int row = 0; row < found.rows(); ++row)
      members.add(job_status_named(found.text(row, 0)).value_or(JobStatus::pending), found.whole(row, 1),
                  found.whole(row, 2),
                  {found.whole(row, 3), found.whole(row, 4), found.whole(row, 5), found.whole(row, 6),
                   found.whole(row, 7)});
    return members;
  });
}

}  // namespace sluice
