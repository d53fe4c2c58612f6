#include "adapters/blobs_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "ports/blob_store_conformance.h"

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

TEST_F(BlobsFile, NothingIsLeftBesideTheBlobs) {
  auto blobs = open_blobs_file(root_ / "x/blobs/").value();
  {
    auto writer = blobs->create("a");
    ASSERT_TRUE(writer && (*writer)->write("abc"));
  }
  auto whole = blobs->create("b");
  ASSERT_TRUE(whole && (*whole)->commit());
  EXPECT_TRUE(fs::is_empty(root_ / "x/blobs/.incoming"));
  auto partial = blobs->resume("c/d", 0);
  ASSERT_TRUE(partial && (*partial)->write("abc") && (*partial)->commit());
  EXPECT_TRUE(fs::is_empty(root_ / "x/blobs/.unfinished"));
  ASSERT_TRUE(blobs->remove("b") && blobs->remove("c/d"));
  partial->reset();
  blobs.reset();
  EXPECT_FALSE(fs::exists(root_ / "x"));
}

// A process that writes, syncs, writes on and is gone, without a destructor run.
void die_while_writing(const fs::path& root, const std::string& synced, const std::string& lost) {
  pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto blobs = open_blobs_file(root);
    auto blob = blobs ? (*blobs)->resume("u/1", 0) : fail(ErrorKind::internal, "");
    bool good = blob && (*blob)->write(synced) && (*blob)->sync() && (*blob)->write(lost);
    ::kill(::getpid(), good ? SIGKILL : SIGUSR1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST_F(BlobsFile, WhatWasSyncedIsThereAfterAKill) {
  const std::string synced(3'000'000, 's'), lost(1'000'000, 'l');
  die_while_writing(root_, synced, lost);
  auto blobs = open_blobs_file(root_).value();
  EXPECT_FALSE(blobs->stat("u/1"));
  {
    auto blob = blobs->resume("u/1", synced.size());
    ASSERT_TRUE(blob) << blob.error().message;
    ASSERT_TRUE((*blob)->write("end") && (*blob)->commit());
  }
  auto source = blobs->open("u/1", 0);
  ASSERT_TRUE(source);
  EXPECT_TRUE(read_all(**source, 1 << 20) == synced + "end");
}

TEST_F(BlobsFile, OnlyOneWritesAnUnfinishedBlob) {
  auto blobs = open_blobs_file(root_).value(), other = open_blobs_file(root_).value();
  auto first = blobs->resume("u/1", 0);
  ASSERT_TRUE(first && (*first)->write("abc") && (*first)->sync());
  for (BlobStore* store : {blobs.get(), other.get()}) {
    auto second = store->resume("u/1", 0);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::conflict);
    EXPECT_TRUE(second.error().retryable);
  }
  ASSERT_TRUE((*first)->write("d") && (*first)->commit()) << "the second changed nothing";
  EXPECT_EQ(blobs->stat("u/1")->size, 4u);
}

TEST_F(BlobsFile, AfterAFailedWriteNothingIsKept) {
  auto blobs = open_blobs_file(root_).value();
  auto blob = blobs->resume("u/1", 0);
  ASSERT_TRUE(blob && (*blob)->write("abc") && (*blob)->sync());
  struct rlimit before{}, small{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  small = {5, before.rlim_max};
  auto ignored = ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  auto written = (*blob)->write("defghi");
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, ignored);
  ASSERT_FALSE(written);
  EXPECT_FALSE((*blob)->write("j"));
  EXPECT_FALSE((*blob)->sync()) << "a sync that says well would count bytes that are lost";
  EXPECT_FALSE((*blob)->commit());
  blob->reset();
  auto again = blobs->resume("u/1", 3);
  ASSERT_TRUE(again && (*again)->write("DEF") && (*again)->commit());
  EXPECT_EQ(read_all(**blobs->open("u/1", 0)), "abcDEF");
}

TEST_F(BlobsFile, AnOldUnfinishedBlobIsNoLeftover) {
  auto grow_old = [this] {
    struct timespec old[2] = {{1000, 0}, {1000, 0}};
    for (const auto& entry : fs::directory_iterator(root_ / ".unfinished"))
      ASSERT_EQ(::utimensat(AT_FDCWD, entry.path().c_str(), old, 0), 0);
  };
  {
    auto blobs = open_blobs_file(root_).value();
    auto blob = blobs->resume("u/1", 0);
    ASSERT_TRUE(blob && (*blob)->write("abc") && (*blob)->sync());
  }
  grow_old();
  auto blobs = open_blobs_file(root_).value();
  auto blob = blobs->resume("u/1", 3);
  grow_old();
  ASSERT_TRUE(blob && (*blob)->commit());
  EXPECT_GT(blobs->stat("u/1")->modified_ms, 1'000'000) << "the time of the commit, not of the last byte";
}

class FileBlobsUnderTest : public BlobStoreUnderTest {
 public:
  FileBlobsUnderTest() {
    std::string pattern = (fs::temp_directory_path() / "blobs-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~FileBlobsUnderTest() override { fs::remove_all(root_); }
  std::unique_ptr<BlobStore> open() override { return open_blobs_file(root_).value(); }

 private:
  fs::path root_;
};

INSTANTIATE_TEST_SUITE_P(File, BlobStoreConformance, testing::Values(BlobStoreFactory([] {
                           return std::make_unique<FileBlobsUnderTest>();
                         })));

}  // namespace
}  // namespace sluice
