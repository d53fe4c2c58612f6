// URLs find their adapters; what is no URL of ours is told with the schemes that there are.
#include "app/open_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace sluice {
namespace {

TEST(OpenStore, UnknownSchemesListTheKnown) {
  // What follows an unknown scheme may hold a password, and is not shown.
  const std::pair<const char*, const char*> urls[] = {{"ftp://me:secret@somewhere", "ftp:…"},
                                                      {"people.db", "people.db"},
                                                      {"", ""},
                                                      {":x", ":…"},
                                                      {"SQLITE:x", "SQLITE:…"}};
  for (const auto& [url, shown] : urls) {
    auto store = open_store(url, {});
    ASSERT_FALSE(store) << url;
    EXPECT_EQ(store.error().kind, ErrorKind::usage);
    EXPECT_EQ(store.error().message, std::string("'") + shown +
                                         "' is no place for the store: the URL has to begin with one of: "
                                         "sqlite:, postgresql:, postgres:");
  }
  auto blobs = open_blobs("sqlite:x.db");
  ASSERT_FALSE(blobs);
  EXPECT_NE(blobs.error().message.find("no place for blobs"), std::string::npos);
  EXPECT_NE(blobs.error().message.find("file:, s3:"), std::string::npos);
}

TEST(OpenStore, TheUrlOfABucketIsReadBeforeAnybodyIsAsked) {
  auto blobs = open_blobs("s3://bucket?colour=blue");
  ASSERT_FALSE(blobs);
  EXPECT_EQ(blobs.error().kind, ErrorKind::usage);
  EXPECT_NE(blobs.error().message.find("'colour' is no parameter"), std::string::npos);
}

TEST(OpenStore, OptionsReachTheStore) {
  std::string path = testing::TempDir() + "/sluice_open_" + std::to_string(::getpid()) + ".db";
  auto none = open_store("sqlite:" + path, {.read_only = true});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::not_found);
  ASSERT_TRUE(open_store("sqlite:" + path, {}));
  EXPECT_TRUE(open_store("sqlite:" + path, {.read_only = true}));
  for (const char* ending : {"", "-wal", "-shm"}) std::filesystem::remove(path + ending);
}

}  // namespace
}  // namespace sluice
