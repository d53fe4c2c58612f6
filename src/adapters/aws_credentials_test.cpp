#include "adapters/aws_credentials.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "adapters/http_test_server.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

// An environment and files of the test's own; no metadata service unless it names one.
class AwsKeysTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("sluice-aws-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_ / ".aws");
    variables_ = {{"HOME", folder_}, {"AWS_EC2_METADATA_DISABLED", "true"}};
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  AwsEnvironment environment() {
    return [this](const char* name) { return variables_.contains(name) ? variables_[name] : std::string(); };
  }
  Result<AwsExpiringKeys> find() { return find_aws_keys(environment(), {}); }
  std::string error() {
    auto found = find();
    return found ? "found " + found->keys.access_key : found.error().message;
  }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  std::filesystem::path folder_;
  std::map<std::string, std::string> variables_;
};

constexpr const char* kJsonKeys =
    R"({"Code":"Success","AccessKeyId":"A","SecretAccessKey":"S","Token":"T","Expiration":"2030-01-02T03:04:05Z"})";

void expect_temporary(const Result<AwsExpiringKeys>& found) {
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->keys.access_key, "A");
  EXPECT_EQ(found->keys.secret_key, "S");
  EXPECT_EQ(found->keys.session_token, "T");
  EXPECT_EQ(found->expires, parse_rfc3339("2030-01-02T03:04:05Z"));
}

TEST_F(AwsKeysTest, TheEnvironmentGoesFirst) {
  write(".aws/credentials", "[default]\naws_access_key_id=F\naws_secret_access_key=G\n");
  variables_["AWS_ACCESS_KEY_ID"] = "A";
  EXPECT_TRUE(error().contains("only one is set")) << error();
  variables_["AWS_SECRET_ACCESS_KEY"] = "S";
  variables_["AWS_SESSION_TOKEN"] = "T";
  auto found = find();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->keys.access_key, "A");
  EXPECT_EQ(found->keys.secret_key, "S");
  EXPECT_EQ(found->keys.session_token, "T");
  EXPECT_FALSE(found->expires);
}

TEST_F(AwsKeysTest, AProfileOfTheFiles) {
  write(".aws/credentials",
        "# mine\n[other]\naws_access_key_id = X\naws_secret_access_key = Y\n"
        "[default]\naws_access_key_id = D\naws_secret_access_key = a=b/c+d==\n");
  write(".aws/config",
        "[profile \"in config\"]\nregion = eu-west-1\ns3 =\n  aws_access_key_id = nested\n"
        "aws_access_key_id = C\naws_secret_access_key = c\n[default]\nregion=us-east-2\n");
  EXPECT_EQ(find()->keys.access_key, "D");
  EXPECT_EQ(find()->keys.secret_key, "a=b/c+d==");
  EXPECT_EQ(*aws_region(environment()), "us-east-2");
  variables_["AWS_PROFILE"] = "in config";
  EXPECT_EQ(find()->keys.access_key, "C");
  EXPECT_EQ(*aws_region(environment()), "eu-west-1");
  variables_["AWS_PROFILE"] = "other";
  EXPECT_EQ(find()->keys.secret_key, "Y");
  variables_["AWS_PROFILE"] = "nobody";
  EXPECT_TRUE(error().contains("'nobody', which has no section")) << error();
}

TEST_F(AwsKeysTest, WhatAProfileWantsAndThisCannotDoIsSaid) {
  write(".aws/config", "[default]\ncredential_process = /bin/keys\n");
  EXPECT_TRUE(error().contains("takes its credentials from credential_process")) << error();
}

TEST_F(AwsKeysTest, TheRegionOfTheEnvironmentGoesFirst) {
  EXPECT_TRUE(aws_region(environment()).error().message.contains("AWS_REGION"));
  variables_["AWS_DEFAULT_REGION"] = "eu-north-1";
  EXPECT_EQ(*aws_region(environment()), "eu-north-1");
  variables_["AWS_REGION"] = "eu-south-1";
  EXPECT_EQ(*aws_region(environment()), "eu-south-1");
  EXPECT_EQ(aws_host("sqs", "eu-south-1"), "sqs.eu-south-1.amazonaws.com");
  EXPECT_EQ(aws_host("sqs", "cn-north-1"), "sqs.cn-north-1.amazonaws.com.cn");
}

