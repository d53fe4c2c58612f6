// The CSV report: UTF-8 with a byte order mark, because spreadsheets take a file without one for the local
// 8-bit encoding; commas, and lines that end in LF.
#include "reports/report_cells.h"
#include "reports/writers.h"

namespace sluice {
namespace {

bool needs_quotes(std::string_view cell) {
  if (cell.empty()) return false;
  // Blanks at the ends, because some readers trim what is not quoted; '#', because some take it for a
  // comment.
  if (cell.front() == ' ' || cell.back() == ' ' || cell.front() == '\t' || cell.back() == '\t' ||
      cell.front() == '#')
    return true;
  return cell.find_first_of(",;\"\r\n\t") != std::string_view::npos;
}

}  // namespace

void append_csv_cell(std::string& line, std::string_view cell) {
  if (!needs_quotes(cell)) {
    line += cell;
    return;
  }
  line += '"';
  for (char c : cell) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

namespace {

class CsvReport final : public ReportWriter {
 public:
  CsvReport(std::unique_ptr<ReportSink> sink, const Columns& columns)
      : sink_(std::move(sink)), cells_(columns) {}

  Result<> header() {
    line_ = "\xEF\xBB\xBF";
    Columns header;
    for (const std::string& name : cells_.header()) header.push_back(visible_text(name));
    return write(header);
  }
  Result<> row(const std::string& job_id, const RejectedRow& row) override {
    line_.clear();
    return write(cells_.lay_out(job_id, row));
  }
  Result<> finish() override { return sink_->finish(); }

 private:
  Result<> write(const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i != 0) line_ += ',';
      append_csv_cell(line_, neutralise_formula(cells[i]));
    }
    line_ += '\n';
    return sink_->write(line_);
  }

  std::unique_ptr<ReportSink> sink_;
  ReportCells cells_;
  std::string line_;
};

}  // namespace

OpenedReport open_csv_report(std::unique_ptr<ReportSink> sink, const Columns& columns) {
  auto report = std::make_unique<CsvReport>(std::move(sink), columns);
  if (auto written = report->header(); !written) return std::unexpected(std::move(written).error());
  return report;
}

}  // namespace sluice
