#include "adapters/sql_events.h"

#include <algorithm>

#include "base/uuid.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// A look costs one short query: often enough that a progress bar moves.
constexpr milliseconds kLookAgain{200};
constexpr milliseconds kLookAnyway{5000};  // where other processes are heard
constexpr milliseconds kOthersAreNumbering{10};
constexpr std::uint64_t kNumberedAtOnce = 10'000;
constexpr const char* kNumberingLock = "8317987319222330742";  // the one after that of the migrations
constexpr const char* kUnnumbered = "SELECT 1 FROM ingestion_events WHERE number IS NULL LIMIT 1";

}  // namespace

// Under a lock, so that a batch of numbers is seen as a whole before there is a higher one. What is committed
// later than this statement sees gets a higher number, whatever its sequence.
Result<std::uint64_t> SqlEventLog::number_some() {
  return database_.transact<std::uint64_t>([](SqlSession& session) -> Result<std::uint64_t> {
    auto mine = TRY(session.run("SELECT pg_try_advisory_xact_lock(" + std::string(kNumberingLock) + ")", {}));
    if (!mine.yes(0, 0)) return 0;
    auto numbered =
        TRY(session.run("UPDATE ingestion_events e SET number = last.value + fresh.place FROM "
                        "(SELECT value FROM service_state WHERE name = 'events numbered') last, "
                        "(SELECT sequence, row_number() OVER (ORDER BY sequence) AS place "
                        "FROM ingestion_events WHERE number IS NULL ORDER BY sequence LIMIT $1) fresh "
                        "WHERE e.sequence = fresh.sequence",
                        {kNumberedAtOnce}));
    if (numbered.affected() == 0) return 0;
    TRY(session.run("UPDATE service_state SET value = value + $1 WHERE name = 'events numbered'",
                    {numbered.affected()}));
    TRY(session.notify(SqlChannel::events));
    return numbered.affected();
  });
}

Result<bool> SqlEventLog::number_new() {
  if (database_.dialect() == SqlDialect::sqlite) return false;
  bool any = false;
  for (std::uint64_t numbered = kNumberedAtOnce; numbered == kNumberedAtOnce;) {
    if (TRY(database_.read(kUnnumbered)).empty()) break;
    numbered = TRY(number_some());
    any = any || numbered != 0;
  }
  if (any) signals_.wake(SqlChannel::events);
  return any;
}

Result<std::vector<Event>> SqlEventLog::read(const EventFilter& filter, std::uint64_t after,
                                             std::size_t limit) {
  std::vector<Event> events;
  if (!filter.job_id.empty() && !uuid_bytes(filter.job_id)) return events;
  SqlParams params = {after, limit};
  std::string only;
  auto demand = [&](const char* condition, const std::string& value) {
    params.emplace_back(value);
    only += condition + std::to_string(params.size());
  };
  if (!filter.every_tenant) demand(" AND tenant = $", filter.tenant);
  if (!filter.job_id.empty()) demand(" AND job_id = $", filter.job_id);
  auto rows = TRY(database_.read(
      "SELECT number, id, type, tenant, job_id, pipeline, " + database_.utc("time") +
          ", data FROM ingestion_events WHERE number > $1" + only + " ORDER BY number LIMIT $2",
      params));
  // Asked after the events were read, so that none is removed in between and not missed.
  const auto removed =
      TRY(database_.read("SELECT value FROM service_state WHERE name = 'events removed'")).whole(0, 0);
  if (after != 0 && after < removed)
    return fail(ErrorKind::gone, "events after number " + std::to_string(after) +
                                     " were removed, because they are old. Read on from number " +
                                     std::to_string(removed) + ".");
  for (std::size_t row = 0; row < rows.size(); ++row)
    events.push_back({rows.whole(row, 0), rows.text(row, 1), rows.text(row, 2), rows.text(row, 3),
                      rows.text(row, 4), rows.text(row, 5), rows.text(row, 6), rows.text(row, 7)});
  return events;
}

