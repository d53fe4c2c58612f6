#include "base/temporary_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace sluice {
namespace {

TEST(TemporaryFile, GivesBackWhatWasAppended) {
  auto file = TemporaryFile::create();
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE(file->append("first"));
  ASSERT_TRUE(file->append(" second"));
  EXPECT_EQ(file->size(), 12u);
  std::string bytes(20, '?');
  EXPECT_EQ(file->read(6, bytes).value(), 6u);
  EXPECT_EQ(bytes.substr(0, 6), "second");
  EXPECT_EQ(file->read(12, bytes).value(), 0u);
  TemporaryFile moved = *std::move(file);
  EXPECT_EQ(moved.read(0, std::span(bytes).first(5)).value(), 5u);
  EXPECT_EQ(bytes.substr(0, 5), "first");
}

TEST(TemporaryFile, HasNoNameThatCouldBeLeftBehind) {
  std::string folder = (std::filesystem::temp_directory_path() / "sluice-temporary-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TMPDIR", folder.c_str(), 1);
  auto file = TemporaryFile::create();
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->append(std::string(100'000, 'x')));
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  setenv("TMPDIR", (folder + "/none").c_str(), 1);
  auto nowhere = TemporaryFile::create();
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().message.find("TMPDIR"), std::string::npos);
  before == nullptr ? unsetenv("TMPDIR") : setenv("TMPDIR", kept.c_str(), 1);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace sluice
