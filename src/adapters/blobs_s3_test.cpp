#include "adapters/blobs_s3.h"

#include <thread>

#include "adapters/s3_under_test.h"
#include "ports/blob_store_conformance.h"

namespace sluice {
namespace {

// The bucket with TLS; nullptr where there is no server.
const char* s3_tls_of_test() { return std::getenv("SLUICE_TEST_S3_TLS"); }

class S3BlobsUnderTest : public BlobStoreUnderTest {
 public:
  explicit S3BlobsUnderTest(std::string bucket) : bucket_(std::move(bucket)) {}
  std::unique_ptr<BlobStore> open() override {
    std::string url = bucket_;
    return open_blobs_s3(url.insert(url.find('?'), "/" + prefix_)).value();
  }

 private:
  const std::string bucket_, prefix_ = new_uuid();
};

BlobStoreFactory s3_in(const char* (*bucket)()) {
  return [bucket] { return bucket() == nullptr ? nullptr : std::make_unique<S3BlobsUnderTest>(bucket()); };
}
INSTANTIATE_TEST_SUITE_P(S3, BlobStoreConformance, testing::Values(s3_in(s3_of_test)));
INSTANTIATE_TEST_SUITE_P(S3WithTls, BlobStoreConformance, testing::Values(s3_in(s3_tls_of_test)));

class BlobsS3 : public S3Test {};

std::shared_ptr<AwsCredentials> keys_of_test(const AwsKeys& keys) {
  return std::make_shared<AwsCredentials>(
      [keys](const std::stop_token&) -> Result<AwsExpiringKeys> { return AwsExpiringKeys{keys, {}}; });
}

TEST_F(BlobsS3, AWrongSecretIsRefusedAndNotShown) {
  auto keys = aws_credentials_of_this_process()->keys();
  ASSERT_TRUE(keys) << keys.error().message;
  keys->secret_key = "not-the-secret";
  auto opened = open_blobs_s3(url(), keys_of_test(*keys), short_patience());
  ASSERT_FALSE(opened) << "the server checks no signatures, so these tests prove nothing about them";
  EXPECT_EQ(opened.error().kind, ErrorKind::usage);
  EXPECT_NE(opened.error().message.find("finds the signature wrong"), std::string::npos)
      << opened.error().message;
  EXPECT_EQ(opened.error().message.find("not-the-secret"), std::string::npos);
  keys->access_key = "nobody";
  opened = open_blobs_s3(url(), keys_of_test(*keys), short_patience());
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("does not know the access key"), std::string::npos)
      << opened.error().message;
}

TEST_F(BlobsS3, KeysThatWereRotatedAreReadAnewOnce) {
  const AwsKeys right = *aws_credentials_of_this_process()->keys();
  AwsKeys unknown = right, mismatched = right;
  unknown.access_key = "nobody";
  mismatched.secret_key = "not-the-secret";
  put(*store(), "a", "abc");
  const std::string key = url().prefix + "a";
  for (const AwsKeys& old : {unknown, mismatched})
    for (const S3Request& request :
         {S3Request{.method = "GET", .key = key}, S3Request{.method = "HEAD", .key = key},
          S3Request{.method = "PUT", .key = key, .body = "abc"}}) {
      // To that this server says, unlike Amazon's, that there is no such object.
      if (request.method == "HEAD" && old.access_key == unknown.access_key) continue;
      SCOPED_TRACE(request.method + " with " + old.access_key);
      int looks = 0;
      auto rotated = std::make_shared<AwsCredentials>([&](const std::stop_token&) -> Result<AwsExpiringKeys> {
        return AwsExpiringKeys{++looks == 1 ? old : right, {}};
      });
      S3Client client(url(), rotated, short_patience());
      for (int times = 0; times < 2; ++times) {
        auto answer = client.call(request);
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer->status, 200) << answer->code;
      }
      EXPECT_EQ(looks, 2);
    }
}

TEST_F(BlobsS3, OnlyAServerOfAKnownAuthorityIsSpokenTo) {
  ASSERT_NE(s3_tls_of_test(), nullptr);
  auto at = parse_s3_url(s3_tls_of_test(), "");
  ASSERT_TRUE(at) << at.error().message;
  EXPECT_TRUE(open_blobs_s3(*at, aws_credentials_of_this_process(), short_patience()));
  const auto refused = [&](const std::string& sentence) {
    auto opened = open_blobs_s3(*at, aws_credentials_of_this_process(), short_patience());
    ASSERT_FALSE(opened) << sentence;
    EXPECT_EQ(opened.error().kind, ErrorKind::unavailable) << opened.error().message;
    EXPECT_TRUE(opened.error().retryable) << "a certificate may be renewed while jobs wait";
    for (const std::string& said : {std::string("its certificate is not to be trusted"), sentence})
      EXPECT_NE(opened.error().message.find(said), std::string::npos) << opened.error().message;
  };
  const std::string host = std::exchange(at->host, "localhost" + at->host.substr(at->host.find(':')));
  refused("localhost");
  at->host = host;
  at->tls_ca.clear();
  refused("tls_ca=FILE");
  at->tls_ca = "/nowhere/authorities.pem";
  refused("/nowhere/authorities.pem");
}

TEST_F(BlobsS3, WithoutABucketOrAServerNothingBegins) {
  S3Url at = url();
  at.bucket = "nobodys";
  auto opened = open_blobs_s3(at, aws_credentials_of_this_process(), short_patience());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::usage);
  EXPECT_NE(opened.error().message.find("there is no bucket 'nobodys'"), std::string::npos)
      << opened.error().message;
  at = url();
  at.host = "127.0.0.1:1";
  opened = open_blobs_s3(at, aws_credentials_of_this_process(), short_patience());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(opened.error().retryable);
}

