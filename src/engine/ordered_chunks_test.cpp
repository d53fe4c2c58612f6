#include "engine/ordered_chunks.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace sluice {
namespace {

constexpr std::uint64_t kAnyBytes = 1 << 30;

// Hands out chunks that hold their own number; ends, or fails, after `count`.
class NumberedReader final : public ChunkReader {
 public:
  NumberedReader(std::uint64_t count, bool fails, std::size_t bytes = 0)
      : count_(count), fails_(fails), bytes_(bytes) {}
  Result<std::optional<Chunk>> next(std::stop_token) override {
    if (given_ == count_) {
      if (fails_) return fail(ErrorKind::io, "the disk is gone");
      return std::optional<Chunk>();
    }
    Chunk chunk;
    chunk.bytes.resize(bytes_);
    chunk.begin.row = ++given_;
    chunk.end.row = given_ + 1;
    return std::optional<Chunk>(std::move(chunk));
  }
  const Sha256& digest() const override { return digest_; }
  std::uint64_t given() const { return given_; }

 private:
  const std::uint64_t count_;
  const bool fails_;
  const std::size_t bytes_;
  std::atomic<std::uint64_t> given_ = 0;
  Sha256 digest_;
};

TEST(OrderedChunks, KeepsTheOrderOfTheInput) {
  ComputePool pool(4);
  NumberedReader reader(500, false);
  auto work = [](Chunk chunk) { return chunk.begin.row * 2; };
  OrderedChunks<std::uint64_t> chunks(reader, pool, 5, kAnyBytes, work);
  for (std::uint64_t i = 1; i <= 500; ++i) {
    auto next = chunks.next();
    ASSERT_TRUE(next && *next);
    ASSERT_EQ((*next)->output, i * 2);
    ASSERT_EQ((*next)->at.end.row, i + 1);
  }
  auto end = chunks.next();
  EXPECT_TRUE(end && !*end);
}

TEST(OrderedChunks, GivesTheErrorAfterWhatCameBeforeIt) {
  ComputePool pool(2);
  NumberedReader reader(3, true);
  auto work = [](Chunk chunk) { return chunk.begin.row; };
  OrderedChunks<std::uint64_t> chunks(reader, pool, 2, kAnyBytes, work);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(chunks.next());
  auto broken = chunks.next();
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().message, "the disk is gone");
}

// With the first chunk held up, the reader may run ahead by what is in flight and not further.
TEST(OrderedChunks, HoldsTheReaderBack) {
  ComputePool pool(2);
  NumberedReader reader(1000, false);
  std::latch first(1), others(3);
  std::atomic<std::uint64_t> worked = 0;
  auto work = [&](Chunk chunk) {
    if (chunk.begin.row == 1)
      first.wait();
    else if (++worked <= 3)
      others.count_down();
    return chunk.begin.row;
  };
  {
    OrderedChunks<std::uint64_t> chunks(reader, pool, 4, kAnyBytes, work);
    others.wait();                  // chunks 2, 3 and 4 are done, 1 is not
    EXPECT_LE(reader.given(), 6u);  // 4 in the queue, one in the caller's hand, one being pushed
    first.count_down();
    for (std::uint64_t i = 1; i <= 10; ++i) ASSERT_EQ((*chunks.next())->output, i);
  }  // and it may be left in the middle
  EXPECT_LT(reader.given(), 1000u);
}

// Heavy chunks: fewer are on their way, but always one, even if it alone is too heavy.
TEST(OrderedChunks, HoldsTheReaderBackByBytes) {
  for (std::size_t chunk_bytes : {400u, 5000u}) {
    ComputePool pool(2);
    NumberedReader reader(1000, false, chunk_bytes);
    std::atomic<std::uint64_t> done = 0, most = 0;  // chunks worked on and not taken yet
    std::atomic<std::uint64_t> taken = 0;
    auto work = [&](Chunk chunk) {
      std::uint64_t waiting = ++done - taken;
      for (std::uint64_t seen = most; seen < waiting && !most.compare_exchange_weak(seen, waiting);) {
      }
      return chunk.begin.row;
    };
    OrderedChunks<std::uint64_t> chunks(reader, pool, 50, 1000, work);
    for (std::uint64_t i = 1; i <= 1000; ++i) {
      ASSERT_EQ((*chunks.next())->output, i);
      ++taken;
    }
    // Those in the queue, and one that the caller has popped and not counted yet.
    EXPECT_LE(most, (chunk_bytes == 400 ? 2u : 1u) + 1u) << chunk_bytes;
  }
}

}  // namespace
}  // namespace sluice