TEST_F(AwsKeysTest, AWebIdentity) {
  HttpTestServer sts([](const ReceivedRequest&) {
    return HttpTestServer::answer(
        200, "",
        "<R><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T"
        "</SessionToken><Expiration>2030-01-02T03:04:05Z</Expiration></Credentials></R>");
  });
  variables_["AWS_ENDPOINT_URL_STS"] = sts.url();
  variables_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
  variables_["AWS_ROLE_SESSION_NAME"] = "node 1";
  variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = write("token", "ey.J/x=\n");
  expect_temporary(find());
  EXPECT_EQ(
      sts.requests().at(0).body,
      "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=node%201&"
      "Version=2011-06-15&WebIdentityToken=ey.J%2Fx%3D");
  EXPECT_EQ(sts.requests().at(0).headers["content-type"], "application/x-www-form-urlencoded");
  variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] += "-gone";
  EXPECT_TRUE(error().contains("token-gone")) << error();
}

TEST_F(AwsKeysTest, ARefusedWebIdentitySaysWhy) {
  HttpTestServer sts([](const ReceivedRequest&) {
    return HttpTestServer::answer(403, "",
                                  "<E><Code>AccessDenied</Code><Message>not this role</Message></E>");
  });
  variables_["AWS_ENDPOINT_URL_STS"] = sts.url();
  variables_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
  variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = write("token", "secret-token");
  EXPECT_TRUE(error().contains("answered 403: not this role")) << error();
  EXPECT_FALSE(error().contains("secret-token"));
}

TEST_F(AwsKeysTest, TheContainersEndpoint) {
  HttpTestServer agent([](const ReceivedRequest&) { return HttpTestServer::answer(200, "", kJsonKeys); });
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = agent.url("/keys");
  variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = write("token", "let me in\n");
  expect_temporary(find());
  EXPECT_EQ(agent.requests().at(0).first_line, "GET /keys HTTP/1.1");
  EXPECT_EQ(agent.requests().at(0).headers["authorization"], "let me in");
  for (const char* elsewhere :
       {"http://example.org/", "http://127.0.0.1.example.org/", "http://127.0.0.1:80@example.org/"}) {
    variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = elsewhere;
    EXPECT_TRUE(error().contains("https://")) << error();
  }
}

TEST_F(AwsKeysTest, TheMachinesRole) {
  HttpTestServer metadata([](const ReceivedRequest& request) {
    if (request.first_line == "PUT /latest/api/token HTTP/1.1")
      return HttpTestServer::answer(200, "", "session");
    if (request.first_line == "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1")
      return HttpTestServer::answer(200, "", "worker role\n");
    if (request.first_line == "GET /latest/meta-data/iam/security-credentials/worker%20role HTTP/1.1")
      return HttpTestServer::answer(200, "", kJsonKeys);
    return HttpTestServer::answer(404);
  });
  variables_.erase("AWS_EC2_METADATA_DISABLED");
  variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = metadata.url();
  expect_temporary(find());
  EXPECT_EQ(metadata.requests().at(0).headers["x-aws-ec2-metadata-token-ttl-seconds"], "21600");
  EXPECT_EQ(metadata.requests().at(2).headers["x-aws-ec2-metadata-token"], "session");
}

// A place that is there, and in trouble, is no wrong setting: its keys will come.
TEST_F(AwsKeysTest, APlaceThatIsInTroubleIsUnavailable) {
  std::atomic<const char*> trouble = "";  // the server's thread reads it
  HttpTestServer server([&](const ReceivedRequest& request) {
    const bool is_token = request.first_line.starts_with("PUT");
    const std::string now = trouble.load();
    if (is_token && now != "no token") return HttpTestServer::answer(200, "", "session");
    return now == "silence" ? std::string() : HttpTestServer::answer(503);
  });
  auto expect_unavailable = [&] {
    auto found = find();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::unavailable) << found.error().message;
    EXPECT_TRUE(found.error().retryable) << found.error().message;
  };
  variables_.erase("AWS_EC2_METADATA_DISABLED");
  variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.url();
  for (const char* now : {"no token", "no role", "silence"}) {
    trouble = now;
    SCOPED_TRACE(now);
    expect_unavailable();
  }
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url("/keys");
  for (const char* now : {"no keys", "silence"}) {
    trouble = now;
    SCOPED_TRACE(now);
    expect_unavailable();
  }
}

TEST_F(AwsKeysTest, AMetadataServiceThatTakesTheCallAndSaysNothingIsUnavailable) {
  HttpTestServer silent([](const ReceivedRequest&) { return std::string(); });
  variables_.erase("AWS_EC2_METADATA_DISABLED");
  variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = silent.url();
  auto found = find();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::unavailable) << found.error().message;
  variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:1";
  EXPECT_EQ(find().error().kind, ErrorKind::usage) << "there is none";
}

