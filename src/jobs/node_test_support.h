// What tests of a node's parts share: a real store and blob store in a folder of their own. Test-only.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "adapters/blobs_file.h"
#include "adapters/store_sqlite.h"
#include "base/uuid.h"
#include "jobs/service.h"

namespace sluice {

// The job at its end; waits for the event that says so.
inline Job end_of_job(Store& store, const std::string& id) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < until) {
    EXPECT_TRUE(store.events().number_new());
    const std::uint64_t newest = *store.events().newest();
    Job now = *store.jobs().get(id);
    if (now.status != JobStatus::pending && now.status != JobStatus::processing) return now;
    EXPECT_TRUE(store.events().wait_for_more(newest, std::chrono::seconds(1), {}));
  }
  ADD_FAILURE() << "job " << id << " did not end";
  return {};
}

class NodeTest : public ::testing::Test {
 protected:
  NodeTest() {
    std::filesystem::create_directories(folder_ / "pipelines");
    store_ = std::move(*open_store_sqlite(folder_ / "store.db", {}));
    blobs_ = std::move(*open_blobs_file(folder_ / "blobs"));
    service_.emplace(Service{*store_, store_->queue(), *blobs_, folder_ / "pipelines"});
  }
  ~NodeTest() override {
    service_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void put_blob(const std::string& key, const std::string& content) {
    auto blob = blobs_->create(key);
    ASSERT_TRUE(blob) << blob.error().message;
    ASSERT_TRUE((*blob)->write(content));
    ASSERT_TRUE((*blob)->commit());
  }
  bool has_blob(const std::string& key) { return blobs_->stat(key).has_value(); }

  // A planned job of one split that nobody works on.
  Job add_job(const std::string& plan = "{}", const std::string& blob = "", std::string id = new_uuid()) {
    NewJob job{
        .id = std::move(id), .pipeline = "people", .file_name = "people.csv", .blob = blob, .plan = plan};
    job.splits.push_back({.number = 1});
    return store_->jobs().create(job).value();
  }
  void end(const Job& job) { ASSERT_TRUE(store_->jobs().end(job.id, JobStatus::failed, "because")); }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("sluice-node-" + new_uuid());
  std::unique_ptr<Store> store_;
  std::unique_ptr<BlobStore> blobs_;
  std::optional<Service> service_;
};

}  // namespace sluice
