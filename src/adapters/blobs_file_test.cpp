#include "adapters/blobs_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace sluice {
namespace {

namespace fs = std::filesystem;

class BlobsFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "blobs-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string file(const std::string& name, const std::string& content) {
    std::ofstream(root_ / name, std::ios::binary) << content;
    return root_ / name;
  }
  fs::path root_;
};

std::string read_all(ByteSource& source, std::size_t step = 7) {
  std::string all;
  std::vector<char> buffer(step);
  while (true) {
    auto count = source.read(buffer, {});
    EXPECT_TRUE(count) << count.error().message;
    if (!count || *count == 0) return all;
    all.append(buffer.data(), *count);
  }
}

TEST_F(BlobsFile, AFileIsReadFromAnyOffset) {
  Opener opener = file_opener(file("a.csv", "0123456789"));
  for (std::uint64_t offset : {0, 1, 9, 10, 11}) {
    auto source = opener(offset);
    ASSERT_TRUE(source);
    EXPECT_EQ(read_all(**source), std::string("0123456789").substr(std::min<std::size_t>(offset, 10)));
  }
}

TEST_F(BlobsFile, ErrorsSayWhatIsThereInstead) {
  auto missing = file_opener(root_ / "none.csv")(0);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  EXPECT_NE(missing.error().message.find("there is no file"), std::string::npos);
  auto folder = file_opener(root_)(0);
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("is a folder"), std::string::npos);
  EXPECT_FALSE(file_identity(root_));
  EXPECT_FALSE(file_identity(root_ / "none.csv"));
}

TEST_F(BlobsFile, IdentityChangesWithSizeAndTime) {
  std::string path = file("a.csv", "12345");
  auto before = file_identity(path);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->size, 5u);
  EXPECT_TRUE(before->regular);
  struct timespec times[2] = {{1000, 1}, {1000, 2}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  auto after = file_identity(path);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->modified_ns, 1'000'000'000'002);
  EXPECT_NE(before->version(), after->version());
}

TEST_F(BlobsFile, APipeIsReadToItsEnd) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  auto source = descriptor_source(ends[0], "-", Descriptor::owned);
  std::jthread writer([end = ends[1]] {
    std::string part(100'000, 'x');
    ASSERT_EQ(::write(end, part.data(), part.size()), static_cast<ssize_t>(part.size()));
    ::close(end);
  });
  EXPECT_EQ(read_all(*source, 4096).size(), 100'000u);
}

TEST_F(BlobsFile, AStopEndsTheWaitForAPipe) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  auto source = descriptor_source(ends[0], "-", Descriptor::owned);
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  char byte;
  auto count = source->read({&byte, 1}, stop.get_token());
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().kind, ErrorKind::cancelled);
  ::close(ends[1]);
}

TEST_F(BlobsFile, ABorrowedDescriptorStaysOpen) {
  int descriptor = ::open(file("a", "ab").c_str(), O_RDONLY);
  {
    EXPECT_EQ(read_all(*descriptor_source(descriptor, "a", Descriptor::borrowed)), "ab");
  }
  EXPECT_EQ(::close(descriptor), 0);
}

TEST_F(BlobsFile, ABlobIsThereAfterCommitAndNotBefore) {
  auto blobs = open_blobs_file(root_ / "x/blobs/");
  ASSERT_TRUE(blobs) << blobs.error().message;
  {
    auto writer = (*blobs)->create("jobs/1/input.csv");
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->write("abc"));
    ASSERT_TRUE((*writer)->write("def"));
    auto early = (*blobs)->stat("jobs/1/input.csv");
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().kind, ErrorKind::not_found);
    ASSERT_TRUE((*writer)->commit());
  }
  auto info = (*blobs)->stat("jobs/1/input.csv");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->size, 6u);
  auto source = (*blobs)->open("jobs/1/input.csv", 2);
  ASSERT_TRUE(source);
  EXPECT_EQ(read_all(**source), "cdef");
  EXPECT_TRUE(fs::is_empty(root_ / "x/blobs/.incoming"));
}

