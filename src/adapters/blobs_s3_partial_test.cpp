// Unfinished blobs in S3: over parts, nodes and crashes; and uploads that nobody goes on with.
#include "adapters/s3_under_test.h"

namespace sluice {
namespace {

constexpr std::size_t kMiB = 1 << 20;

class BlobsS3Partial : public S3Test {
 protected:
  // What a node that dies leaves: `synced` was synced piece by piece, `lost` only written.
  void grow_s3(std::uint64_t offset, const std::vector<std::string>& synced, const std::string& lost = "") {
    auto blobs = store();
    auto blob = blobs->resume("u/1", offset);
    ASSERT_TRUE(blob) << blob.error().message;
    for (const std::string& piece : synced) {
      ASSERT_TRUE((*blob)->write(piece));
      auto done = (*blob)->sync();
      ASSERT_TRUE(done) << done.error().message;
    }
    if (!lost.empty()) {
      ASSERT_TRUE((*blob)->write(lost));
    }
  }
  void finish(std::uint64_t offset, const std::string& rest) {
    auto blobs = store();
    auto blob = blobs->resume("u/1", offset);
    ASSERT_TRUE(blob) << blob.error().message;
    ASSERT_TRUE((*blob)->write(rest));
    auto committed = (*blob)->commit();
    ASSERT_TRUE(committed) << committed.error().message;
  }
  // What a node does that does not know whether another is at it.
  void finish_or_find(std::uint64_t size) {
    auto blobs = store();
    auto blob = blobs->resume("u/1", size);
    if (blob && (*blob)->commit()) return;
    EXPECT_TRUE(blobs->stat("u/1"));
  }
  void expect_whole(const std::string& content) {
    EXPECT_TRUE(get(*store(), "u/1") == content);
    EXPECT_EQ(objects(), std::vector<std::string>{"u/1"});
    EXPECT_TRUE(uploads().empty());
  }
  std::string content_ = noise(30 * kMiB);
  std::string piece(std::size_t begin, std::size_t end) const { return content_.substr(begin, end - begin); }
};

TEST_F(BlobsS3Partial, ItGrowsOverPartsAndNodes) {
  grow_s3(0, {piece(0, 11 * kMiB)}, piece(11 * kMiB, 20 * kMiB));
  EXPECT_EQ(uploads(), std::vector<std::string>{"u/1"});
  grow_s3(11 * kMiB, {piece(11 * kMiB, 16 * kMiB)});  // ends where a part ends
  grow_s3(16 * kMiB, {piece(16 * kMiB, 16 * kMiB + 5), piece(16 * kMiB + 5, 27 * kMiB)});
  finish(27 * kMiB, piece(27 * kMiB, 30 * kMiB));
  expect_whole(content_);
}

TEST_F(BlobsS3Partial, ItGoesOnFromTheSyncBeforeTheLast) {
  // A node died when it had synced 17 MiB and had told nobody.
  grow_s3(0, {piece(0, 6 * kMiB), piece(6 * kMiB, 17 * kMiB)});
  finish(6 * kMiB, piece(6 * kMiB, 30 * kMiB));
  expect_whole(content_);
}

TEST_F(BlobsS3Partial, ItIsCutInsideWhatIsNoPartYet) {
  grow_s3(0, {piece(0, 17 * kMiB)}, piece(17 * kMiB, 18 * kMiB));
  grow_s3(16 * kMiB + 1, {"XYZ"});
  finish(16 * kMiB + 2, "Z");
  expect_whole(piece(0, 16 * kMiB + 1) + "XZ");
}

TEST_F(BlobsS3Partial, AnOffsetThatNobodyNotedIsAnErrorAndHarmless) {
  grow_s3(0, {piece(0, 9 * kMiB)});
  auto blobs = store();
  EXPECT_FALSE(blobs->resume("u/1", 5));
  EXPECT_FALSE(blobs->resume("u/1", 9 * kMiB + 1));
  finish(9 * kMiB, "end");
  expect_whole(piece(0, 9 * kMiB) + "end");
}

TEST_F(BlobsS3Partial, ManySmallPiecesLeaveFewObjects) {
  auto blobs = store();
  auto blob = blobs->resume("u/1", 0);
  ASSERT_TRUE(blob);
  for (std::size_t at = 0; at < 10; ++at) {
    ASSERT_TRUE((*blob)->write(piece(at * kMiB, (at + 1) * kMiB)));
    ASSERT_TRUE((*blob)->sync());
    ASSERT_TRUE((*blob)->sync()) << "nothing new";
  }
  EXPECT_EQ(objects().size(), 4u) << "the head, and three rests";
  ASSERT_TRUE((*blob)->commit());
  expect_whole(piece(0, 10 * kMiB));
}

TEST_F(BlobsS3Partial, WhoGoesOnIsTheOnlyOneWhoWrites) {
  auto blobs = store(), others = store();
  auto first = blobs->resume("u/1", 0);
  ASSERT_TRUE(first && (*first)->write(piece(0, 9 * kMiB)) && (*first)->sync());
  ASSERT_TRUE((*first)->write("of the first"));
  auto second = others->resume("u/1", 9 * kMiB);
  ASSERT_TRUE(second) << second.error().message;
  auto synced = (*first)->sync();
  ASSERT_FALSE(synced);
  EXPECT_EQ(synced.error().kind, ErrorKind::conflict);
  EXPECT_FALSE((*first)->commit());
  first->reset();
  ASSERT_TRUE((*second)->write("of the second") && (*second)->commit());
  expect_whole(piece(0, 9 * kMiB) + "of the second");
}

// Two nodes are asked for the end of one upload, and the second does all of it while the first is at any of
// its requests. The second writes what the first would.
TEST_F(BlobsS3Partial, TwoNodesThatFinishItAtOnceLeaveItWholeAndNothingBeside) {
  for (std::size_t size : {kMiB, 9 * kMiB}) {
    std::size_t asked = 0, overtaken_at = 0;
    do {
      SCOPED_TRACE(std::to_string(size) + " bytes, request " + std::to_string(++overtaken_at));
      asked = 0;
      grow_s3(0, {piece(0, size)});
      S3TestProxy proxy(server_port(), [&](const ProxiedRequest& request) {
        const bool is_of_opening = request.is("max-keys=1") || request.is("?uploads=");
        if (!is_of_opening && ++asked == overtaken_at) finish_or_find(size);
        return ProxyFault();
      });
      auto blobs = store(url(proxy.port()));
      auto blob = blobs->resume("u/1", size);
      if (blob && size > 8 * kMiB) {
        auto committed = (*blob)->commit();
        EXPECT_TRUE(committed) << committed.error().message;
      } else if (blob) {
        (void)(*blob)->commit();  // of a small one nothing tells who has written it
      }
      expect_whole(piece(0, size));
      ASSERT_TRUE(store()->remove("u/1"));
    } while (asked >= overtaken_at);
    EXPECT_GT(overtaken_at, 5u) << "it was never overtaken";
  }
}

TEST_F(BlobsS3Partial, BeginningAnewAndRemovingEndTheUpload) {
  grow_s3(0, {piece(0, 17 * kMiB)});
  grow_s3(0, {"anew"});
  EXPECT_TRUE(uploads().empty());
  finish(4, "!");
  expect_whole("anew!");
  grow_s3(0, {piece(0, 17 * kMiB)});
  EXPECT_EQ(uploads().size(), 1u);
  ASSERT_TRUE(store()->remove("u/1"));
  EXPECT_TRUE(uploads().empty());
  EXPECT_TRUE(objects().empty());
}

TEST_F(BlobsS3Partial, WhoseBytesWereRemovedIsNotFound) {
  grow_s3(0, {piece(0, 17 * kMiB)});
  auto asked = client();
  const auto id = upload_of_s3_partial(*asked, "u/1");
  ASSERT_TRUE(id && !id->empty());
  ASSERT_TRUE(asked->demand(
      {.method = "DELETE", .key = asked->url().prefix + "u/1", .query = {{"uploadId", *id}}}, "abort"));
  auto blob = store()->resume("u/1", 17 * kMiB);  // as a rule of the bucket's may do
  ASSERT_FALSE(blob);
  EXPECT_EQ(blob.error().kind, ErrorKind::not_found);
}

TEST_F(BlobsS3Partial, UploadsOfWritersThatDiedAreSwept) {
  const std::string dead = "uploads/" + new_uuid(), unfinished = "resumable/" + new_uuid();
  auto asked = client();
  for (const std::string& key : {dead, unfinished, std::string("inbox/somebody-elses.csv")}) {
    S3Multipart upload(*asked, asked->url().prefix + key, key);  // its end ends nothing
    ASSERT_TRUE(upload.begin() && upload.add(noise(5 * kMiB)) && upload.finish_parts());
  }
  auto blobs = store();
  auto blob = blobs->resume(unfinished, 0);
  ASSERT_TRUE(blob && (*blob)->write(noise(9 * kMiB)) && (*blob)->sync());
  ASSERT_EQ(uploads().size(), 4u);

  auto young = sweep_s3_uploads(*asked, std::chrono::hours(1), {});
  ASSERT_TRUE(young) << young.error().message;
  EXPECT_EQ(*young, 0u) << "they may be at work";
  auto old = sweep_s3_uploads(*asked, std::chrono::milliseconds(-2'000), {});
  ASSERT_TRUE(old) << old.error().message;
  EXPECT_EQ(*old, 2u);
  EXPECT_EQ(uploads(), (std::vector<std::string>{"inbox/somebody-elses.csv", unfinished}));
  ASSERT_TRUE((*blob)->commit()) << "nobody took its parts";
}

}  // namespace
}  // namespace sluice
