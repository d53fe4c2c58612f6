// Cron against what people expect of it, and against a slow twin that looks at every minute.
#include "jobs/cron.h"

#include <date/date.h>
#include <date/tz.h>
#include <gtest/gtest.h>

#include <ctime>
#include <random>
#include <sstream>

namespace sluice {

// Every minute of universal time: does the clock on the wall show a time that fits?
class CronTwin {
 public:
  CronTwin(const Cron& cron, const std::string& zone) : cron_(cron), zone_(date::locate_zone(zone)) {}

  std::optional<WallTime> next_run(WallTime after, std::chrono::hours within) const {
    auto minute = date::floor<std::chrono::minutes>(after) + std::chrono::minutes(1);
    for (; minute <= after + within; minute += std::chrono::minutes(1))
      if (runs_at(minute)) return WallTime(minute);
    return std::nullopt;
  }

 private:
  using Minute = date::sys_time<std::chrono::minutes>;
  using LocalMinute = date::local_time<std::chrono::minutes>;

  LocalMinute shown(Minute at) const { return date::floor<std::chrono::minutes>(zone_->to_local(at)); }

  bool fits(LocalMinute local) const {
    auto day = date::floor<date::days>(local);
    date::year_month_day calendar(day);
    auto minute = static_cast<std::size_t>((local - day).count());
    bool by_day = cron_.day_.values[unsigned(calendar.day())];
    bool by_weekday = cron_.weekday_.values[date::weekday(day).c_encoding()];
    bool any = cron_.day_.star || cron_.weekday_.star;
    return cron_.month_.values[unsigned(calendar.month())] &&
           (any ? by_day && by_weekday : by_day || by_weekday) && cron_.hour_.values[minute / 60] &&
           cron_.minute_.values[minute % 60];
  }

  bool runs_at(Minute at) const {
    const LocalMinute now = shown(at), before = shown(at - std::chrono::minutes(1));
    if (cron_.hour_.star) return fits(now);
    // What was skipped between the last minute and this one is made up for.
    for (LocalMinute skipped = before + std::chrono::minutes(1); skipped < now;
         skipped += std::chrono::minutes(1))
      if (fits(skipped)) return true;
    if (!fits(now)) return false;
    // Shown before, within the longest that a clock is put back? Then this is the second time.
    for (auto back = std::chrono::minutes(1); back <= std::chrono::hours(25); back += std::chrono::minutes(1))
      if (shown(at - back) == now) return false;
    return true;
  }

