#include "schema/date_text.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

namespace sluice {
namespace {

using Problem = DateReading::Problem;

std::string read(Temporal kind, std::string_view format, std::string_view text,
                 DateOrder order = DateOrder::unknown) {
  auto compiled = DateFormat::compile(kind, format, order);
  if (!compiled) return "no format";
  std::string iso;
  switch (compiled->read(text, iso)) {
    case Problem::none: return iso;
    case Problem::not_a_date: return "not a date";
    case Problem::no_such_day: return "no such day";
    case Problem::ambiguous: return "ambiguous";
  }
  return {};
}
std::string date(std::string_view text, DateOrder order = DateOrder::unknown) {
  return read(Temporal::date, "any", text, order);
}
std::string datetime(std::string_view text, DateOrder order = DateOrder::unknown) {
  return read(Temporal::datetime, "any", text, order);
}
std::string time(std::string_view text) { return read(Temporal::time, "any", text); }
std::string suggest(Temporal kind, std::string_view format, std::string_view text) {
  return DateFormat::compile(kind, format, DateOrder::unknown)->suggest(text);
}

TEST(DateText, ReadsWhatPeopleWrite) {
  for (const char* text : {"2024-02-28",
                           "2024/02/28",
                           "2024.2.28",
                           "20240228",
                           "28.02.2024",
                           "28. 2. 2024",
                           "28/02/2024",
                           "02/28/2024",
                           "28-02-2024",
                           "28/2/24",
                           "28-Feb-2024",
                           "28-FEB-24",
                           "28 Feb 2024",
                           "28 February 2024",
                           "28th of February 2024",
                           "28th February, 2024",
                           "Feb 28 2024",
                           "Feb. 28, 2024",
                           "February 28th, 2024",
                           "2024-Feb-28",
                           "2024 Feb 28",
                           "Wed, 28 Feb 2024",
                           "Wednesday, February 28, 2024",
                           "28Feb2024",
                           "Feb 28 '24",
                           "28/02/2024 00:00:00",
                           "2/28/2024 12:00 AM",
                           "2024-02-28T00:00:00"})
    EXPECT_EQ(date(text), "2024-02-28") << text;
  EXPECT_EQ(date("Sept 5, 1999"), "1999-09-05");
  EXPECT_EQ(date("1/1/69"), "1969-01-01");
  EXPECT_EQ(date("1/1/68"), "2068-01-01");
  EXPECT_EQ(date("5/5/2024"), "2024-05-05");
}

TEST(DateText, OrderOfDayAndMonth) {
  EXPECT_EQ(date("03/04/2024"), "ambiguous");
  EXPECT_EQ(date("03/04/2024", DateOrder::day_month), "2024-04-03");
  EXPECT_EQ(date("03/04/2024", DateOrder::month_day), "2024-03-04");
  EXPECT_EQ(date("03.04.2024"), "2024-04-03");
  EXPECT_EQ(date("03.04.2024", DateOrder::month_day), "2024-03-04");
  EXPECT_EQ(date("28/02/2024", DateOrder::month_day), "no such day");
  EXPECT_EQ(date("31/31/2024"), "no such day");
  EXPECT_EQ(order_evidence("28/02/2024"), OrderEvidence::day_month);
  EXPECT_EQ(order_evidence("02/28/24 10:00"), OrderEvidence::month_day);
  EXPECT_EQ(order_evidence("03/04/2024"), OrderEvidence::none);
  EXPECT_EQ(order_evidence("2024-02-28"), OrderEvidence::none);
  EXPECT_EQ(order_evidence("28 Feb 2024"), OrderEvidence::none);
}

TEST(DateText, RefusesWhatIsNone) {
  for (const char* text : {"",
                           " ",
                           "2024",
                           "2024-02",
                           "Feb 2024",
                           "28 Feb",
                           "tomorrow",
                           "2024-02-28 ",
                           " 2024-02-28",
                           "2024-02/28",
                           "2024--02-28",
                           "1.2.3.4",
                           "28/02/024",
                           "2024-02-28x",
                           "28 Foo 2024",
                           "28/02/2024 10:00",
                           "1/2/3",
                           "12345",
                           "Feb Feb 2024",
                           "28,02,2024",
                           "2024-02-28-",
                           "10:00:00",
                           "Wed",
                           "/28/02/2024"})
    EXPECT_EQ(date(text), "not a date") << text;
  for (const char* text : {"2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10", "0000-01-01",
                           "30 Feb 2024", "20240230", "Mon, 28 Feb 2024", "1900-02-29"})
    EXPECT_EQ(date(text), "no such day") << text;
}

TEST(DateText, Times) {
  EXPECT_EQ(datetime("5/19/2006 0:00:00"), "2006-05-19T00:00:00");
  EXPECT_EQ(datetime("2024-02-28T10:00:00+02:00"), "2024-02-28T08:00:00Z");
  EXPECT_EQ(datetime("2024-03-01 00:30:00.250 +0100"), "2024-02-29T23:30:00.25Z");
  EXPECT_EQ(datetime("20240228T103005Z"), "2024-02-28T10:30:05Z");
  EXPECT_EQ(datetime("20240228103005"), "2024-02-28T10:30:05");
  EXPECT_EQ(datetime("Wed, 28 Feb 2024 10:00:00 +0000"), "2024-02-28T10:00:00Z");
  EXPECT_EQ(datetime("Wed Feb 28 10:00:00 2024"), "2024-02-28T10:00:00");
  EXPECT_EQ(datetime("Wed Feb 28 10:00:00 UTC 2024"), "2024-02-28T10:00:00Z");
  EXPECT_EQ(datetime("Feb 28, 2024 3:05 PM"), "2024-02-28T15:05:00");
  EXPECT_EQ(datetime("Feb 28, 2024, 12:05 a.m."), "2024-02-28T00:05:00");
  EXPECT_EQ(datetime("28/02/2024 13:05 PM"), "not a date");
  EXPECT_EQ(datetime("2024-02-28"), "2024-02-28T00:00:00");
  EXPECT_EQ(datetime("2024-12-31T24:00:00"), "2025-01-01T00:00:00");
  EXPECT_EQ(datetime("2024-12-31T24:00:01"), "not a date");
  EXPECT_EQ(datetime("2016-12-31T23:59:60Z"), "2016-12-31T23:59:60Z");
  EXPECT_EQ(datetime("2017-01-01T00:59:60+01:00"), "2016-12-31T23:59:60Z");
  EXPECT_EQ(datetime("2016-12-31T22:59:60Z"), "not a date");
  EXPECT_EQ(datetime("2024-02-28 25:00:00"), "not a date");
  EXPECT_EQ(datetime("2024-02-28 10:60:00"), "not a date");
  EXPECT_EQ(datetime("0001-01-01T00:00:00+01:00"), "no such day");
  EXPECT_EQ(datetime("9999-12-31T23:00:00-02:00"), "no such day");
  EXPECT_EQ(time("3:05 PM"), "15:05:00");
  EXPECT_EQ(time("3pm"), "15:00:00");
  EXPECT_EQ(time("12:00 AM"), "00:00:00");
  EXPECT_EQ(time("10:30"), "10:30:00");
  EXPECT_EQ(time("10:30:15,50"), "10:30:15.5");
  EXPECT_EQ(time("01:00:00+02:00"), "23:00:00Z");
  EXPECT_EQ(time("2024-02-28 10:30"), "not a date");
  EXPECT_EQ(read(Temporal::time, "default", "10:30"), "not a date");
  EXPECT_EQ(read(Temporal::time, "default", "10:30:00.000"), "10:30:00");
  EXPECT_EQ(read(Temporal::datetime, "default", "2024-02-28 10:30:00"), "not a date");
  EXPECT_EQ(read(Temporal::datetime, "default", "2024-02-28T10:30:00-05:30"), "2024-02-28T16:00:00Z");
}

TEST(DateText, Patterns) {
  EXPECT_EQ(read(Temporal::date, "%d/%m/%Y", "3/4/2024"), "2024-04-03");
  EXPECT_EQ(read(Temporal::date, "%d/%m/%y", "03/04/70"), "1970-04-03");
  EXPECT_EQ(read(Temporal::date, "%d/%m/%Y", "03/04/2024x"), "not a date");
  EXPECT_EQ(read(Temporal::date, "%d/%m/%Y", "31/04/2024"), "no such day");
  EXPECT_EQ(read(Temporal::date, "%Y%m%d", "20240403"), "2024-04-03");
  EXPECT_EQ(read(Temporal::date, "%B %d, %Y", "april 3,  2024"), "2024-04-03");
  EXPECT_EQ(read(Temporal::date, "%a %d %b %Y", "Wed 03 Apr 2024"), "2024-04-03");
  EXPECT_EQ(read(Temporal::date, "%a %d %b %Y", "Tue 03 Apr 2024"), "no such day");
  EXPECT_EQ(read(Temporal::date, "%Y-%j", "2024-060"), "2024-02-29");
  EXPECT_EQ(read(Temporal::date, "%Y-%j", "2023-366"), "no such day");
  EXPECT_EQ(read(Temporal::date, "%Y", "2024"), "2024-01-01");
  EXPECT_EQ(read(Temporal::date, "fmt:%d.%m.%Y", "03.04.2024"), "2024-04-03");
  EXPECT_EQ(read(Temporal::datetime, "%m/%d/%Y %I:%M %p", "04/03/2024 12:05 am"), "2024-04-03T00:05:00");
  EXPECT_EQ(read(Temporal::datetime, "%Y-%m-%dT%H:%M:%S.%f%z", "2024-04-03T10:00:00.5+0200"),
            "2024-04-03T08:00:00.5Z");
  EXPECT_EQ(read(Temporal::time, "%H.%M", "9.30"), "09:30:00");
  EXPECT_EQ(read(Temporal::date, "100%% %F", "100% 2024-04-03"), "2024-04-03");
  EXPECT_EQ(read(Temporal::date, "%q", "x"), "no format");
  EXPECT_EQ(read(Temporal::date, "%d/%m", "1/2"), "no format");
  EXPECT_EQ(read(Temporal::time, "%Y", "2024"), "no format");
  EXPECT_EQ(read(Temporal::date, "%", "x"), "no format");
  EXPECT_EQ(read(Temporal::date, "YYYY-MM-DD", "x"), "no format");
}

TEST(DateText, Suggestions) {
  EXPECT_EQ(suggest(Temporal::date, "default", "2024-02-30"), "2024-02-29");
  EXPECT_EQ(suggest(Temporal::date, "default", "2024-28-02"), "2024-02-28");
  EXPECT_EQ(suggest(Temporal::date, "default", " 2024-02-28 "), "2024-02-28");
  EXPECT_EQ(suggest(Temporal::date, "default", "2024-2-8"), "2024-02-08");
  EXPECT_EQ(suggest(Temporal::date, "default", "Jan 1 2000"), "2000-01-01");
  EXPECT_EQ(suggest(Temporal::date, "default", "03/04/2024"), "");
  EXPECT_EQ(suggest(Temporal::date, "%d/%m/%Y", "2024-02-28"), "28/02/2024");
  EXPECT_EQ(suggest(Temporal::date, "%d/%m/%Y", "30/02/2024"), "29/02/2024");
  EXPECT_EQ(suggest(Temporal::date, "default", "2024-02-28T10:30:00"), "2024-02-28");
  EXPECT_EQ(suggest(Temporal::datetime, "default", "2024-02-28 10:30"), "2024-02-28T10:30:00");
  EXPECT_EQ(suggest(Temporal::time, "default", "3:05 pm"), "15:05:00");
  EXPECT_EQ(suggest(Temporal::date, "default", "nonsense"), "");
}

// Every day from 1600 to 2400, counted one after the other, against the standard library's calendar, read and
// written by every form; and the days around them that do not exist.
TEST(DateText, EveryDay) {
  static constexpr const char* kNames[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto iso_format = *DateFormat::compile(Temporal::date, "default", DateOrder::unknown);
  auto any_day = *DateFormat::compile(Temporal::date, "any", DateOrder::day_month);
  auto pattern = *DateFormat::compile(Temporal::date, "%m/%d/%Y", DateOrder::unknown);
  auto ordinal = *DateFormat::compile(Temporal::date, "%Y-%j", DateOrder::unknown);
  auto moment = *DateFormat::compile(Temporal::datetime, "default", DateOrder::unknown);
  char text[48], iso[16], next_iso[16];
  std::string out;
  int weekday = 6;  // 1600-01-01 was a Saturday
  static constexpr const char* kWeekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  for (int year = 1600; year <= 2400; ++year) {
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int day_of_year = 0;
    for (int month = 1; month <= 12; ++month) {
      int days = month == 2 ? 28 + leap : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
      for (int day = 0; day <= 32; ++day) {
        bool real = day >= 1 && day <= days;
        std::chrono::year_month_day calendar{std::chrono::year(year), std::chrono::month(unsigned(month)),
                                             std::chrono::day(unsigned(day))};
        ASSERT_EQ(real, calendar.ok());
        std::snprintf(iso, sizeof iso, "%04d-%02d-%02d", year, month, day);
        ASSERT_EQ(iso_format.read(iso, out), real ? Problem::none : Problem::no_such_day) << iso;
        if (!real) continue;
        ASSERT_EQ(out, iso);
        std::snprintf(text, sizeof text, "%d/%d/%04d", day, month, year);
        ASSERT_EQ(any_day.read(text, out), Problem::none) << text;
        ASSERT_EQ(out, iso);
        std::snprintf(text, sizeof text, "%s, %d %s %04d", kWeekdays[weekday], day, kNames[month - 1], year);
        ASSERT_EQ(any_day.read(text, out), Problem::none) << text;
        ASSERT_EQ(out, iso);
        std::snprintf(text, sizeof text, "%02d/%02d/%04d", month, day, year);
        ASSERT_EQ(pattern.read(text, out), Problem::none) << text;
        ASSERT_EQ(out, iso);
        std::snprintf(text, sizeof text, "%04d-%03d", year, ++day_of_year);
        ASSERT_EQ(ordinal.read(text, out), Problem::none) << text;
        ASSERT_EQ(out, iso);
        // An hour before midnight two hours west of UTC is the next day there.
        std::snprintf(text, sizeof text, "%sT23:00:00-02:00", iso);
        ASSERT_EQ(moment.read(text, out), Problem::none) << text;
        int y = year, m = month, d = day + 1;
        if (d > days) d = 1, ++m;
        if (m > 12) m = 1, ++y;
        std::snprintf(next_iso, sizeof next_iso, "%04d-%02d-%02d", y, m, d);
        ASSERT_EQ(out, std::string(next_iso) + "T01:00:00Z");
        weekday = (weekday + 1) % 7;
      }
    }
  }
}

}  // namespace
}  // namespace sluice
