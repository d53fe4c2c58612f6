// The XLSX report, by libxlsxwriter in constant memory: rows leave as they come. Every cell is text, so that
// leading zeros and long numbers stay; the cells at fault are coloured, with the reason as a comment.
#include <xlsxwriter.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/utf8.h"
#include "reports/part_file.h"
#include "reports/report_cells.h"
#include "reports/writers.h"

namespace sluice {
namespace {

// What a worksheet holds (ECMA-376 and Excel's own limits).
constexpr std::size_t kSheetRows = 1'048'576, kSheetColumns = 16'384, kCellCharacters = 32'767;
constexpr std::size_t kReportColumnCount = 9;
// Comments are kept in memory until the end; the reasons also stand in columns of their own, without a limit.
constexpr std::size_t kComments = 10'000;
constexpr std::size_t kCommentBytes = 1000;

// What the library leaves to its caller: XML has no U+FFFE and U+FFFF, and a text that looks like Excel's
// escape of a control character (_x000B_, which the library writes) is escaped itself.
std::string for_xml(std::string_view text) {
  auto is_escape = [&](std::size_t at) {
    if (at + 7 > text.size() || text[at + 1] != 'x' || text[at + 6] != '_') return false;
    return std::all_of(text.begin() + at + 2, text.begin() + at + 6,
                       [](unsigned char c) { return std::isxdigit(c); });
  };
  std::string xml;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '_' && is_escape(at)) {
      xml += "_x005F_";  // an underscore; the rest of the text follows
    } else if (std::string_view three = text.substr(at, 3);
               three == "\xEF\xBF\xBE" || three == "\xEF\xBF\xBF") {
      xml += three[2] == '\xBE' ? "\\uFFFE" : "\\uFFFF";
      at += 2;
    } else {
      xml += text[at];
    }
  }
  return xml;
}

// As much of the text as a cell holds, which is counted in UTF-16 units.
std::string_view fitting(std::string_view text) {
  if (text.size() <= kCellCharacters) return text;
  std::size_t units = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = std::max<std::size_t>(utf8_length(text, at), 1);
    units += length == 4 ? 2 : 1;
    if (units > kCellCharacters) return text.substr(0, at);
    at += length;
  }
  return text;
}

class XlsxReport final : public ReportWriter {
 public:
  XlsxReport(std::string path, const Columns& columns)
      : path_(std::move(path)), cells_(columns, kSheetColumns - kReportColumnCount) {}
  ~XlsxReport() override {
    if (workbook_ != nullptr) lxw_workbook_free(workbook_);
  }

  Result<> open() {
    // Pages wait beside the report, not in /tmp, which is often memory.
    directory_ = std::filesystem::path(path_).parent_path().string();
    if (directory_.empty()) directory_ = ".";
    lxw_workbook_options options{};
    options.constant_memory = LXW_TRUE;
    options.tmpdir = directory_.data();
    std::FILE* probe = std::fopen(part_name(path_).c_str(), "wb");
    if (probe == nullptr) return report_error(path_, std::strerror(errno));
    std::fclose(probe);
    workbook_ = workbook_new_opt(part_name(path_).c_str(), &options);
    if (workbook_ == nullptr) return report_error(path_, "not enough memory");
    text_ = workbook_add_format(workbook_);
    format_set_num_format(text_, "@");
    fault_ = workbook_add_format(workbook_);
    format_set_num_format(fault_, "@");
    format_set_bg_color(fault_, 0xFFD6D6);
    title_ = workbook_add_format(workbook_);
    format_set_num_format(title_, "@");
    format_set_bold(title_);
    return add_sheet();
  }

