#include "adapters/sql_deliveries.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr const char* kColumns =
    "id, tenant, job_id, url, webhook_number, event_number, event, attempts, last_error";

std::vector<Delivery> deliveries_of(const SqlRows& rows) {
  std::vector<Delivery> deliveries;
  for (std::size_t row = 0; row < rows.size(); ++row)
    deliveries.push_back({.id = rows.integer(row, 0),
                          .tenant = rows.text(row, 1),
                          .job_id = rows.text(row, 2),
                          .url = rows.text(row, 3),
                          .webhook_number = static_cast<std::uint32_t>(rows.whole(row, 4)),
                          .event_number = rows.whole(row, 5),
                          .event = rows.text(row, 6),
                          .attempts = static_cast<std::uint32_t>(rows.whole(row, 7)),
                          .last_error = rows.text(row, 8)});
  return deliveries;
}

}  // namespace

Result<std::uint64_t> SqlDeliveryStore::made_until() {
  return TRY(database_.read("SELECT value FROM service_state WHERE name = 'events made deliveries'"))
      .whole(0, 0);
}

Result<bool> SqlDeliveryStore::add_from(std::uint64_t from, std::uint64_t until,
                                        const std::vector<Delivery>& deliveries) {
  return database_.transact<bool>([&](SqlSession& session) -> Result<bool> {
    auto step = TRY(session.run(
        "UPDATE service_state SET value = $1 WHERE name = 'events made deliveries' AND value = $2",
        {until, from}));
    if (step.affected() == 0) return false;
    for (const Delivery& delivery : deliveries)
      TRY(
          session.run("INSERT INTO webhook_deliveries (tenant, job_id, webhook_number, url, event_number, "
                      "event, due_ms) VALUES ($1, $2, $3, $4, $5, $6, {now})",
                      {delivery.tenant, delivery.job_id, delivery.webhook_number, delivery.url,
                       delivery.event_number, delivery.event}));
    return true;
  });
}

Result<std::vector<Delivery>> SqlDeliveryStore::reserve(std::size_t limit, std::chrono::milliseconds hold) {
  auto rows = TRY(database_.write(
      "WITH due AS MATERIALIZED (SELECT d.id AS delivery FROM webhook_deliveries d "
      "WHERE d.due_ms <= {now} AND NOT d.dead AND NOT EXISTS (SELECT 1 FROM webhook_deliveries o "
      "WHERE o.job_id = d.job_id AND o.webhook_number = d.webhook_number AND o.id < d.id AND NOT o.dead) "
      "ORDER BY d.due_ms, d.id LIMIT $1" +
          database_.skip_locked("d") +
          ") UPDATE webhook_deliveries SET due_ms = {now} + $2 FROM due WHERE id = due.delivery RETURNING " +
          kColumns,
      {limit, hold.count()}));
  auto reserved = deliveries_of(rows);
  std::ranges::sort(reserved, {}, &Delivery::id);
  return reserved;
}

Result<> SqlDeliveryStore::delivered(std::int64_t id) {
  TRY(database_.write("DELETE FROM webhook_deliveries WHERE id = $1", {id}));
  return {};
}

Result<> SqlDeliveryStore::try_again(std::int64_t id, std::chrono::milliseconds delay,
                                     const std::string& error) {
  TRY(
      database_.write("UPDATE webhook_deliveries SET due_ms = {now} + $1, attempts = attempts + 1, "
                      "last_error = $2 WHERE id = $3",
                      {delay.count(), error, id}));
  return {};
}

Result<> SqlDeliveryStore::give_up(std::int64_t id, const std::string& error) {
  TRY(database_.write(
      "UPDATE webhook_deliveries SET dead = TRUE, attempts = attempts + 1, last_error = $1 WHERE id = $2",
      {error, id}));
  return {};
}

Result<std::vector<Delivery>> SqlDeliveryStore::dead(const std::string& tenant, std::size_t limit) {
  auto rows =
      TRY(database_.read("SELECT " + std::string(kColumns) +
                             " FROM webhook_deliveries WHERE dead AND tenant = $1 ORDER BY id LIMIT $2",
                         {tenant, limit}));
  return deliveries_of(rows);
}

Result<> SqlDeliveryStore::replay(const std::string& tenant) {
  TRY(database_.write(
      "UPDATE webhook_deliveries SET dead = FALSE, due_ms = {now}, attempts = 0 WHERE dead AND tenant = $1",
      {tenant}));
  return {};
}

}  // namespace sluice
