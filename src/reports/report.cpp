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

}  // namespace

OpenedReport open_report(const std::string& path, const std::vector<std::string>& columns) {
  std::string lower;
  for (unsigned char c : path) lower += static_cast<char>(std::tolower(c));
  for (const Ending& known : kEndings)
    if (lower.ends_with(known.ending)) return known.open(path, columns);
  return fail(ErrorKind::usage,
              "Cannot tell from '" + path +
                  "' what kind of report to write: let its name end in .csv, .ndjson or .xlsx.");
}

}  // namespace sluice