TEST_F(BlobsS3, ALargeBlobGoesInPartsAndASmallOneAtOnce) {
  S3TestProxy proxy(server_port(), [](const ProxiedRequest&) { return ProxyFault(); });
  auto blobs = store(url(proxy.port()));
  const std::string large = noise((20 << 20) + 17);
  put(*blobs, "large", large);
  EXPECT_TRUE(get(*blobs, "large") == large);
  EXPECT_TRUE(get(*blobs, "large", (9 << 20) + 3) == large.substr((9 << 20) + 3));
  EXPECT_EQ(proxy.count("partNumber="), 3u) << "two of 8 MiB, and the rest";
  EXPECT_EQ(proxy.count("PUT "), 3u);
  put(*blobs, "small", "abc");
  EXPECT_EQ(proxy.count("PUT "), 4u);
  EXPECT_EQ(proxy.count("uploads="), 1u + 1u) << "the large one, and the look for abandoned ones";
  EXPECT_TRUE(blobs->stat("large")->version.ends_with("-3"));
  EXPECT_EQ(objects(), (std::vector<std::string>{"large", "small"}));
  EXPECT_TRUE(uploads().empty());
}

TEST_F(BlobsS3, OfAWriterThatGivesUpNothingIsLeft) {
  auto blobs = store();
  {
    auto writer = blobs->create("given-up");
    ASSERT_TRUE(writer && (*writer)->write(noise(20 << 20)));
    EXPECT_EQ(uploads().size(), 1u);
  }
  EXPECT_TRUE(uploads().empty());
  EXPECT_TRUE(objects().empty());
}

TEST_F(BlobsS3, TheNameOfTheBucketMayStandInTheHost) {
  S3Url at = url();
  auto by_host = parse_s3_url(
      "s3://test/" + prefix_ + "?style=virtual&endpoint=http://s3.localhost:" + std::to_string(server_port()),
      "");
  ASSERT_TRUE(by_host);
  auto blobs = store(*by_host);
  put(*blobs, "a", "by host");
  EXPECT_EQ(get(*store(at), "a"), "by host");
  EXPECT_EQ(blobs->list("")->size(), 1u);
}

TEST_F(BlobsS3, AListHasMoreThanOnePage) {
  auto blobs = store();
  std::vector<std::jthread> writers;
  for (int writer = 0; writer < 4; ++writer)
    writers.emplace_back([&, writer] {
      for (int i = writer; i < 1'005; i += 4) put(*blobs, "in/" + std::to_string(10'000 + i), "x");
    });
  writers.clear();
  auto found = blobs->list("in/");
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 1'005u);
  EXPECT_EQ(found->front().key, "in/10000");
  EXPECT_EQ(found->back().key, "in/11004");
  EXPECT_EQ(found->back().version, blobs->stat("in/11004")->version) << "schedules know files by it";
  EXPECT_EQ(found->back().size, 1u);
  EXPECT_NEAR(static_cast<double>(found->back().modified_ms), static_cast<double>(ms_since_1970(wall_now())),
              60'000);
}

TEST_F(BlobsS3, WhatOthersPutThereUnderOtherNamesIsPassedOver) {
  auto asked = client();
  for (const char* key : {"a b.csv", "50%.csv", "ä.csv", "x+y.csv", ".hidden/z.csv", "plain.csv"})
    ASSERT_TRUE(s3_put(*asked, asked->url().prefix + key, "x", "put")) << key;
  auto found = store()->list("");
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().key, "plain.csv");
}

TEST_F(BlobsS3, ObjectsAreEncryptedAsTheUrlSays) {
  S3TestProxy proxy(server_port(), [](const ProxiedRequest&) { return ProxyFault(); });
  auto blobs = store(url(proxy.port(), "&sse=aws:kms&sse_kms_key_id=key-1"));
  put(*blobs, "small", "abc");
  put(*blobs, "large", noise(9 << 20));
  {
    auto partial = blobs->resume("partial", 0);
    ASSERT_TRUE(partial && (*partial)->write("x") && (*partial)->sync());
  }
  std::size_t objects_made = 0;
  for (const ProxiedRequest& request : proxy.requests()) {
    const bool makes = (request.is("PUT ") && !request.is("partNumber")) ||
                       request.is("POST /test/" + prefix_ + "/large?uploads=");
    objects_made += makes ? 1 : 0;
    EXPECT_EQ(request.has("x-amz-server-side-encryption: aws:kms\r\n"), makes) << request.line;
    EXPECT_EQ(request.has("x-amz-server-side-encryption-aws-kms-key-id: key-1\r\n"), makes) << request.line;
  }
  EXPECT_EQ(objects_made, 4u) << "small, large, and head and rest of the unfinished one";
}

TEST_F(BlobsS3, ContentsAreCheckedByTheirDigests) {
  S3TestProxy proxy(server_port(), [](const ProxiedRequest&) { return ProxyFault(); });
  put(*store(url(proxy.port())), "a", "abc");
  const auto sent = proxy.requests();
  const auto found = std::ranges::find_if(sent, [](const auto& request) { return request.is("PUT "); });
  ASSERT_NE(found, sent.end());
  // SHA-256 of "abc" (FIPS 180-4, B.1), and the same in base64.
  EXPECT_TRUE(found->has("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  EXPECT_TRUE(found->has("x-amz-checksum-sha256: ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\r\n"));
  put(*store(url(proxy.port(), "&checksum=none")), "b", "abc");
  EXPECT_FALSE(proxy.requests().back().has("x-amz-checksum-sha256"));
}

}  // namespace
}  // namespace sluice
