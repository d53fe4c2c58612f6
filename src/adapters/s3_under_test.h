// What the tests of blobs on S3 share: places in the bucket of tools/with_s3.sh, stores on them, and a look
// at what lies there. Test-only.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "adapters/blobs_s3_internal.h"
#include "adapters/s3_test_proxy.h"
#include "base/uuid.h"

namespace sluice {

// nullptr where there is no server: SLUICE_TEST_S3 is its URL.
const char* s3_of_test();

class S3Test : public testing::Test {
 protected:
  void SetUp() override;

  // The test's own place, by way of `port` (0: the server's own), and with more behind the URL.
  S3Url url(int port = 0, const std::string& more = "") const;
  int server_port() const;
  std::unique_ptr<BlobStore> store(const S3Url& at, const S3Patience& patience = short_patience());
  std::unique_ptr<BlobStore> store() { return store(url()); }
  std::unique_ptr<S3Client> client() const;

  static S3Patience short_patience();  // of the pauses; a busy machine may take its time
  static std::string noise(std::size_t size, unsigned seed = 1);
  static void put(BlobStore& blobs, const std::string& key, const std::string& content);
  // The content, or what went wrong.
  static std::string get(BlobStore& blobs, const std::string& key, std::uint64_t offset = 0);

  // All that lies below the test's place: objects with their keys, unfinished uploads with theirs.
  std::vector<std::string> objects() const;
  std::vector<std::string> uploads() const;

  const std::string prefix_ = new_uuid();
};

}  // namespace sluice
