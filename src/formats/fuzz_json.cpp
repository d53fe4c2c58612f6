// Any bytes as a JSON document and as NDJSON: no crash, the same rows and the same complaint for every size
// of chunk, and nothing taken that simdjson does not take.
#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "formats/json_detect.h"
#include "formats/json_format.h"
#include "formats/json_test_support.h"
#include "formats/ndjson_format.h"

namespace {

using sluice::FormatKind;

void require(bool holds, const char* what, const std::string& seen = "") {
  if (holds) return;
  std::cerr << what << "\n" << seen << "\n";
  std::abort();
}

// simdjson's DOM keeps numbers as 64-bit integers and doubles, and refuses those that are neither.
bool is_json(std::string_view text) {
  static simdjson::dom::parser parser;
  const auto error = parser.parse(simdjson::padded_string(text)).error();
  return error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR ||
         error == simdjson::NUMBER_OUT_OF_RANGE || error == simdjson::DEPTH_ERROR;
}

std::string said_by(const sluice::json_test::Reading& reading) {
  std::string said = reading.error + "\n";
  for (const auto& row : reading.rows) said += row.shown() + " raw " + row.raw + "\n";
  return said;
}

void check(std::string_view text, FormatKind kind, const std::string& pointer, std::size_t target) {
  auto found = sluice::detect_json(text, true, kind, {}, pointer);
  if (!found) return;
  sluice::ReadPlan plan;
  plan.format = kind;
  plan.pointer = found->pointer;
  plan.columns = found->columns;
  plan.rows_are_arrays = found->rows_are_arrays;
  plan.first_row = found->first_row;
  plan.row_bytes = 256;
  auto format = kind == FormatKind::json ? sluice::make_json_format(plan) : sluice::make_ndjson_format(plan);
  const auto whole = sluice::json_test::read_all(*format, plan, text, text.size() + 1, plan.first_row);
  bool all_good = whole.error.empty();
  for (const auto& row : whole.rows) {
    if (row.code.empty() || row.code == "type-error")
      require(is_json(row.raw), "a row that is no JSON was taken", row.raw);
    all_good = all_good && (row.code.empty() || row.code == "type-error");
  }
  if (kind == FormatKind::json && all_good)
    require(is_json(text.substr(text.starts_with("\xEF\xBB\xBF") ? 3 : 0)),
            "a document that is no JSON was taken");
  const auto parts = sluice::json_test::read_all(*format, plan, text, target, plan.first_row, 1 + target % 7);
  require(said_by(parts) == said_by(whole), "the size of the chunks makes a difference",
          said_by(parts) + "---\n" + said_by(whole));
  require(parts.counted_lines == whole.counted_lines || !whole.error.empty(),
          "lines are counted differently");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t target = 1 + data[0] % 128;
  check(text, FormatKind::json, (data[0] & 0x80) != 0 ? "/a" : "", target);
  check(text, FormatKind::ndjson, "", target);
  return 0;
}
