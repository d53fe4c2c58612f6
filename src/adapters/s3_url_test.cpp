#include "adapters/s3_url.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(S3Url, AmazonsOwnIsAskedByTheNameOfTheBucket) {
  const auto url = parse_s3_url("s3://bucket/a/b/?region=eu-central-1", "us-west-2");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->bucket, "bucket");
  EXPECT_EQ(url->prefix, "a/b/");
  EXPECT_EQ(url->region, "eu-central-1");
  EXPECT_EQ(url->host, "bucket.s3.eu-central-1.amazonaws.com");
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->place(), "s3://bucket/a/b");
}

TEST(S3Url, TheRegionIsTheEnvironmentsWhereTheUrlIsSilent) {
  EXPECT_EQ(parse_s3_url("s3://b", "us-west-2")->region, "us-west-2");
  EXPECT_EQ(parse_s3_url("s3://b", "")->region, "us-east-1");
  EXPECT_EQ(parse_s3_url("s3://b", "cn-north-1")->host, "b.s3.cn-north-1.amazonaws.com.cn");
}

TEST(S3Url, AnEndpointIsAskedByPathUnlessItSaysOtherwise) {
  const auto url = parse_s3_url("s3://b/p?endpoint=http://127.0.0.1:9000/", "");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->host, "127.0.0.1:9000");
  EXPECT_EQ(url->style, S3Style::path);
  EXPECT_FALSE(url->tls);
  EXPECT_EQ(parse_s3_url("s3://b?endpoint=https%3A%2F%2Fs3.example.org&style=virtual", "")->host,
            "b.s3.example.org");
  EXPECT_EQ(parse_s3_url("s3://b.with.dots", "")->style, S3Style::path) << "TLS";
}

TEST(S3Url, EncryptionAndChecksums) {
  const auto url = parse_s3_url("s3://b?sse=aws:kms&sse_kms_key_id=arn:aws:kms:eu-west-1:1:key/a-b", "");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->encryption, S3Encryption::kms);
  EXPECT_EQ(url->kms_key_id, "arn:aws:kms:eu-west-1:1:key/a-b");
  EXPECT_TRUE(url->checksums);
  EXPECT_FALSE(parse_s3_url("s3://b?checksum=none", "")->checksums);
}

TEST(S3Url, WhatIsWrongIsSaidWithoutSecrets) {
  const std::pair<const char*, const char*> kWrong[] = {
      {"s3:bucket", "s3://"},
      {"s3:///prefix", "name of the bucket"},
      {"s3://b/a//b", "the prefix"},
      {"s3://b/ä", "the prefix"},
      {"s3://b?endpoint=host:9000", "neither http:// nor https://"},
      {"s3://b?endpoint=http://host/path", "a host and"},
      {"s3://b?colour=blue", "endpoint, region"},
      {"s3://b?sse=none", "sse=AES256|aws:kms"},
      {"s3://b?sse_kms_key_id=k", "needs sse=aws:kms"},
      {"s3://b?region=", "no value"},
      {"s3://b?endpoint=http://h&tls_ca=/x", "https://"},
      {"s3://KEY:hidden-key@b/p", "AWS_SECRET_ACCESS_KEY"},
  };
  for (const auto& [text, why] : kWrong) {
    const auto url = parse_s3_url(text, "");
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().kind, ErrorKind::usage);
    EXPECT_NE(url.error().message.find(why), std::string::npos) << url.error().message;
    EXPECT_EQ(url.error().message.find("hidden-key"), std::string::npos);
  }
}

}  // namespace
}  // namespace sluice