Result<std::uint64_t> SqlEventLog::newest() {
  const bool sqlite = database_.dialect() == SqlDialect::sqlite;
  auto rows = TRY(database_.read(sqlite ? "SELECT seq FROM sqlite_sequence WHERE name = 'ingestion_events'"
                                        : "SELECT value FROM service_state WHERE name = 'events numbered'"));
  return rows.empty() ? 0 : rows.whole(0, 0);
}

// In one statement: everyone who waits asks it whenever anything happens.
Result<SqlEventLog::Look> SqlEventLog::look() {
  if (database_.dialect() == SqlDialect::sqlite)
    return Look{.newest = TRY(newest()), .has_unnumbered = false};
  const auto rows =
      TRY(database_.read("SELECT value, EXISTS (SELECT 1 FROM ingestion_events WHERE number IS NULL) "
                         "FROM service_state WHERE name = 'events numbered'"));
  if (rows.empty()) return Look{};
  return Look{.newest = rows.whole(0, 0), .has_unnumbered = rows.yes(0, 1)};
}

Result<> SqlEventLog::wait_for_more(std::uint64_t after, milliseconds wait, std::stop_token stop) {
  const auto until = Clock::now() + wait;
  while (!stop.stop_requested()) {
    const std::uint64_t seen = signals_.count(SqlChannel::events);
    Look found = TRY(look());
    if (found.has_unnumbered) {
      (void)TRY(number_new());
      found = TRY(look());
    }
    if (found.newest > after) break;
    milliseconds pause = signals_.hears_others() ? kLookAnyway : kLookAgain;
    if (found.has_unnumbered) pause = kOthersAreNumbering;
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    if (left <= milliseconds(0)) break;
    signals_.wait(SqlChannel::events, seen, std::min(pause, left), stop);
  }
  return {};
}

Result<std::optional<std::uint64_t>> SqlEventLog::hold_place(const std::string& reader,
                                                             const std::string& holder, milliseconds hold) {
  auto take = [&] {
    return database_.write(
        "UPDATE event_readers SET holder = $2, held_until_ms = {now} + $3 WHERE name = $1 "
        "AND (holder = $2 OR held_until_ms <= {now}) RETURNING place",
        {reader, holder, hold.count()});
  };
  auto taken = TRY(take());
  if (taken.empty()) {
    const std::uint64_t next = TRY(newest());
    auto made = TRY(database_.write(
        "INSERT INTO event_readers (name, place, holder, held_until_ms) VALUES ($1, $2, '', 0) "
        "ON CONFLICT (name) DO NOTHING RETURNING place",
        {reader, next}));
    if (made.empty()) return std::nullopt;
    taken = TRY(take());
  }
  if (taken.empty()) return std::nullopt;
  return taken.whole(0, 0);
}

Result<> SqlEventLog::move_place(const std::string& reader, const std::string& holder, std::uint64_t to) {
  auto moved = TRY(
      database_.write("UPDATE event_readers SET place = $3 WHERE name = $1 AND holder = $2 RETURNING place",
                      {reader, holder, to}));
  if (!moved.empty()) return {};
  return fail(ErrorKind::conflict, "the place of " + reader + " in the event log is another's by now");
}

Result<> SqlEventLog::remove_before(milliseconds age) {
  // Those of a job that was removed are of one that has ended, too.
  const std::string old =
      "number IS NOT NULL AND " +
      (database_.dialect() == SqlDialect::sqlite
           ? std::string("CAST(round((julianday(time) - 2440587.5) * 86400000) AS INTEGER)")
           : database_.milliseconds("time")) +
      " < {now} - $1 AND NOT EXISTS (SELECT 1 FROM ingestion_jobs j WHERE j.id = job_id "
      "AND j.status IN ('PENDING', 'PROCESSING'))";
  return database_.transact<void>([&](SqlSession& session) -> Result<> {
    auto last = TRY(session.run("SELECT max(number) FROM ingestion_events WHERE " + old, {age.count()}));
    if (last.is_null(0, 0)) return {};
    TRY(session.run("UPDATE service_state SET value = $1 WHERE name = 'events removed' AND value < $1",
                    {last.whole(0, 0)}));
    TRY(session.run("DELETE FROM ingestion_events WHERE number <= $2 AND " + old,
                    {age.count(), last.whole(0, 0)}));
    return {};
  });
}

}  // namespace sluice
