#include "reports/report.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "reports/part_file.h"
#include "reports/writers.h"

namespace sluice {
namespace {

struct Ending {
  std::string_view ending;
  OpenedReport (*open)(const std::string&, const Columns&);
};
OpenedReport open_csv_file(const std::string& path, const Columns& columns) {
  return open_csv_report(TRY(PartFile::create(path)), columns);
}

OpenedReport open_ndjson_file(const std::string& path, const Columns& columns) {
  return open_ndjson_report(TRY(PartFile::create(path)), columns);
}

constexpr std::array<Ending, 4> kEndings = {{
    {".csv", open_csv_file},
    {".ndjson", open_ndjson_file},
    {".jsonl", open_ndjson_file},
    {".xlsx", open_xlsx_report},
}};

const Ending* ending_of(const std::string& path) {
  std::string lower;
  for (unsigned char c : path) lower += static_cast<char>(std::tolower(c));
  for (const Ending& known : kEndings)
    if (lower.ends_with(known.ending)) return &known;
  return nullptr;
}

}  // namespace

Result<> check_report_path(const std::string& path) {
  if (ending_of(path) != nullptr) return {};
  return fail(ErrorKind::usage,
              "Cannot tell from '" + path +
                  "' what kind of report to write: let its name end in .csv, .ndjson or .xlsx.");
}

Result<> check_report_place(const std::string& path) {
  TRY(check_report_path(path));
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return fail(ErrorKind::usage,
                "The report '" + path + "' cannot be written: it is a folder. Name a file.");
  // To try is the only sure way; what another run may be writing there is left alone.
  const std::string part = part_name(path);
  const bool there = std::filesystem::exists(part, ignored);
  const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) {
    Error error = report_error(path, std::strerror(errno)).error();
    error.kind = ErrorKind::usage;
    return std::unexpected(std::move(error));
  }
  ::close(file);
  if (!there) ::unlink(part.c_str());
  return {};
}

OpenedReport open_report(StreamedReport kind, std::unique_ptr<ReportSink> sink,
                         const std::vector<std::string>& columns) {
  return kind == StreamedReport::csv ? open_csv_report(std::move(sink), columns)
                                     : open_ndjson_report(std::move(sink), columns);
}

OpenedReport open_report(const std::string& path, const std::vector<std::string>& columns) {
  TRY(check_report_path(path));
  return ending_of(path)->open(path, columns);
}

}  // namespace sluice
