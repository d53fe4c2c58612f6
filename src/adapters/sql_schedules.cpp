#include "adapters/sql_schedules.h"

namespace sluice {

Result<> SqlScheduleStore::put(const Schedule& schedule) {
  const std::int64_t at = TRY(sql_time_of(schedule.at));
  auto stored = TRY(database_.write(
      "INSERT INTO ingestion_schedules (id, tenant, name, pipeline, cron, zone, at_ms, source, metadata, "
      "enabled, next_run_ms, created_ms, created_by) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, {now}, $12) "
      "ON CONFLICT (id) DO UPDATE SET name = excluded.name, pipeline = excluded.pipeline, "
      "cron = excluded.cron, zone = excluded.zone, at_ms = excluded.at_ms, source = excluded.source, "
      "metadata = excluded.metadata, enabled = excluded.enabled, next_run_ms = excluded.next_run_ms "
      "WHERE ingestion_schedules.tenant = excluded.tenant",
      {schedule.id, schedule.tenant, schedule.name, schedule.pipeline, schedule.cron, schedule.zone, at,
       schedule.source, schedule.metadata, schedule.enabled, schedule.next_run_ms, schedule.created_by}));
  if (stored.affected() != 0) return {};
  return fail(ErrorKind::conflict, "the schedule " + schedule.id + " belongs to another tenant.");
}

Result<std::vector<Schedule>> SqlScheduleStore::select(const std::string& condition,
                                                       const SqlParams& params) {
  auto rows = TRY(database_.read(
      "SELECT id, tenant, name, pipeline, cron, zone, at_ms, source, metadata, enabled, next_run_ms, "
      "last_run_ms, last_job_id, last_error, created_ms, created_by, {now} FROM ingestion_schedules " +
          condition,
      params));
  std::vector<Schedule> schedules;
  for (std::size_t row = 0; row < rows.size(); ++row)
    schedules.push_back({.id = rows.text(row, 0),
                         .tenant = rows.text(row, 1),
                         .name = rows.text(row, 2),
                         .pipeline = rows.text(row, 3),
                         .cron = rows.text(row, 4),
                         .zone = rows.text(row, 5),
                         .at = sql_time_text(rows.integer(row, 6)),
                         .source = rows.text(row, 7),
                         .metadata = rows.text(row, 8),
                         .enabled = rows.yes(row, 9),
                         .next_run_ms = rows.integer(row, 10),
                         .last_run_at = sql_time_text(rows.integer(row, 11)),
                         .last_job_id = rows.text(row, 12),
                         .last_error = rows.text(row, 13),
                         .created_at = sql_time_text(rows.integer(row, 14)),
                         .created_by = rows.text(row, 15),
                         .read_at_ms = rows.integer(row, 16)});
  return schedules;
}

Result<std::vector<Schedule>> SqlScheduleStore::list(const std::string& tenant) {
  return select("WHERE tenant = $1 ORDER BY name, id", {tenant});
}

Result<std::optional<Schedule>> SqlScheduleStore::get(const std::string& tenant, const std::string& id) {
  auto found = TRY(select("WHERE tenant = $1 AND id = $2", {tenant, id}));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Result<> SqlScheduleStore::remove(const std::string& tenant, const std::string& id) {
  auto removed =
      TRY(database_.write("DELETE FROM ingestion_schedules WHERE tenant = $1 AND id = $2", {tenant, id}));
  if (removed.affected() != 0) return {};
  return fail(ErrorKind::not_found, "there is no schedule " + id + " of the tenant " + tenant + ".");
}

Result<std::vector<Schedule>> SqlScheduleStore::due(std::size_t limit) {
  return select(
      "WHERE enabled AND next_run_ms > 0 AND next_run_ms <= {now} ORDER BY next_run_ms, id LIMIT $1",
      {limit});
}

Result<std::vector<Schedule>> SqlScheduleStore::watching(const std::string& place) {
  return select("WHERE enabled AND source LIKE '%/' AND substr($1, 1, length(source)) = source ORDER BY id",
                {place});
}

Result<bool> SqlScheduleStore::claim(const Schedule& schedule, std::int64_t next_run_ms) {
  auto moved =
      TRY(database_.write("UPDATE ingestion_schedules SET next_run_ms = $1, last_run_ms = {now} "
                          "WHERE id = $2 AND next_run_ms = $3 AND enabled",
                          {next_run_ms, schedule.id, schedule.next_run_ms}));
  return moved.affected() != 0;
}

Result<> SqlScheduleStore::note_run(const std::string& id, const std::string& job_id,
                                    const std::string& error) {
  TRY(database_.write(
      "UPDATE ingestion_schedules SET last_job_id = $1, last_error = $2, last_run_ms = {now} WHERE id = $3",
      {job_id, error, id}));
  return {};
}

}  // namespace sluice
