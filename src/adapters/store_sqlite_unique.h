// Values that may stand only once in a job (`unique`, `primaryKey`): table job_unique_values and the values
// of the commit under way. Used by the SQLite row table, inside its transaction.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "adapters/sqlite_connection.h"
#include "adapters/store_sqlite_entry.h"
#include "ports/store.h"

namespace sluice {

class SqliteUniqueValues {
 public:
  Result<> prepare(SqliteConnection& writer, const WriteSpec& spec);

  // Looks up who holds each value of the rows that are not decided yet.
  Result<> load(std::span<const RowEntry> entries);

  struct Taken {
    std::uint32_t constraint;
    std::uint64_t row_number;  // of the row that has the value
  };
  // A value of this entry that a row of another identity holds.
  std::optional<Taken> taken(std::uint32_t entry) const;
  // The entry is in: its values are held from now on, those that are held already stay with their holder.
  void hold(std::uint32_t entry);
  Result<> write();  // what is held since load

 private:
  using Short = std::array<std::uint8_t, 16>;  // half a SHA-256: see kStoredHashBytes
  struct Value {
    Short digest;
    std::uint32_t constraint, entry, slot;
  };
  struct Holder {
    std::uint64_t row_number = 0;  // 0: free
    Short identity{};
    bool fresh = false;
    std::uint32_t value = 0;  // index into values_
  };
  Result<> look_up(Holder& holder, const Value& value);

  std::span<const RowEntry> entries_;
  std::vector<Value> values_;              // sorted by constraint and digest
  std::vector<Holder> holders_;            // in that order, one per distinct value
  std::vector<std::uint32_t> first_slot_;  // per entry, into holder_of_; one more at the end
  std::vector<std::uint32_t> holder_of_;
  bool by_identity_ = false;  // identity is a key: a row may take over the values of its own identity
  std::int64_t job_sequence_ = 0;
  SqliteStatement find_, insert_;
};

// Lets go of a job's values when it ends.
Result<> forget_sqlite_unique_values(SqliteConnection& writer, const std::string& job_id);

}  // namespace sluice
