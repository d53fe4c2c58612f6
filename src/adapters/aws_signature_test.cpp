#include "adapters/aws_signature.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace sluice {
namespace {

using Json = nlohmann::json;

// The signatures that botocore gives: tools/aws_signatures.py writes them.
const Json& botocore_cases() {
  static const Json cases = Json::parse(std::ifstream("src/adapters/aws_signature_cases.json"));
  return cases;
}

TEST(AwsSignature, IsBotocoresOnEveryTrickyCase) {
  const Json& all = botocore_cases();
  const WallTime time = *parse_rfc3339(all["time"].get<std::string>());
  ASSERT_GE(all["cases"].size(), 20u);
  for (const Json& one : all["cases"]) {
    AwsRequest request{.method = one["method"], .host = one["host"], .path = one["path"]};
    for (const Json& pair : one["query"]) request.query.emplace_back(pair[0], pair[1]);
    for (auto header = one["headers"].begin(); header != one["headers"].end(); ++header)
      request.headers.emplace_back(header.key(), header.value());
    const AwsKeys keys{
        .access_key = all["accessKey"], .secret_key = all["secretKey"], .session_token = one["token"]};
    const AwsFields headers =
        aws_signed_headers(request, one["payloadHash"].get<std::string>(),
                           {.region = one["region"], .service = one["service"]}, keys, time);
    EXPECT_EQ(headers.back().first, "Authorization");
    EXPECT_EQ(headers.back().second, one["authorization"].get<std::string>()) << one["name"];
  }
}

TEST(AwsSignature, WhatIsSentIsWhatIsSigned) {
  EXPECT_EQ(aws_path("/ein schlüssel/~a%b"), "/ein%20schl%C3%BCssel/~a%25b");
  EXPECT_EQ(aws_path("//a/../"), "//a/../");
  EXPECT_EQ(aws_query({{"uploads", ""}, {"b", "x/y z"}, {"a", "1+1"}, {"a", "0"}}),
            "a=0&a=1%2B1&b=x%2Fy%20z&uploads=");
  EXPECT_EQ(aws_query({}), "");
}

}  // namespace
}  // namespace sluice
