// Cron: when a schedule runs, said in the five fields of cron and a time zone. Immutable: any thread.
//
// The clock of the zone counts. Where it is put forward, a run at a fixed hour that is skipped takes place at
// the moment of the change; where it is put back, such a run takes place once, the first time. Schedules
// whose hour begins with `*` follow the time that passes: nothing is made up for, and the repeated hour
// counts twice. A day fits where the day of the month or the day of the week does, if both are given; where
// one of them begins with `*`, both have to.
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace date {
class time_zone;
}

namespace sluice {

class Cron {
 public:
  // `zone`: an IANA name such as Europe/Berlin; "" is UTC. Errors (usage) name the field and what is right.
  static Result<Cron> parse(std::string_view text, const std::string& zone);
  // The first run after that moment; none where there is never one (30 February).
  std::optional<WallTime> next_run(WallTime after) const;

 private:
  friend class CronTwin;  // the slow one of the test
  struct Field {
    std::bitset<64> values;
    bool star = false;  // begins with *
  };
  static Result<Field> read_field(std::string_view text, std::size_t number);
  bool fits_day(int month, int day, int weekday) const;

  Field minute_, hour_, day_, month_, weekday_;
  const date::time_zone* zone_ = nullptr;  // null: UTC; the time zone database outlives everything
};

}  // namespace sluice