TEST_F(AwsKeysTest, WhereThereAreNoneAllThatWasTriedIsNamed) {
  variables_.erase("AWS_EC2_METADATA_DISABLED");
  variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:1";
  for (const char* tried : {"the environment (AWS_ACCESS_KEY_ID", "a web identity (", "profile 'default'",
                            "the container's endpoint (", "metadata service: 127.0.0.1:1"})
    EXPECT_TRUE(error().contains(tried)) << error();
}

// The keys that were found last, and a clock that the test turns.
class AwsCredentialsTest : public testing::Test {
 protected:
  AwsCredentials credentials_{[this](std::stop_token) -> Result<AwsExpiringKeys> {
                                ++looks_;
                                if (broken_)
                                  return fail(ErrorKind::unavailable, "the endpoint is down", true);
                                return AwsExpiringKeys{{std::to_string(looks_), "secret", ""},
                                                       now_ + lifetime_};
                              },
                              [this] { return now_; }};
  WallTime now_ = wall_time(1'700'000'000'000);
  std::chrono::milliseconds lifetime_ = 1h;
  std::atomic<int> looks_ = 0;
  bool broken_ = false;
};

TEST_F(AwsCredentialsTest, KeysAreKeptUntilShortlyBeforeTheirEnd) {
  EXPECT_EQ(credentials_.keys()->access_key, "1");
  now_ += 54min;
  EXPECT_EQ(credentials_.keys()->access_key, "1");
  now_ += 2min;
  EXPECT_EQ(credentials_.keys()->access_key, "2");
}

TEST_F(AwsCredentialsTest, OldKeysServeUntilTheyHaveExpired) {
  ASSERT_TRUE(credentials_.keys());
  broken_ = true;
  now_ += 56min;
  EXPECT_EQ(credentials_.keys()->access_key, "1");
  EXPECT_EQ(credentials_.keys()->access_key, "1");
  EXPECT_EQ(looks_, 2) << "not with every request";
  now_ += 5min;
  auto expired = credentials_.keys();
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().message, "the endpoint is down");
  broken_ = false;
  EXPECT_EQ(credentials_.keys()->access_key, "4");
}

TEST(AwsCredentialsOnce, WhereKeysCameFromTheyWillComeFromAgain) {
  int looks = 0;
  AwsCredentials credentials([&](std::stop_token) -> Result<AwsExpiringKeys> {
    if (++looks == 2) return AwsExpiringKeys{{"A", "S", ""}, std::nullopt};
    return fail(ErrorKind::usage, "there are no AWS credentials.");
  });
  EXPECT_EQ(credentials.keys().error().kind, ErrorKind::usage);
  const auto keys = credentials.keys();
  ASSERT_TRUE(keys);
  credentials.refused(*keys);
  const auto none = credentials.keys();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(none.error().retryable);
}

TEST_F(AwsCredentialsTest, RefusedKeysAreNotGivenAgain) {
  const AwsKeys first = *credentials_.keys();
  credentials_.refused(first);
  EXPECT_EQ(credentials_.keys()->access_key, "2");
  credentials_.refused(first);
  EXPECT_EQ(credentials_.keys()->access_key, "2") << "these are others";
}

TEST_F(AwsCredentialsTest, KeysInDoubtServeOnAndAreLookedForSeldom) {
  const AwsKeys first = *credentials_.keys();
  credentials_.doubted(first);
  const AwsKeys second = *credentials_.keys();
  EXPECT_EQ(second.access_key, "2");
  credentials_.doubted(second);
  EXPECT_EQ(credentials_.keys()->access_key, "2") << "somebody has looked just now";
  now_ += std::chrono::seconds(31);
  credentials_.doubted(second);
  broken_ = true;
  EXPECT_EQ(credentials_.keys()->access_key, "2") << "there are no others";
  broken_ = false;
  EXPECT_EQ(credentials_.keys()->access_key, "2");
  now_ += std::chrono::seconds(31);
  credentials_.doubted(second);
  EXPECT_NE(credentials_.keys()->access_key, "2");
}

TEST(AwsCredentialsAtOnce, OneLooksAndTheOthersWait) {
  std::atomic<int> looks = 0, callers = 0;
  AwsCredentials credentials([&](std::stop_token) -> Result<AwsExpiringKeys> {
    ++looks;
    while (callers < 4) std::this_thread::yield();
    return AwsExpiringKeys{{"A", "S", ""}, std::nullopt};
  });
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        ++callers;
        EXPECT_EQ(credentials.keys()->access_key, "A");
      });
  }
  EXPECT_EQ(looks, 1);
}

}  // namespace
}  // namespace sluice