TEST_F(BlobsFile, WithoutCommitNothingIsLeft) {
  auto blobs = open_blobs_file(root_ / "blobs");
  ASSERT_TRUE(blobs);
  {
    auto writer = (*blobs)->create("a");
    ASSERT_TRUE(writer && (*writer)->write("abc"));
  }
  EXPECT_TRUE(fs::is_empty(root_ / "blobs/.incoming"));
  EXPECT_TRUE((*blobs)->list("")->empty());
}

TEST_F(BlobsFile, CommitReplacesAndListSorts) {
  auto blobs = open_blobs_file(root_ / "blobs");
  ASSERT_TRUE(blobs);
  for (std::string key : {"b/2", "a", "b/1", "b/1"}) {
    auto writer = (*blobs)->create(key);
    ASSERT_TRUE(writer && (*writer)->write(key) && (*writer)->commit());
  }
  auto all = (*blobs)->list("");
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ((*all)[0].key, "a");
  EXPECT_EQ((*all)[2].key, "b/2");
  EXPECT_EQ((*blobs)->list("b/")->size(), 2u);
  EXPECT_TRUE((*blobs)->remove("b/1"));
  EXPECT_TRUE((*blobs)->remove("b/1"));
  EXPECT_EQ((*blobs)->list("b")->size(), 1u);
}

TEST_F(BlobsFile, EmptyFoldersAreNotLeft) {
  auto put = [](BlobStore& blobs, const std::string& key) {
    auto writer = blobs.create(key);
    ASSERT_TRUE(writer) << writer.error().message;
    ASSERT_TRUE((*writer)->write("x"));
    ASSERT_TRUE((*writer)->commit());
  };
  {
    auto blobs = open_blobs_file(root_ / "data" / "blobs").value();
    put(*blobs, "spool/host/1");
    put(*blobs, "spool/other");
    ASSERT_TRUE(blobs->remove("spool/host/1"));
    EXPECT_FALSE(fs::exists(root_ / "data" / "blobs" / "spool" / "host"));
    EXPECT_TRUE(fs::exists(root_ / "data" / "blobs" / "spool" / "other"));
  }
  EXPECT_TRUE(fs::exists(root_ / "data" / "blobs" / "spool" / "other")) << "what is not empty stays";
  fs::remove_all(root_ / "data");
  {
    auto blobs = open_blobs_file(root_ / "data" / "blobs").value();
    auto other = open_blobs_file(root_ / "data" / "blobs").value();
    put(*blobs, "a/b");
    ASSERT_TRUE(blobs->remove("a/b"));
    blobs.reset();  // takes what is empty along
    put(*other, "a/b");
    ASSERT_TRUE(other->remove("a/b"));
  }
  EXPECT_FALSE(fs::exists(root_ / "data" / "blobs" / "a"));
  fs::remove_all(root_ / "data");
  {
    auto blobs = open_blobs_file(root_ / "data" / "blobs").value();
  }
  EXPECT_FALSE(fs::exists(root_ / "data"));
  fs::create_directory(root_ / "mine");
  {
    auto blobs = open_blobs_file(root_ / "mine").value();
  }
  EXPECT_TRUE(fs::is_empty(root_ / "mine")) << "a folder that was there before stays";
}

TEST_F(BlobsFile, OnlyPlainKeysAreTaken) {
  auto blobs = open_blobs_file(root_ / "blobs");
  ASSERT_TRUE(blobs);
  for (std::string key : {"", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".incoming/x", "a b", "a\\b"}) {
    EXPECT_FALSE((*blobs)->create(key)) << key;
    EXPECT_FALSE((*blobs)->open(key, 0)) << key;
    EXPECT_FALSE((*blobs)->remove(key)) << key;
  }
}

}  // namespace
}  // namespace sluice
