// open_planned_sheet() of formats/xlsx_sheet.h: the sheet that a plan names, and those that follow it.
#include <algorithm>
#include <utility>
#include <vector>

#include "formats/xlsx_sheet.h"

namespace sluice {
namespace {

// The records of sheets, one sheet after the other, each filled up with empty records to as many as a sheet
// can have: so that the number of a record says on which sheet it stands, and in which of its rows.
class PlannedSheets : public ByteSource {
 public:
  PlannedSheets(std::shared_ptr<const ZipArchive> archive, Workbook workbook, std::vector<std::size_t> sheets,
                SheetLimits limits)
      : archive_(std::move(archive)),
        workbook_(std::move(workbook)),
        sheets_(std::move(sheets)),
        limits_(limits) {}

  Result<> open_next(const std::stop_token& stop) {
    const WorkbookSheet& sheet = workbook_.sheets[sheets_[next_++]];
    records_ = TRY(open_sheet(archive_, workbook_, sheet, limits_, SheetTexts::read, stop));
    missing_ = kMostSheetRows;
    return {};
  }

  Result<std::size_t> read(std::span<char> into, std::stop_token stop) override {
    auto count = read_on(into, stop);
    // What a sheet says while it is loaded stands by itself.
    if (!count && count.error().kind == ErrorKind::input)
      return fail(ErrorKind::input, "the workbook " + count.error().message);
    return count;
  }

 private:
  Result<std::size_t> read_on(std::span<char> into, const std::stop_token& stop) {
    const std::size_t count = TRY(records_->read(into, stop));
    if (next_ == sheets_.size()) return count;  // the last
    missing_ -= static_cast<std::uint64_t>(std::count(
        into.begin(), into.begin() + static_cast<std::ptrdiff_t>(count), sheet_record::kRecordEnd));
    if (count > 0) return count;
    if (missing_ == 0) {
      TRY(open_next(stop));
      return read_on(into, stop);
    }
    const auto filled = static_cast<std::size_t>(std::min<std::uint64_t>(missing_, into.size()));
    std::fill_n(into.begin(), filled, sheet_record::kRecordEnd);
    missing_ -= filled;
    return filled;
  }

  const std::shared_ptr<const ZipArchive> archive_;
  const Workbook workbook_;
  const std::vector<std::size_t> sheets_;
  const SheetLimits limits_;
  std::size_t next_ = 0;  // in sheets_
  std::unique_ptr<ByteSource> records_;
  std::uint64_t missing_ = 0;  // of the rows that this sheet could have
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_planned_sheet(const ReadPlan& plan, const Opener& opener,
                                                       std::stop_token stop) {
  auto archive =
      std::make_shared<ZipArchive>(TRY(open_archive(plan.compression, plan.window_bytes, opener, stop)));
  Workbook workbook = TRY(read_workbook(*archive, stop));
  auto changed = [](const std::string& what) {
    return fail(ErrorKind::input,
                "the input is not what it was when it was planned (" + what + "); run it again as a new job");
  };
  std::vector<std::size_t> sheets = {plan.sheet.number - 1};
  if (sheets[0] >= workbook.sheets.size() || workbook.sheets[sheets[0]].name != plan.sheet.name)
    return changed("sheet " + std::to_string(plan.sheet.number) + " was '" + plan.sheet.name + "'");
  for (const std::string& name : plan.sheet.more) {
    auto found = std::ranges::find(workbook.sheets, name, &WorkbookSheet::name);
    if (found == workbook.sheets.end()) return changed("it had a sheet '" + name + "'");
    sheets.push_back(static_cast<std::size_t>(found - workbook.sheets.begin()));
  }
  auto source =
      std::make_unique<PlannedSheets>(archive, std::move(workbook), std::move(sheets), sheet_limits(plan));
  TRY(source->open_next(stop));
  return source;
}

}  // namespace sluice
