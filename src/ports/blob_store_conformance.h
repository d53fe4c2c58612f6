// The conformance suite of the BlobStore port: what every adapter has to pass, sentence by sentence of
// blob_store.h. Test-only. An adapter's test writes one line,
//   INSTANTIATE_TEST_SUITE_P(File, BlobStoreConformance, testing::Values(BlobStoreFactory(make_under_test)));
// and links the object library sluice_blob_store_conformance.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "ports/blob_store.h"

namespace sluice {

// One fresh, empty place for blobs.
class BlobStoreUnderTest {
 public:
  virtual ~BlobStoreUnderTest() = default;
  // A store on this place; a second one stands for a second process.
  virtual std::unique_ptr<BlobStore> open() = 0;
};
// Gives nothing where its server is not there: the test is skipped.
using BlobStoreFactory = std::function<std::unique_ptr<BlobStoreUnderTest>()>;

class BlobStoreConformance : public testing::TestWithParam<BlobStoreFactory> {
 protected:
  void SetUp() override;

  void put(const std::string& key, const std::string& content);
  std::string get(const std::string& key, std::uint64_t offset = 0);
  std::vector<std::string> keys(const std::string& prefix);
  // An unfinished blob goes on: `synced` is written and synced, `lost` only written.
  void grow(BlobStore& blobs, const std::string& key, std::uint64_t offset, const std::string& synced,
            const std::string& lost = "");

  std::unique_ptr<BlobStoreUnderTest> place_;
  std::unique_ptr<BlobStore> blobs_;
};

}  // namespace sluice
