// Formula injection: what a spreadsheet would run is made text, reversibly.
#include <algorithm>
#include <array>

#include "base/decimal.h"
#include "reports/report.h"

namespace sluice {
namespace {

// OWASP, "CSV Injection": the characters that begin a formula, and the white space that hides one.
constexpr std::array<std::string_view, 11> kFormulaBeginnings = {
    "=", "+", "-", "@", "\t", "\r", "\n", "\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"};

// Looks past the apostrophes in front, so that the answer is the same before and after one was added.
bool is_formula(std::string_view cell) {
  cell.remove_prefix(std::min(cell.find_first_not_of('\''), cell.size()));
  for (std::string_view beginning : kFormulaBeginnings)
    if (cell.starts_with(beginning)) return !parse_decimal(cell);
  return false;
}

}  // namespace

std::string neutralise_formula(std::string_view cell) {
  std::string text = is_formula(cell) ? "'" : "";
  return text.append(cell);
}

std::string restore_formula(std::string_view cell) {
  if (cell.starts_with('\'') && is_formula(cell)) cell.remove_prefix(1);
  return std::string(cell);
}

bool is_report_column(std::string_view name) { return name.starts_with("sluice_"); }

}  // namespace sluice
