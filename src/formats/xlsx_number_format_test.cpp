#include "formats/xlsx_number_format.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using enum NumberKind;

std::string text_of(std::string_view stored, NumberForm form, DateSystem system = DateSystem::from_1900) {
  std::string text;
  append_number(text, stored, form, system);
  return text;
}
std::string text_of(std::string_view stored, std::string_view code,
                    DateSystem system = DateSystem::from_1900) {
  return text_of(stored, number_form(code), system);
}

TEST(XlsxNumberFormat, KnowsDatesTimesAndNumbersByTheirCode) {
  const std::pair<const char*, NumberKind> cases[] = {
      {"General", number},
      {"0.00", number},
      {"#,##0", number},
      {"0%", number},
      {"0.00E+00", number},
      {"@", number},
      {"[Red]-0.0;[Blue]0.0", number},
      {"\"days\" 0", number},
      {"0 \\d\\a\\y\\s", number},
      {"yyyy-mm-dd", date},
      {"d/m/yy", date},
      {"mmm", date},
      {"m/yy", date},
      {"dddd", date},
      {"[$-409]d\\-mmm\\-yy;@", date},
      {"[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", date},
      {"yyyy\"年\"m\"月\"d\"日\"", date},
      {"ggge", date},
      {"h:mm", time},
      {"mm:ss.0", time},
      {"h:mm AM/PM", time},
      {"[$-F400]h:mm:ss\\ AM/PM", time},
      {"hh\"h\"mm", time},
      {"yyyy-mm-dd hh:mm:ss", date_time},
      {"d/m/yy h:mm", date_time},
      {"m/d/yyyy\\ h:mm;@", date_time},
      {"[h]:mm:ss", elapsed},
      {"[mm]:ss", elapsed},
      {"[ss].00", elapsed},
      {"00000", zeros},
      {"000", zeros},
      {"0", number},
      {"00000-0000", number},  // a dash would have to be shown, too
      {"00.0", number},
      {"General\" h\"", number},
      {"[<=99999]00000;00000\\-0000", zeros},
      {"", number},
      {"\"open", number},
      {"[open", number},
      {"\\", number},
  };
  for (const auto& [code, kind] : cases) EXPECT_EQ(number_form(code).kind, kind) << code;
  EXPECT_EQ(number_form("00000").digits, 5);
}

