// EventLog on either database. In SQLite, which has one writer, an event has its number from the beginning;
// in PostgreSQL it gets one when it is committed (number_new).
#pragma once

#include "adapters/sql_database.h"
#include "adapters/sql_signals.h"
#include "ports/event_log.h"

namespace sluice {

class SqlEventLog final : public EventLog {
 public:
  SqlEventLog(SqlDatabase& database, SqlSignals& signals) : database_(database), signals_(signals) {}

  Result<bool> number_new() override;
  Result<std::vector<Event>> read(const EventFilter& filter, std::uint64_t after, std::size_t limit) override;
  Result<std::uint64_t> newest() override;
  Result<> wait_for_more(std::uint64_t after, std::chrono::milliseconds wait, std::stop_token stop) override;
  Result<std::optional<std::uint64_t>> hold_place(const std::string& reader, const std::string& holder,
                                                  std::chrono::milliseconds hold) override;
  Result<> move_place(const std::string& reader, const std::string& holder, std::uint64_t to) override;
  Result<> remove_before(std::chrono::milliseconds age) override;

 private:
  struct Look {
    std::uint64_t newest = 0;
    bool has_unnumbered = false;  // events that were committed and have no number yet
  };
  Result<Look> look();
  Result<std::uint64_t> number_some();  // how many; 0 also where another node is at it
  SqlDatabase& database_;
  SqlSignals& signals_;
};

}  // namespace sluice
