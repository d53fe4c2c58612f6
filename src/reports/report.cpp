#include "reports/report.h"

#include <array>
#include <cctype>

#include "reports/writers.h"

namespace sluice {
namespace {

struct Ending {
  std::string_view ending;
  OpenedReport (*open)(const std::string&, const Columns&);
};
constexpr std::array<Ending, 4> kEndings = {{
    {".csv", open_csv_report},
    {".ndjson", open_ndjson_report},
    {".jsonl", open_ndjson_report},
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

OpenedReport open_report(const std::string& path, const std::vector<std::string>& columns) {
  TRY(check_report_path(path));
  return ending_of(path)->open(path, columns);
}

}  // namespace sluice
