#include "adapters/sql_queue.h"

#include <algorithm>

#include "base/uuid.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kLookForMessages{1000};          // where other processes are not heard
constexpr milliseconds kLookForMessagesAnyway{10'000};  // where they are
constexpr milliseconds kOthersWereQuicker{20};
constexpr std::size_t kMessagesAtOnce = 200;  // in one statement

}  // namespace

Result<> SqlJobQueue::enqueue(std::span<const QueueMessage> messages) {
  if (messages.empty()) return {};
  auto done = database_.transact<void>([&](SqlSession& session) -> Result<> {
    for (std::size_t begin = 0; begin < messages.size(); begin += kMessagesAtOnce) {
      std::string values;
      SqlParams params;
      for (const QueueMessage& message :
           messages.subspan(begin, std::min(kMessagesAtOnce, messages.size() - begin))) {
        values += params.empty() ? "(" : ", (";
        for (const SqlValue& value :
             SqlParams{message.id, message.tenant, message.job_id, message.split_number, message.priority}) {
          params.push_back(value);
          values += "$" + std::to_string(params.size()) + ", ";
        }
        values += "{now}, {now})";
      }
      TRY(
          session.run("INSERT INTO queue_messages (id, tenant, job_id, split_number, priority, queued_ms, "
                      "ready_ms) VALUES " +
                          values + " ON CONFLICT (id) DO NOTHING",
                      params));
    }
    return session.notify(SqlChannel::queue);
  });
  signals_.wake(SqlChannel::queue);
  return done;
}

Result<std::optional<Reservation>> SqlJobQueue::reserve(const std::string& worker, milliseconds hold,
                                                        milliseconds wait, std::stop_token stop) {
  const auto until = Clock::now() + wait;
  while (!stop.stop_requested()) {
    const std::uint64_t seen = signals_.count(SqlChannel::queue);
    // Looked at first: on SQLite a claim would wait for the batch that is being written.
    const auto ready = TRY(until_ready());
    milliseconds pause = signals_.hears_others() ? kLookForMessagesAnyway : kLookForMessages;
    if (ready == milliseconds(0)) {
      if (auto claimed = TRY(claim(worker, hold))) return claimed;
      pause = kOthersWereQuicker;
    } else if (ready) {
      pause = std::min(pause, *ready);
    }
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    if (left <= milliseconds(0)) break;
    signals_.wait(SqlChannel::queue, seen, std::min(pause, left), stop);
  }
  return std::nullopt;
}

Result<std::optional<milliseconds>> SqlJobQueue::until_ready() {
  auto rows = TRY(database_.read(
      "SELECT (SELECT value FROM service_state WHERE name = 'queue paused'), min(ready_ms) - {now} "
      "FROM queue_messages"));
  const bool paused = rows.integer(0, 0) != 0;
  if (paused || rows.is_null(0, 1)) return std::nullopt;
  return milliseconds(std::max<std::int64_t>(rows.integer(0, 1), 0));
}

// The tenant that has the fewest active ones is served next, so that a job of a thousand splits does not keep
// another tenant's only one waiting.
Result<std::optional<Reservation>> SqlJobQueue::claim(const std::string& worker, milliseconds hold) {
  const std::string token = new_uuid();
  auto rows = TRY(database_.write(
      "WITH active AS (SELECT tenant, count(*) AS messages FROM queue_messages "
      "WHERE token <> '' AND ready_ms > {now} GROUP BY tenant), "
      "next AS MATERIALIZED (SELECT m.id AS message FROM queue_messages m "
      "LEFT JOIN active a ON a.tenant = m.tenant WHERE m.ready_ms <= {now} "
      "AND NOT EXISTS (SELECT 1 FROM service_state WHERE name = 'queue paused' AND value <> 0) "
      "ORDER BY coalesce(a.messages, 0), m.priority DESC, m.queued_ms, m.job_id, m.split_number LIMIT 1" +
          database_.skip_locked("m") +
          ") UPDATE queue_messages SET ready_ms = {now} + $1, worker = $2, token = $3 FROM next "
          "WHERE id = next.message RETURNING id, tenant, job_id, split_number, priority",
      {hold.count(), worker, token}));
  if (rows.empty()) return std::nullopt;
  return Reservation{{.id = rows.text(0, 0),
                      .tenant = rows.text(0, 1),
                      .job_id = rows.text(0, 2),
                      .split_number = static_cast<std::uint32_t>(rows.whole(0, 3)),
                      .priority = static_cast<std::int32_t>(rows.integer(0, 4))},
                     token};
}

