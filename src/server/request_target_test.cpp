#include "server/request_target.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(PercentDecoded, TakesApartWhatIsEncoded) {
  EXPECT_EQ(percent_decoded("a%20b", PlusSign::itself), "a b");
  EXPECT_EQ(percent_decoded("M%C3%bcnchen", PlusSign::itself), "M\u00fcnchen");
  EXPECT_EQ(percent_decoded("1+1", PlusSign::itself), "1+1");
  EXPECT_EQ(percent_decoded("1+1%2B", PlusSign::blank), "1 1+");
}

TEST(PercentDecoded, RefusesWhatIsNoText) {
  for (const char* text :
       {"%", "%4", "a%4", "%zz", "%0", "%00", "a%0Ab", "%7f", "%C3", "%FF", "%ED%A0%80", "\x80"}) {
    EXPECT_EQ(percent_decoded(text, PlusSign::itself), std::nullopt) << text;
  }
}

TEST(ParseTarget, TakesPathAndQueryApart) {
  auto target = parse_target("/v1/jobs/a%2Fb?status=FAILED&name=a+b&x&x=2&&=3#part");
  ASSERT_TRUE(target) << target.error().message;
  EXPECT_EQ(target->path, "/v1/jobs/a%2Fb");
  EXPECT_EQ(target->decoded_path, "/v1/jobs/a/b");
  std::multimap<std::string, std::string> expected = {
      {"status", "FAILED"}, {"name", "a b"}, {"x", ""}, {"x", "2"}, {"", "3"}};
  EXPECT_EQ(target->query, expected);
}

TEST(ParseTarget, UnderstandsTheFormsOfATarget) {
  auto whole = parse_target("http://localhost:8080/a?b=c");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->authority, "localhost:8080");
  EXPECT_EQ(whole->path, "/a");
  EXPECT_EQ(whole->query.begin()->second, "c");
  auto bare = parse_target("https://localhost?b=c");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->path, "/");
  EXPECT_EQ(bare->query.size(), 1U);
  auto star = parse_target("*");
  ASSERT_TRUE(star);
  EXPECT_EQ(star->path, "*");
}

TEST(ParseTarget, RefusesWhatIsNoAddressHere) {
  for (const char* text : {"", "a", "localhost:443", "http://", "http://user@host/", "/a/../b", "/..",
                           "/%2e%2e/b", "/a/.", "/a%2F..%2Fb", "/%00", "/?a=%00", "/?%zz=1"}) {
    EXPECT_FALSE(parse_target(text)) << text;
  }
}

TEST(ParseTarget, LimitsTheParameters) {
  std::string text = "/?";
  for (int i = 0; i < 200; ++i) text += "a=1&";
  EXPECT_TRUE(parse_target(text));
  EXPECT_FALSE(parse_target(text + "a=1"));
}

}  // namespace
}  // namespace sluice
