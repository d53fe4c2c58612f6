// The planning pass: the record splitter walks the whole input once and keeps nothing but the borders. One
// thread.
#include "formats/split_planner.h"

#include <algorithm>

#include "formats/chunk_reader_cursor.h"

namespace sluice {
namespace {

constexpr std::size_t kStepBytes = 1 << 20;

// Reading must meet the same error after the same rows, so it is not the planner's to fail: only where the
// bytes themselves cannot be fetched is there no plan.
bool is_broken_input(const Error& error) { return error.kind == ErrorKind::input; }

}  // namespace

Result<PlannedInput> plan_ranges(const ReadPlan& plan, const RowFormat& format, const Opener& opener,
                                 std::uint64_t split_bytes, std::stop_token stop) {
  split_bytes = std::max<std::uint64_t>(split_bytes, 1);
  ChunkSize step{static_cast<std::size_t>(std::min<std::uint64_t>(split_bytes, kStepBytes)),
                 ~std::uint64_t{0}};
  auto cursor = TRY(RecordCursor::open(plan, format, opener, {plan.first_row, {}}, step, {}, stop));
  PlannedInput planned;
  ReadRange range{plan.first_row, plan.first_row};
  while (true) {
    auto piece = cursor->next(stop);
    if (!piece) {
      if (!is_broken_input(piece.error())) return std::unexpected(std::move(piece).error());
      planned.broken = std::move(piece).error();
      range.end.reset();
      break;
    }
    if (!*piece) break;
    if (plan.seekable() && range.end->offset != range.begin.offset &&
        (*piece)->end.offset - range.begin.offset > split_bytes) {
      planned.ranges.push_back(range);
      range.begin = (*piece)->begin;
    }
    range.end = (*piece)->end;
  }
  if (!range.end || range.end->offset != range.begin.offset || planned.ranges.empty()) {
    planned.ranges.push_back(range);
  }
  planned.rows = cursor->position().row - plan.first_row.row;
  return planned;
}

Result<PlannedInput> plan_ranges(const ReadPlan& plan, const Opener& opener, std::uint64_t split_bytes,
                                 std::stop_token stop) {
  return plan_ranges(plan, *make_format(plan), opener, split_bytes, stop);
}

}  // namespace sluice
