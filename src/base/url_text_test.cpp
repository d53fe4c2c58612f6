#include "base/url_text.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(UrlText, PasswordsAreHidden) {
  EXPECT_EQ(without_secrets("postgresql://ann:pw@host:5432/db"), "postgresql://ann:***@host:5432/db");
  EXPECT_EQ(without_secrets("postgresql://ann:pw@a:1,b:2/db?sslmode=require"),
            "postgresql://ann:***@a:1,b:2/db?sslmode=require");
  EXPECT_EQ(without_secrets("postgresql://ann@host/db?password=pw&sslpassword=pw&x=1"),
            "postgresql://ann@host/db?password=***&sslpassword=***&x=1");
  EXPECT_EQ(without_secrets("s3://bucket/x?secret=a&Token=b"), "s3://bucket/x?secret=***&Token=***");
  EXPECT_EQ(without_secrets("https://h/x?key=a&api_key=b&X-Amz-Signature=c&sig=d&keys=e&config=f&x=g"),
            "https://h/x?key=***&api_key=***&X-Amz-Signature=***&sig=***&keys=e&config=f&x=g");
}

TEST(UrlText, PasswordsThatShouldHaveBeenEncodedAreHiddenWhole) {
  for (const char* password : {"p@w", "p/w", "p:w", "@", "p?w", "p%w", "1/@2"})
    EXPECT_EQ(without_secrets("postgresql://ann:" + std::string(password) + "@host/db?application_name=a@b"),
              "postgresql://ann:***@host/db?application_name=a@b");
}

TEST(UrlText, OtherUrlsStayAsTheyAre) {
  for (const char* url :
       {"sqlite:./data/sluice.db", "sqlite:/a:b@c.db", "postgresql:///", "postgresql://host:5432/db",
        "postgresql://ann@host/db?sslmode=verify-full", "file:./data/blobs", "", "postgresql://h/a:b@c"})
    EXPECT_EQ(without_secrets(url), url);
}

TEST(UrlText, WhatIsEncodedIsDecoded) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
  EXPECT_EQ(percent_decoded("a+b%2F%2fc"), "a+b//c");
  for (const char* text : {"%", "a%2", "%zz", "%2", "100%"})
    EXPECT_EQ(percent_decoded(text), std::nullopt) << text;
}

}  // namespace
}  // namespace sluice
