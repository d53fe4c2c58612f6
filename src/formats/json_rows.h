// JsonRows: makes batches from JSON values, one value a row, for both JSON formats: finds the columns, judges
// the kind of the row, refuses what cannot be stored. One object serves one chunk after the other, on one
// thread at a time; JsonRowsPool lends them out.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "formats/format.h"
#include "formats/json_scanner.h"

namespace sluice {

class JsonRows {
 public:
  // Where a row stands.
  struct Place {
    std::uint64_t row_number = 0, line = 0;
    std::string_view raw;
  };

  JsonRows(const ReadPlan& plan, JsonScanner::Space space);

  JsonScanner& scanner() { return scanner_; }

  // Begins a chunk and owns it until finish().
  void begin(Buffer bytes);
  std::string_view bytes() const { return bytes_.view(); }
  // Scans the value at `at` as a row of this chunk; `end` as for JsonScanner::begin. nullptr: it is no JSON.
  const char* scan(const char* at, const char* end);
  // Adds the scanned row, good or rejected.
  void add(const Place& place);
  void reject(const Place& place, RejectCode code, std::string message);
  // Are the bytes UTF-8 throughout?
  bool is_text(std::string_view raw) const;
  std::vector<RowBatch> finish();

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };
  static constexpr std::uint32_t kIgnored = ~std::uint32_t{0};

  void add_object(const Place& place);
  void add_array(const Place& place);
  void add_reported(const Place& place);
  bool find_columns(std::string& twice);
  std::uint32_t column_of(std::string_view name, std::uint32_t expected);
  void forget_columns(std::size_t from);
  std::size_t new_row(const Place& place, std::size_t cells);
  bool too_many(std::size_t columns) const;
  void start_batch();
  void close_batch(bool last);
  SharedColumns shared_columns();
  Cell cell_of(const JsonValue& value);

  const ReadPlan& plan_;
  JsonScanner scanner_;
  Buffer bytes_;
  bool all_text_ = true;

  // The row just scanned.
  JsonValue value_;
  bool is_object_ = false, is_array_ = false, inside_report_ = false;
  std::vector<JsonMember> members_, reported_members_;
  std::vector<JsonValue> elements_;
  std::vector<std::uint32_t> slots_;  // the column of each member

  // The columns of the current batch: names in order, each found by name, each with the last row that had it.
  std::unordered_map<std::string, std::uint32_t, NameHash, std::equal_to<>> columns_;
  std::vector<std::string_view> names_;
  std::vector<std::uint64_t> last_row_;
  std::uint64_t row_stamp_ = 0;
  std::string name_space_;
  SharedColumns fixed_;  // by the plan; null: found per batch
  SharedColumns last_found_;

  std::unique_ptr<RowBatch> batch_;
  std::size_t present_ = 0;  // values the batch's rows really have
  std::vector<RowBatch> done_;
};

// Lends JsonRows to whichever thread parses.
class JsonRowsPool {
 public:
  JsonRowsPool(const ReadPlan& plan, JsonScanner::Space space) : plan_(plan), space_(space) {}
  std::unique_ptr<JsonRows> take() const;
  void give_back(std::unique_ptr<JsonRows> rows) const;

 private:
  const ReadPlan& plan_;
  JsonScanner::Space space_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<JsonRows>> idle_;  // guarded by mutex_
};

// The one row of a chunk that is only the beginning of a record that is too long.
ParseResult parse_oversized_json(Chunk chunk, std::uint64_t row_bytes);

}  // namespace sluice
