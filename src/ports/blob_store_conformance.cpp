#include "ports/blob_store_conformance.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <vector>

namespace sluice {

void BlobStoreConformance::SetUp() {
  place_ = GetParam()();
  if (!place_) GTEST_SKIP() << "its server is not there";
  blobs_ = place_->open();
}

void BlobStoreConformance::put(const std::string& key, const std::string& content) {
  auto writer = blobs_->create(key);
  ASSERT_TRUE(writer) << writer.error().message;
  auto written = (*writer)->write(content);
  ASSERT_TRUE(written) << written.error().message;
  auto committed = (*writer)->commit();
  ASSERT_TRUE(committed) << committed.error().message;
}

std::string BlobStoreConformance::get(const std::string& key, std::uint64_t offset) {
  auto source = blobs_->open(key, offset);
  if (!source) return "cannot open: " + source.error().message;
  std::string all, buffer(10'007, '\0');
  while (true) {
    auto count = (*source)->read(buffer, {});
    if (!count) return "cannot read: " + count.error().message;
    if (*count == 0) return all;
    all.append(buffer, 0, *count);
  }
}

std::vector<std::string> BlobStoreConformance::keys(const std::string& prefix) {
  std::vector<std::string> keys;
  auto found = blobs_->list(prefix);
  EXPECT_TRUE(found) << found.error().message;
  for (const BlobInfo& blob : found.value_or(std::vector<BlobInfo>())) keys.push_back(blob.key);
  return keys;
}

void BlobStoreConformance::grow(BlobStore& blobs, const std::string& key, std::uint64_t offset,
                                const std::string& synced, const std::string& lost) {
  auto blob = blobs.resume(key, offset);
  ASSERT_TRUE(blob) << blob.error().message;
  ASSERT_TRUE((*blob)->write(synced));
  auto done = (*blob)->sync();
  ASSERT_TRUE(done) << done.error().message;
  if (!lost.empty()) {
    ASSERT_TRUE((*blob)->write(lost));
  }
}

namespace {

std::string noise(std::size_t size) {
  std::mt19937_64 random(size);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

TEST_P(BlobStoreConformance, ABlobIsThereAfterCommitAndNotBefore) {
  auto writer = blobs_->create("jobs/1/input.csv");
  ASSERT_TRUE(writer);
  ASSERT_TRUE((*writer)->write("abc"));
  ASSERT_TRUE((*writer)->write("def"));
  auto early = blobs_->stat("jobs/1/input.csv");
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().kind, ErrorKind::not_found);
  auto unopened = blobs_->open("jobs/1/input.csv", 0);
  ASSERT_FALSE(unopened);
  EXPECT_EQ(unopened.error().kind, ErrorKind::not_found);
  EXPECT_TRUE(keys("").empty());
  ASSERT_TRUE((*writer)->commit());
  auto info = place_->open()->stat("jobs/1/input.csv");
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->size, 6u);
  EXPECT_EQ(info->key, "jobs/1/input.csv");
  EXPECT_NEAR(static_cast<double>(info->modified_ms), static_cast<double>(now_ms()), 60'000);
}

TEST_P(BlobStoreConformance, ABlobIsReadFromAnyOffset) {
  std::string content = noise(3'000'000);
  put("a", content);
  for (std::size_t offset : {std::size_t{0}, std::size_t{1}, std::size_t{2'999'999}, content.size()})
    EXPECT_TRUE(get("a", offset) == content.substr(offset)) << offset;
  put("empty", "");
  EXPECT_EQ(get("empty"), "");
  EXPECT_EQ(blobs_->stat("empty")->size, 0u);
}

TEST_P(BlobStoreConformance, WithoutCommitNothingIsLeft) {
  {
    auto writer = blobs_->create("a");
    ASSERT_TRUE(writer && (*writer)->write("abc"));
  }
  EXPECT_TRUE(keys("").empty());
  EXPECT_FALSE(blobs_->stat("a"));
}

TEST_P(BlobStoreConformance, CommitReplacesAndChangesTheVersion) {
  put("a", "one");
  std::string version = blobs_->stat("a")->version;
  put("a", "another");
  EXPECT_EQ(get("a"), "another");
  EXPECT_NE(blobs_->stat("a")->version, version);
}

TEST_P(BlobStoreConformance, OnlyTheVersionThatIsAskedForIsOpened) {
  for (const std::string& content : {std::string(), std::string("one"), noise(600'000)}) {
    put("a", content + "old");
    const std::string old = blobs_->stat("a")->version;
    put("a", content);
    for (std::size_t offset : {std::size_t{0}, content.size() / 2, content.size()}) {
      auto changed = blobs_->open("a", offset, old);
      ASSERT_FALSE(changed) << offset << " of " << content.size();
      EXPECT_EQ(changed.error().kind, ErrorKind::input) << changed.error().message;
      EXPECT_NE(changed.error().message.find("while it was read"), std::string::npos)
          << changed.error().message;
      auto source = blobs_->open("a", offset, blobs_->stat("a")->version);
      ASSERT_TRUE(source) << source.error().message;
      std::string read(content.size() + 1, '\0');
      std::size_t held = 0;
      while (std::size_t count = (*source)->read(std::span(read).subspan(held), {}).value_or(0))
        held += count;
      read.resize(held);
      EXPECT_TRUE(read == content.substr(offset)) << offset << " of " << content.size();
    }
  }
  const std::string version = blobs_->stat("a")->version;
  ASSERT_TRUE(blobs_->remove("a"));
  auto removed = blobs_->open("a", 0, version);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().kind, ErrorKind::not_found);
}

TEST_P(BlobStoreConformance, AListIsSortedAndOfOnePrefix) {
  for (std::string key : {"b/2", "a", "b/1", "bc/d/e", "b/1"}) put(key, key);
  EXPECT_EQ(keys(""), (std::vector<std::string>{"a", "b/1", "b/2", "bc/d/e"}));
  EXPECT_EQ(keys("b/"), (std::vector<std::string>{"b/1", "b/2"}));
  EXPECT_EQ(keys("b"), (std::vector<std::string>{"b/1", "b/2", "bc/d/e"}));
  EXPECT_TRUE(keys("c").empty());
}

TEST_P(BlobStoreConformance, RemovingAgainIsNoError) {
  put("b/1", "x");
  EXPECT_TRUE(blobs_->remove("b/1"));
  EXPECT_FALSE(blobs_->stat("b/1"));
  EXPECT_TRUE(blobs_->remove("b/1"));
  EXPECT_TRUE(blobs_->remove("never/there"));
}

TEST_P(BlobStoreConformance, OnlyPlainKeysAreTaken) {
  for (std::string key :
       {"", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".incoming/x", "a b", "a\\b", "a+b", "a%2fb"}) {
    EXPECT_FALSE(blobs_->create(key)) << key;
    EXPECT_FALSE(blobs_->resume(key, 0)) << key;
    EXPECT_FALSE(blobs_->open(key, 0)) << key;
    EXPECT_FALSE(blobs_->stat(key)) << key;
    EXPECT_FALSE(blobs_->remove(key)) << key;
  }
}

TEST_P(BlobStoreConformance, AnUnfinishedBlobGrowsOverProcesses) {
  const std::string first = noise(1'500'000), second = noise(700'001), third = "the end";
  grow(*place_->open(), "u/1", 0, first);
  grow(*place_->open(), "u/1", first.size(), second);
  EXPECT_FALSE(blobs_->stat("u/1")) << "it is not whole";
  EXPECT_FALSE(blobs_->open("u/1", 0));
  EXPECT_TRUE(keys("").empty());
  {
    auto blob = blobs_->resume("u/1", first.size() + second.size());
    ASSERT_TRUE(blob) << blob.error().message;
    ASSERT_TRUE((*blob)->write(third));
    auto committed = (*blob)->commit();
    ASSERT_TRUE(committed) << committed.error().message;
  }
  EXPECT_TRUE(get("u/1") == first + second + third);
  EXPECT_EQ(keys(""), std::vector<std::string>{"u/1"});
}

TEST_P(BlobStoreConformance, WhatCameAfterTheOffsetIsDropped) {
  grow(*blobs_, "u/1", 0, "0123456789", "never synced");
  grow(*blobs_, "u/1", 10, "abc");
  grow(*blobs_, "u/1", 7, "");  // its sender knows of seven
  auto blob = blobs_->resume("u/1", 7);
  ASSERT_TRUE(blob && (*blob)->write("Z") && (*blob)->commit());
  EXPECT_EQ(get("u/1"), "0123456Z");
}

TEST_P(BlobStoreConformance, AnUnfinishedBlobBeginsAnewAtZero) {
  grow(*blobs_, "u/1", 0, "0123456789");
  grow(*blobs_, "u/1", 0, "ab");
  auto blob = blobs_->resume("u/1", 2);
  ASSERT_TRUE(blob && (*blob)->commit());
  EXPECT_EQ(get("u/1"), "ab");
}

TEST_P(BlobStoreConformance, MoreThanIsThereIsAnError) {
  grow(*blobs_, "u/1", 0, "0123456789");
  EXPECT_FALSE(blobs_->resume("u/1", 11));
  auto missing = blobs_->resume("u/2", 1);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  EXPECT_TRUE(blobs_->resume("u/1", 10)) << "what is there is left alone";
}

TEST_P(BlobStoreConformance, RemovingDropsAnUnfinishedBlob) {
  grow(*blobs_, "u/1", 0, "0123456789");
  EXPECT_TRUE(place_->open()->remove("u/1"));
  EXPECT_FALSE(blobs_->resume("u/1", 10));
}

TEST_P(BlobStoreConformance, AnUnfinishedBlobTakesThePlaceOfAnotherOnlyWhenItIsWhole) {
  put("a", "old");
  grow(*blobs_, "a", 0, "new");
  EXPECT_EQ(get("a"), "old");
  {
    auto blob = blobs_->resume("a", 3);
    ASSERT_TRUE(blob && (*blob)->commit());
  }
  EXPECT_EQ(get("a"), "new");
  EXPECT_FALSE(blobs_->resume("a", 3)) << "it is finished";
  EXPECT_EQ(get("a"), "new");
}

TEST_P(BlobStoreConformance, AnEmptyOneCanBeFinished) {
  auto blob = blobs_->resume("u/1", 0);
  ASSERT_TRUE(blob && (*blob)->commit());
  EXPECT_EQ(get("u/1"), "");
}

TEST_P(BlobStoreConformance, SpaceIsToldWhereItIsKnown) {
  auto space = blobs_->space_left();
  ASSERT_TRUE(space) << space.error().message;
  if (*space) {
    EXPECT_GT(**space, 0u);
  }
}

}  // namespace
}  // namespace sluice