  Result<> row(const std::string& job_id, const RejectedRow& row) override {
    if (next_row_ == kSheetRows) {
      if (auto added = add_sheet(); !added) return added;
    }
    const std::vector<std::string>& cells = cells_.lay_out(job_id, row);
    std::string cut;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      std::string text = for_xml(neutralise_formula(cells[i]));
      std::string_view fits = fitting(text);
      if (fits.size() < text.size()) cut = cells_.header()[i];
      const Issue* issue = issue_about(row, i);
      if (auto written = write(i, std::string(fits), issue == nullptr ? text_ : fault_); !written)
        return written;
      if (issue != nullptr && comments_ < kComments) {
        ++comments_;
        worksheet_write_comment(sheet_, next_row_, static_cast<lxw_col_t>(i), comment_of(*issue).c_str());
      }
    }
    if (!cut.empty()) {
      std::string note = "The value of '" + cut +
                         "' is longer than a cell holds and stands here cut; take the report "
                         "as .csv to correct this row. " +
                         cells[message_column()];
      if (auto written = write(message_column(),
                               std::string(fitting(for_xml(neutralise_formula(visible_text(note))))), text_);
          !written)
        return written;
    }
    ++next_row_;
    return {};
  }

  Result<> finish() override {
    lxw_error error = workbook_close(std::exchange(workbook_, nullptr));
    if (error != LXW_NO_ERROR) return report_error(path_, lxw_strerror(error));
    return publish(path_);
  }

 private:
  std::size_t message_column() const { return cells_.own_columns() + 5; }

  Result<> add_sheet() {
    std::string name = sheets_ == 0 ? "Rejected rows" : "Rejected rows " + std::to_string(sheets_ + 1);
    sheet_ = workbook_add_worksheet(workbook_, name.c_str());
    if (sheet_ == nullptr) return report_error(path_, "its pages cannot be kept in '" + directory_ + "'");
    ++sheets_;
    // Text for the whole column, so that what is typed in stays text too.
    worksheet_set_column(sheet_, 0, static_cast<lxw_col_t>(cells_.header().size() - 1), 18, text_);
    worksheet_set_column(sheet_, static_cast<lxw_col_t>(message_column()),
                         static_cast<lxw_col_t>(message_column()), 60, text_);
    worksheet_freeze_panes(sheet_, 1, 0);
    next_row_ = 0;
    for (std::size_t i = 0; i < cells_.header().size(); ++i) {
      std::string name_text = for_xml(neutralise_formula(visible_text(cells_.header()[i])));
      if (auto written = write(i, std::string(fitting(name_text)), title_); !written) return written;
    }
    next_row_ = 1;
    return {};
  }

  Result<> write(std::size_t column, const std::string& text, lxw_format* format) {
    auto at = static_cast<lxw_col_t>(column);
    lxw_error error = text.empty() ? worksheet_write_blank(sheet_, next_row_, at, format)
                                   : worksheet_write_string(sheet_, next_row_, at, text.c_str(), format);
    if (error != LXW_NO_ERROR) return report_error(path_, lxw_strerror(error));
    return {};
  }

  const Issue* issue_about(const RejectedRow& row, std::size_t column) const {
    for (const Issue& issue : row.issues)
      if (cells_.column_of(issue) == column) return &issue;
    return nullptr;
  }

  static std::string comment_of(const Issue& issue) {
    std::string text = for_xml(shown_value(issue.message, kCommentBytes));
    if (!issue.suggestion.empty())
      text += "\nSuggestion: " + for_xml(shown_value(issue.suggestion, kCommentBytes));
    return text;
  }

  std::string path_, directory_;
  ReportCells cells_;
  lxw_workbook* workbook_ = nullptr;
  lxw_worksheet* sheet_ = nullptr;
  lxw_format *text_ = nullptr, *fault_ = nullptr, *title_ = nullptr;  // owned by the workbook
  lxw_row_t next_row_ = 0;
  std::size_t sheets_ = 0, comments_ = 0;
};

}  // namespace

OpenedReport open_xlsx_report(const std::string& path, const Columns& columns) {
  auto report = std::make_unique<XlsxReport>(path, columns);
  if (auto opened = report->open(); !opened) return std::unexpected(std::move(opened).error());
  return report;
}

}  // namespace sluice
