#include "server/tus_protocol.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

const WallTime kTusNow = WallTime(std::chrono::seconds(1'700'000'000));

Request with(const std::string& header, const std::string& value) {
  Request request;
  request.headers.add(header, value);
  return request;
}

// RFC 4648, section 10.
TEST(TusProtocol, Base64) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"Zg==", "f"},
                                                       {"Zm8=", "fo"},
                                                       {"Zm9v", "foo"},
                                                       {"Zm9vYg==", "foob"},
                                                       {"Zm9vYmE=", "fooba"},
                                                       {"Zm9vYmFy", "foobar"},
                                                       {"/+8=", "\xff\xef"}};
  for (const auto& [text, bytes] : cases) EXPECT_EQ(from_base64(text).value_or("-"), bytes) << text;
  for (std::string wrong : {"Zg", "Zg=", "Z===", "====", "Zm9v Zg==", "Zm9*", "Zg==Zg=="})
    EXPECT_FALSE(from_base64(wrong)) << wrong;
}

TEST(TusProtocol, MetadataBecomesOptions) {
  auto options = options_of_tus(
      "filename bWVuLmNzdg==, pipeline cGVvcGxl,filetype dGV4dC9jc3Y=,is_confidential,"
      "metadata eyJhIjoxfQ==,priority NQ==",
      kTusNow);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->file_name, "men.csv");
  EXPECT_EQ(options->pipeline, "people");
  EXPECT_EQ(options->metadata, "{\"a\":1}");
  EXPECT_EQ(options->priority, 5);
  // As an uploader sends both.
  EXPECT_EQ(options_of_tus("filename YS5jc3Y=,name Yi5jc3Y=", kTusNow)->file_name, "a.csv");
  EXPECT_TRUE(options_of_tus("", kTusNow));
  for (std::string wrong : {"filename Zg", "a b c", "pipeline Li4v", ",", "metadata Zm9v"})
    EXPECT_FALSE(options_of_tus(wrong, kTusNow)) << wrong;
}

TEST(TusProtocol, Numbers) {
  EXPECT_FALSE(tus_number(Request(), "Upload-Offset").value());
  EXPECT_EQ(tus_number(with("upload-offset", "70000000000"), "Upload-Offset").value(), 70'000'000'000u);
  for (std::string wrong : {"", "-1", "1.5", "x", "99999999999999999999", "9223372036854775807", "1 "})
    EXPECT_FALSE(tus_number(with("Upload-Offset", wrong), "Upload-Offset")) << wrong;
}

TEST(TusProtocol, AnotherVersionIsRefused) {
  EXPECT_TRUE(check_tus_version(with("Tus-Resumable", "1.0.0")));
  for (const Request& request : {Request(), with("Tus-Resumable", "0.2.2")}) {
    auto checked = check_tus_version(request);
    ASSERT_FALSE(checked);
    Response response = with_tus(to_response(problem_of(checked.error()), request));
    EXPECT_EQ(response.status, 412);
    EXPECT_EQ(response.headers.get("Tus-Version"), "1.0.0");
    EXPECT_EQ(response.headers.get("Tus-Resumable"), "1.0.0");
  }
}

// The checksums of "abc" as FIPS 180-4 publishes them.
TEST(TusProtocol, Checksums) {
  for (std::string header :
       {"sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", "sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="}) {
    auto checksum = TusChecksum::of(with("Upload-Checksum", header)).value();
    checksum->update("a");
    checksum->update("bc");
    EXPECT_TRUE(checksum->check()) << header;
    checksum = TusChecksum::of(with("Upload-Checksum", header)).value();
    checksum->update("abd");
    auto checked = checksum->check();
    ASSERT_FALSE(checked);
    EXPECT_EQ(problem_of(checked.error()).status, 460);
  }
  EXPECT_EQ(TusChecksum::of(Request()).value(), nullptr);
  for (std::string wrong : {"", "md5 kAFQmDzST7DWlj99KOF/cg==", "sha1", "sha1 YWJj", "sha256 x"}) {
    auto checksum = TusChecksum::of(with("Upload-Checksum", wrong));
    ASSERT_FALSE(checksum) << wrong;
    EXPECT_EQ(problem_of(checksum.error()).status, 400);
  }
}

TEST(TusProtocol, DatesAreThoseOfHttp) {
  EXPECT_EQ(tus_date(784'111'777'000), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(tus_date(1'709'164'800'999), "Thu, 29 Feb 2024 00:00:00 GMT");
}

}  // namespace
}  // namespace sluice