TEST(XlsxNumberFormat, KnowsTheFormatsWithoutCode) {
  EXPECT_EQ(builtin_number_form(0).kind, number);
  EXPECT_EQ(builtin_number_form(9).kind, number);
  EXPECT_EQ(builtin_number_form(14).kind, date);
  EXPECT_EQ(builtin_number_form(20).kind, time);
  EXPECT_EQ(builtin_number_form(22).kind, date_time);
  EXPECT_EQ(builtin_number_form(46).kind, elapsed);
  EXPECT_EQ(builtin_number_form(49).kind, number);
  EXPECT_EQ(builtin_number_form(31).kind, date);
  EXPECT_EQ(builtin_number_form(55).kind, date_or_time);
  EXPECT_EQ(builtin_number_form(4'000'000'000).kind, number);
}

TEST(XlsxNumberText, ShowsNumbersWithoutTheNoiseOfBinaryFractions) {
  EXPECT_EQ(text_of("1", NumberForm()), "1");
  EXPECT_EQ(text_of("-12", NumberForm()), "-12");
  EXPECT_EQ(text_of("0.30000000000000004", NumberForm()), "0.3");
  EXPECT_EQ(text_of("1.1000000000000001", NumberForm()), "1.1");
  EXPECT_EQ(text_of("2.9999999999999996", NumberForm()), "3");
  EXPECT_EQ(text_of("1E3", NumberForm()), "1000");
  EXPECT_EQ(text_of("1.0", NumberForm()), "1");
  EXPECT_EQ(text_of("-0.5", NumberForm()), "-0.5");
  EXPECT_EQ(text_of("0.000001", NumberForm()), "0.000001");
  EXPECT_EQ(text_of("1e-7", NumberForm()), "1e-7");
  EXPECT_EQ(text_of("1.25e-7", NumberForm()), "1.25e-7");
  EXPECT_EQ(text_of("123456789012345680000", NumberForm()), "123456789012346000000");
  EXPECT_EQ(text_of("1e21", NumberForm()), "1e+21");
  EXPECT_EQ(text_of("1.5e300", NumberForm()), "1.5e+300");
  EXPECT_EQ(text_of("-0", NumberForm()), "0");
  EXPECT_EQ(text_of("00123", NumberForm()), "123");
  // Whole numbers that a binary fraction holds exactly lose no digit, as 15 would.
  EXPECT_EQ(text_of("1234567890123456", NumberForm()), "1234567890123456");
  EXPECT_EQ(text_of("9007199254740991", NumberForm()), "9007199254740991");
}

TEST(XlsxNumberText, LeavesWhatIsNoNumber) {
  EXPECT_EQ(text_of("abc", NumberForm()), "abc");
  EXPECT_EQ(text_of("1,5", NumberForm()), "1,5");
  EXPECT_EQ(text_of("nan", NumberForm()), "nan");
  EXPECT_EQ(text_of("1e999", NumberForm()), "1e999");
  EXPECT_EQ(text_of("12 monkeys", "yyyy-mm-dd"), "12 monkeys");
}

TEST(XlsxNumberText, ShowsDates) {
  EXPECT_EQ(text_of("45350", "yyyy-mm-dd"), "2024-02-28");
  EXPECT_EQ(text_of("45351", "d/m/yy"), "2024-02-29");
  EXPECT_EQ(text_of("1", "yyyy-mm-dd"), "1900-01-01");
  EXPECT_EQ(text_of("59", "yyyy-mm-dd"), "1900-02-28");
  EXPECT_EQ(text_of("60", "yyyy-mm-dd"), "1900-02-29") << "the day that never was";
  EXPECT_EQ(text_of("61", "yyyy-mm-dd"), "1900-03-01");
  EXPECT_EQ(text_of("2958465", "yyyy-mm-dd"), "9999-12-31");
  EXPECT_EQ(text_of("2958466", "yyyy-mm-dd"), "2958466") << "behind the last day of the calendar";
  EXPECT_EQ(text_of("-1", "yyyy-mm-dd"), "-1");
  EXPECT_EQ(text_of("0", "yyyy-mm-dd", DateSystem::from_1904), "1904-01-01");
  EXPECT_EQ(text_of("43888", "yyyy-mm-dd", DateSystem::from_1904), "2024-02-28");
  EXPECT_EQ(text_of("45350", NumberForm{date_or_time, 0}), "2024-02-28");
}

TEST(XlsxNumberText, ShowsTimes) {
  EXPECT_EQ(text_of("0.39583333333333331", "h:mm"), "09:30:00");
  EXPECT_EQ(text_of("45350.395833333336", "yyyy-mm-dd hh:mm"), "2024-02-28T09:30:00");
  EXPECT_EQ(text_of("45350", "yyyy-mm-dd hh:mm"), "2024-02-28T00:00:00");
  EXPECT_EQ(text_of("0.999999999999", "h:mm:ss"), "23:59:59.999") << "no next day";
  EXPECT_EQ(text_of("45350.999999999999", "yyyy-mm-dd h:mm"), "2024-02-29T00:00:00");
  EXPECT_EQ(text_of("0.50000144675925921", "h:mm:ss.000"), "12:00:00.125");
  EXPECT_EQ(text_of("0", "h:mm"), "00:00:00");
  EXPECT_EQ(text_of("0.5", NumberForm{date_or_time, 0}), "12:00:00");
  // What the format does not show is not lost.
  EXPECT_EQ(text_of("45350.5", "yyyy-mm-dd"), "2024-02-28T12:00:00");
  EXPECT_EQ(text_of("45350.5", "h:mm"), "2024-02-28T12:00:00");
  EXPECT_EQ(text_of("0.5", "yyyy-mm-dd"), "12:00:00");
  EXPECT_EQ(text_of("0.5", "yyyy-mm-dd", DateSystem::from_1904), "1904-01-01T12:00:00");
}

TEST(XlsxNumberText, ShowsLengthsOfTime) {
  EXPECT_EQ(text_of("1.1458333333333333", "[h]:mm"), "PT27H30M");
  EXPECT_EQ(text_of("10.632060185185185", "[h]:mm:ss"), "PT255H10M10S");
  EXPECT_EQ(text_of("0", "[h]:mm"), "PT0S");
  EXPECT_EQ(text_of("0.00001157407407407407", "[ss]"), "PT1S");
  EXPECT_EQ(text_of("-0.25", "[h]:mm"), "-PT6H");
}

TEST(XlsxNumberText, KeepsLeadingZerosThatTheFormatAsksFor) {
  EXPECT_EQ(text_of("501", "00000"), "00501");
  EXPECT_EQ(text_of("123456", "00000"), "123456");
  EXPECT_EQ(text_of("-5", "00000"), "-5");
  EXPECT_EQ(text_of("5.5", "00000"), "5.5");
}

TEST(XlsxNumberText, TakesDatesThatAreStoredAsText) {
  auto iso = [](std::string_view stored, NumberKind kind) {
    std::string text;
    append_iso_date(text, stored, {kind, 0});
    return text;
  };
  EXPECT_EQ(iso("2021-01-01", number), "2021-01-01");
  EXPECT_EQ(iso("2021-01-01T10:10:10", number), "2021-01-01T10:10:10");
  EXPECT_EQ(iso("2021-01-01T00:00:00.000", date), "2021-01-01");
  EXPECT_EQ(iso("2021-01-01T00:00:00.000", date_time), "2021-01-01T00:00:00");
  EXPECT_EQ(iso("2021-01-01T10:10:10.5", date), "2021-01-01T10:10:10.5");
  EXPECT_EQ(iso("10:10:10", time), "10:10:10");
}

}  // namespace
}  // namespace sluice