Result<> SqlJobQueue::extend(const Reservation& reservation, milliseconds hold) {
  auto extended =
      TRY(database_.write("UPDATE queue_messages SET ready_ms = {now} + $1 WHERE id = $2 AND token = $3",
                          {hold.count(), reservation.message.id, reservation.token}));
  if (extended.affected() != 0) return {};
  return fail(
      ErrorKind::conflict,
      "the queue's message " + reservation.message.id +
          " is another worker's now, or gone: the reservation had run out, or the job was cancelled.");
}

Result<> SqlJobQueue::complete(const Reservation& reservation) {
  TRY(database_.write("DELETE FROM queue_messages WHERE id = $1 AND token = $2",
                      {reservation.message.id, reservation.token}));
  signals_.wake(SqlChannel::queue);
  return {};
}

Result<> SqlJobQueue::put_back(const Reservation& reservation, milliseconds delay) {
  auto done = database_.transact<void>([&](SqlSession& session) -> Result<> {
    TRY(
        session.run("UPDATE queue_messages SET ready_ms = {now} + $1, worker = '', token = '' "
                    "WHERE id = $2 AND token = $3",
                    {delay.count(), reservation.message.id, reservation.token}));
    return session.notify(SqlChannel::queue);
  });
  signals_.wake(SqlChannel::queue);
  return done;
}

Result<> SqlJobQueue::give_back_of(const std::function<bool(const std::string& worker)>& is_dead) {
  auto workers = TRY(database_.read("SELECT DISTINCT worker FROM queue_messages WHERE token <> ''"));
  for (std::size_t row = 0; row < workers.size(); ++row) {
    if (!is_dead(workers.text(row, 0))) continue;
    TRY(database_.write(
        "UPDATE queue_messages SET ready_ms = {now}, token = '' WHERE worker = $1 AND token <> ''",
        {workers.text(row, 0)}));
  }
  return {};
}

Result<> SqlJobQueue::withdraw(const std::string& job_id) {
  TRY(database_.write(
      "DELETE FROM queue_messages WHERE job_id = $1 AND NOT (token <> '' AND ready_ms > {now})", {job_id}));
  return {};
}

Result<> SqlJobQueue::set_paused(bool paused) {
  auto done = database_.transact<void>([&](SqlSession& session) -> Result<> {
    TRY(session.run("UPDATE service_state SET value = $1 WHERE name = 'queue paused'", {paused ? 1 : 0}));
    return session.notify(SqlChannel::queue);
  });
  signals_.wake(SqlChannel::queue);
  return done;
}

Result<QueueHealth> SqlJobQueue::health() {
  auto rows = TRY(
      database_.read("SELECT (SELECT value FROM service_state WHERE name = 'queue paused'), "
                     "count(CASE WHEN ready_ms <= {now} THEN 1 END), "
                     "count(CASE WHEN ready_ms > {now} AND token <> '' THEN 1 END), "
                     "count(CASE WHEN ready_ms > {now} AND token = '' THEN 1 END), "
                     "{now} - min(CASE WHEN ready_ms <= {now} THEN ready_ms END), "
                     // The dead letters of a queue that is in the store are the jobs that were given up.
                     "(SELECT count(*) FROM ingestion_jobs WHERE status = 'FAILED') FROM queue_messages"));
  QueueHealth health;
  health.name = "embedded";
  health.paused = rows.integer(0, 0) != 0;
  health.waiting = rows.whole(0, 1);
  health.active = rows.whole(0, 2);
  health.delayed = rows.whole(0, 3);
  health.failed = rows.whole(0, 5);
  if (!rows.is_null(0, 4))
    health.oldest_waiting = milliseconds(std::max<std::int64_t>(rows.integer(0, 4), 0));
  return health;
}

}  // namespace sluice