  const Cron& cron_;
  const date::time_zone* zone_;
};

namespace {

WallTime at(const std::string& text) {
  std::tm utc{};
  if (!strptime(text.c_str(), "%FT%TZ", &utc)) throw std::runtime_error("no time: " + text);
  return WallTime(std::chrono::seconds(timegm(&utc)));
}

std::string next(const std::string& cron, const std::string& after, const std::string& zone = "UTC") {
  auto parsed = Cron::parse(cron, zone);
  if (!parsed) return parsed.error().message;
  auto run = parsed->next_run(at(after));
  return run ? date::format("%FT%TZ", date::floor<std::chrono::seconds>(*run)) : "never";
}

std::string error_of(const std::string& cron, const std::string& zone = "UTC") {
  auto parsed = Cron::parse(cron, zone);
  return parsed ? "no error" : parsed.error().message;
}

TEST(Cron, fields) {
  EXPECT_EQ(next("*/15 * * * *", "2024-05-01T10:07:30Z"), "2024-05-01T10:15:00Z");
  EXPECT_EQ(next("*/15 * * * *", "2024-05-01T10:15:00Z"), "2024-05-01T10:30:00Z") << "after, not at";
  EXPECT_EQ(next("30 2 * * *", "2024-05-01T02:29:59Z"), "2024-05-01T02:30:00Z");
  EXPECT_EQ(next("0 9 * * mon-fri", "2024-05-03T09:00:00Z"), "2024-05-06T09:00:00Z");  // from a Friday
  EXPECT_EQ(next("0 9 * * SAT-SUN", "2024-05-03T09:00:00Z"), "2024-05-04T09:00:00Z");
  EXPECT_EQ(next("0 9 * * 7", "2024-05-03T09:00:00Z"), "2024-05-05T09:00:00Z");
  EXPECT_EQ(next("5,10-20/5 3 * * *", "2024-05-01T03:10:00Z"), "2024-05-01T03:15:00Z");
  EXPECT_EQ(next("0 20/2 * * *", "2024-05-01T20:00:00Z"), "2024-05-01T22:00:00Z");
  EXPECT_EQ(next("0 0 29 2 *", "2096-03-01T00:00:00Z"), "2104-02-29T00:00:00Z");
  EXPECT_EQ(next("0 0 30 feb *", "2024-01-01T00:00:00Z"), "never");
  EXPECT_EQ(next("@daily", "2024-12-31T12:00:00Z"), "2025-01-01T00:00:00Z");
  EXPECT_EQ(next("@WEEKLY", "2024-05-01T00:00:00Z"), "2024-05-05T00:00:00Z");
  EXPECT_EQ(next("@hourly", "1969-12-31T23:30:00Z"), "1970-01-01T00:00:00Z");
}

TEST(Cron, either_day_where_both_are_given_both_where_one_begins_with_a_star) {
  EXPECT_EQ(next("0 0 13 * fri", "2024-05-01T00:00:00Z"), "2024-05-03T00:00:00Z");  // the first Friday
  EXPECT_EQ(next("0 0 13 * fri", "2024-05-10T00:00:00Z"), "2024-05-13T00:00:00Z");  // a Monday
  EXPECT_EQ(next("0 0 */2 * fri", "2024-05-03T00:00:00Z"),
            "2024-05-17T00:00:00Z");  // odd days that are Fridays
}

TEST(Cron, the_clock_is_put_forward) {  // 2024-03-31 02:00 → 03:00 in Berlin, at 01:00Z
  EXPECT_EQ(next("30 2 * * *", "2024-03-30T12:00:00Z", "Europe/Berlin"), "2024-03-31T01:00:00Z");
  EXPECT_EQ(next("30 2 * * *", "2024-03-31T01:00:00Z", "Europe/Berlin"), "2024-04-01T00:30:00Z");
  EXPECT_EQ(next("30 * * * *", "2024-03-31T00:30:00Z", "Europe/Berlin"), "2024-03-31T01:30:00Z");
}

TEST(Cron, the_clock_is_put_back) {  // 2024-10-27 03:00 → 02:00 in Berlin, at 01:00Z
  EXPECT_EQ(next("30 2 * * *", "2024-10-26T12:00:00Z", "Europe/Berlin"), "2024-10-27T00:30:00Z");
  EXPECT_EQ(next("30 2 * * *", "2024-10-27T00:30:00Z", "Europe/Berlin"), "2024-10-28T01:30:00Z");
  EXPECT_EQ(next("30 * * * *", "2024-10-27T00:30:00Z", "Europe/Berlin"), "2024-10-27T01:30:00Z");
}

TEST(Cron, a_day_that_a_zone_left_out) {  // Samoa had no 2011-12-30
  EXPECT_EQ(next("0 12 30 12 *", "2011-12-29T12:00:00Z", "Pacific/Apia"), "2011-12-30T10:00:00Z");
}

TEST(Cron, mistakes_are_explained) {
  EXPECT_EQ(error_of("61 * * * *"),
            "cron, minute: '61' is none; it is 0 to 59, lists (1,3), ranges (1-5), steps (*/10).");
  EXPECT_EQ(error_of("0 0 1 jun-feb *"),
            "cron, month: the range 'jun-feb' runs backwards; write two, as in 22-23,0-5.");
  EXPECT_NE(error_of("0 0 * * mond").find("sun to sat"), std::string::npos);
  EXPECT_NE(error_of("* * * * * *").find("five fields"), std::string::npos);
  EXPECT_NE(error_of("@reboot").find("@hourly"), std::string::npos);
  EXPECT_NE(error_of("* * * * *", "Europe/Berlim").find("no time zone 'Europe/Berlim'"), std::string::npos);
  EXPECT_NE(error_of("* * * * *", "../../etc/passwd"), "no error");
  for (const char* text : {"", "*/0 * * * *", "*/ * * * *", "1- * * * *", "-1 * * * *", "1--2 * * * *",
                           ", * * * *", "1/2/3 * * * *", "*-5 * * * *", "0 24 * * *", "0 0 0 * *",
                           "0 0 L * *", "? * * * *", "99999999999 * * * *", "+1 * * * *"})
    EXPECT_NE(error_of(text), "no error") << text;
}

std::string any_field(std::mt19937& random, int lowest, int highest) {
  auto number = [&](int from, int to) { return std::uniform_int_distribution(from, to)(random); };
  std::string text;
  for (int parts = number(1, 2); parts > 0; --parts) {
    int first = number(lowest, highest), last = number(first, highest);
    std::string part = std::to_string(first);
    switch (number(0, 4)) {
      case 0: part = "*"; break;
      case 1: part = "*/" + std::to_string(number(1, highest)); break;
      case 2: part += "-" + std::to_string(last); break;
      case 3: part += "-" + std::to_string(last) + "/" + std::to_string(number(1, highest)); break;
      default: break;
    }
    text += (text.empty() ? "" : ",") + part;
  }
  return text;
}

TEST(Cron, equals_the_twin_that_looks_at_every_minute) {
  std::mt19937 random(11);
  // Changes at 02:00, at midnight, at 00:01 to the day before, of half an hour, by a whole day.
  const std::pair<const char*, const char*> kPlaces[] = {
      {"Europe/Berlin", "2024-03-29T00:00:00Z"},       {"Europe/Berlin", "2024-10-25T00:00:00Z"},
      {"America/Sao_Paulo", "2018-02-16T00:00:00Z"},   {"America/Sao_Paulo", "2018-11-02T00:00:00Z"},
      {"America/St_Johns", "2010-11-05T00:00:00Z"},    {"America/St_Johns", "2010-03-12T00:00:00Z"},
      {"Australia/Lord_Howe", "2024-04-05T00:00:00Z"}, {"Australia/Lord_Howe", "2024-10-04T00:00:00Z"},
      {"Pacific/Apia", "2011-12-28T00:00:00Z"},        {"Asia/Kolkata", "2024-02-27T00:00:00Z"}};
  constexpr auto kWithin = std::chrono::hours(5 * 24);
  int ran = 0;
  for (int trial = 0; trial < 300; ++trial) {
    const auto& [zone, begin] = kPlaces[trial % std::size(kPlaces)];
    auto number = [&](int most) { return std::uniform_int_distribution(0, most)(random); };
    const std::string text = any_field(random, 0, 59) + " " + any_field(random, 0, 23) + " " +
                             (number(2) ? "*" : any_field(random, 1, 31)) + " " +
                             (number(3) ? "*" : any_field(random, 1, 12)) + " " +
                             (number(2) ? "*" : any_field(random, 0, 7));
    auto cron = Cron::parse(text, zone);
    ASSERT_TRUE(cron) << text << ": " << cron.error().message;
    CronTwin twin(*cron, zone);
    WallTime after = at(begin) + std::chrono::seconds(number(3 * 86400));
    for (int run = 0; run < 5; ++run) {
      auto expected = twin.next_run(after, kWithin);
      constexpr WallTime kNever = WallTime::max();  // an optional is more than this compiler sees through
      const WallTime found = cron->next_run(after).value_or(kNever);
      const WallTime got = found <= after + kWithin ? found : kNever, wanted = expected.value_or(kNever);
      ASSERT_EQ(got, wanted) << text << " in " << zone << " after " << rfc3339(after) << ": got "
                             << rfc3339(got) << ", expected " << rfc3339(wanted);
      if (got == kNever) break;
      ++ran;
      after = got;
    }
  }
  EXPECT_GT(ran, 500);
}

}  // namespace
}  // namespace sluice
