// Formulas neutralised and restored: exactly reversible, and never a formula.
#include <gtest/gtest.h>

#include <random>

#include "base/decimal.h"
#include "reports/report.h"

namespace sluice {
namespace {

TEST(Formula, what_a_spreadsheet_would_run_gets_an_apostrophe) {
  for (const char* text : {"=1+1", "=cmd|' /C calc'!A0", "+1 555 0100", "-2+3", "@SUM(A1)", "\t=1", "\r=1",
                           "\n=1", "-", "+", "-x", "'=1", "''-a",
                           "\xEF\xBC\x9D"
                           "1+1",
                           "\xEF\xBC\xA0x", "+1e9999999999"}) {
    EXPECT_EQ(neutralise_formula(text), std::string("'") + text);
    EXPECT_EQ(restore_formula(neutralise_formula(text)), text);
  }
  for (const char* text : {"", "a", "-5", "+5", "-0.50", "+1e5", "1-2", "00123", "'", "'a", "it's", "''",
                           "'5", "'-5", "a=1", " x", "#"}) {
    EXPECT_EQ(neutralise_formula(text), text);
    EXPECT_EQ(restore_formula(text), text);
  }
}

TEST(Formula, property_reversible_and_harmless) {
  std::mt19937_64 random(11);
  const std::string alphabet = "='+-@\t\r\n'1.e'a \xEF\xBC\x9D\xA0";
  for (int i = 0; i < 500'000; ++i) {
    std::string text(random() % 7, ' ');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    std::string safe = neutralise_formula(text);
    ASSERT_EQ(restore_formula(safe), text);
    if (!safe.empty() && std::string_view("=+-@\t\r\n").find(safe[0]) != std::string_view::npos) {
      ASSERT_TRUE(parse_decimal(safe)) << safe;
    }
  }
}

TEST(Formula, report_columns) {
  EXPECT_TRUE(is_report_column("sluice_job"));
  EXPECT_TRUE(is_report_column("sluice_"));
  EXPECT_FALSE(is_report_column("sluice"));
  EXPECT_FALSE(is_report_column("Sluice_job"));
  EXPECT_FALSE(is_report_column("'sluice_job"));
}

}  // namespace
}  // namespace sluice
