// See s3_under_test.h.
#include "adapters/s3_under_test.h"

#include <cstdlib>
#include <random>

namespace sluice {

const char* s3_of_test() { return std::getenv("SLUICE_TEST_S3"); }

void S3Test::SetUp() {
  if (s3_of_test() == nullptr) GTEST_SKIP() << "no S3 server: run it under tools/with_s3.sh";
}

int S3Test::server_port() const {
  const std::string text = s3_of_test();
  return std::stoi(text.substr(text.rfind(':') + 1));
}

S3Url S3Test::url(int port, const std::string& more) const {
  if (port == 0) port = server_port();
  const std::string bucket = "s3://test/" + prefix_;
  auto parsed = parse_s3_url(bucket + "?endpoint=http://127.0.0.1:" + std::to_string(port) + more, "");
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed.value_or(S3Url());
}

S3Patience S3Test::short_patience() {
  S3Patience patience;
  patience.first_wait = std::chrono::milliseconds(1);
  return patience;
}

std::unique_ptr<BlobStore> S3Test::store(const S3Url& at, const S3Patience& patience) {
  auto opened = open_blobs_s3(at, aws_credentials_of_this_process(), patience);
  EXPECT_TRUE(opened) << opened.error().message;
  return opened ? *std::move(opened) : nullptr;
}

std::unique_ptr<S3Client> S3Test::client() const {
  return std::make_unique<S3Client>(url(), aws_credentials_of_this_process(), short_patience());
}

std::string S3Test::noise(std::size_t size, unsigned seed) {
  std::minstd_rand random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random() >> 8);
  return bytes;
}

void S3Test::put(BlobStore& blobs, const std::string& key, const std::string& content) {
  auto writer = blobs.create(key);
  ASSERT_TRUE(writer) << writer.error().message;
  auto written = (*writer)->write(content);
  ASSERT_TRUE(written) << written.error().message;
  auto committed = (*writer)->commit();
  ASSERT_TRUE(committed) << committed.error().message;
}

std::string S3Test::get(BlobStore& blobs, const std::string& key, std::uint64_t offset) {
  auto source = blobs.open(key, offset);
  if (!source) return "cannot open: " + source.error().message;
  std::string all, buffer(100'003, '\0');
  while (true) {
    auto count = (*source)->read(buffer, {});
    if (!count) return "cannot read: " + count.error().message;
    if (*count == 0) return all;
    all.append(buffer, 0, *count);
  }
}

std::vector<std::string> S3Test::objects() const {
  std::vector<std::string> keys;
  const auto asked = client();
  const auto listed = list_s3_objects(*asked, asked->url().prefix);
  EXPECT_TRUE(listed) << listed.error().message;
  if (!listed) return keys;
  for (const S3Object& object : *listed) keys.push_back(object.key.substr(asked->url().prefix.size()));
  return keys;
}

std::vector<std::string> S3Test::uploads() const {
  std::vector<std::string> keys;
  const auto asked = client();
  S3Request request;
  request.query = {{"uploads", ""}, {"prefix", asked->url().prefix}};
  const auto listed = asked->demand(request, "list");
  EXPECT_TRUE(listed) << listed.error().message;
  if (!listed) return keys;
  const auto xml = parse_xml(listed->body);
  EXPECT_TRUE(xml && xml->name == "ListMultipartUploadsResult") << listed->body;
  if (!xml) return keys;
  for (const XmlElement& upload : xml->children)
    if (upload.name == "Upload") keys.push_back(upload.text_of("Key").substr(asked->url().prefix.size()));
  return keys;
}

}  // namespace sluice
