// OrderedChunks: the chunks of a range, read on a thread of its own, worked on by the compute pool in any
// order, and handed to the caller in the order of the input. A bounded queue of futures is order,
// back-pressure and failure in one mechanism: the reader waits when `in_flight` chunks, or chunks of `bytes`
// together, are on their way.
#pragma once

#include <future>
#include <optional>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <utility>

#include "base/bounded_queue.h"
#include "engine/compute_pool.h"
#include "formats/chunk_reader.h"

namespace sluice {

// What the reader knows of a chunk besides its bytes.
struct ChunkEnd {
  Position end;
  Sha256 digest;  // running, up to `end`
};

template <class Output>
class OrderedChunks {
 public:
  struct Item {
    Output output;
    ChunkEnd at;
  };

  // `work(Chunk) -> Output` runs on the pool, many at once. `reader`, `pool` and `work` outlive this object.
  template <class Work>
  OrderedChunks(ChunkReader& reader, ComputePool& pool, std::size_t in_flight, std::uint64_t bytes,
                const Work& work)
      : queue_(in_flight, bytes), thread_([this, &reader, &pool, &work](std::stop_token stop) {
          read(reader, pool, work, stop);
          queue_.close();
        }) {}

  ~OrderedChunks() {
    thread_.request_stop();
    queue_.close();
    thread_.join();
    while (auto pending = queue_.pop()) wait(*pending);  // the pool still works on them
  }

  // The next chunk's output; none at the end of the range; the reader's error after all chunks before it.
  Result<std::optional<Item>> next() {
    auto pending = queue_.pop();
    if (!pending) return std::optional<Item>();
    if (!*pending) return std::unexpected(std::move(*pending).error());
    Output output = (*pending)->output.get();
    return std::optional<Item>(Item{std::move(output), std::move((*pending)->at)});
  }

 private:
  struct Pending {
    std::future<Output> output;
    ChunkEnd at;
  };

  template <class Work>
  void read(ChunkReader& reader, ComputePool& pool, const Work& work, std::stop_token stop) {
    while (!stop.stop_requested()) {
      Result<std::optional<Chunk>> chunk = reader.next(stop);
      if (!chunk) {
        queue_.push(std::unexpected(std::move(chunk).error()));
        return;
      }
      if (!*chunk) return;
      std::promise<Output> promise;
      Pending pending{promise.get_future(), {(**chunk).end, reader.digest()}};
      // Into the queue first: its bound is what keeps the pool's backlog, and so memory, small.
      if (!queue_.push(std::move(pending), (**chunk).bytes.size())) return;
      pool.submit([&work, promise = std::move(promise), chunk = std::move(**chunk)]() mutable {
        promise.set_value(work(std::move(chunk)));
      });
    }
  }

  static void wait(Result<Pending>& pending) {
    if (pending && pending->output.valid()) pending->output.wait();
  }

  BoundedQueue<Result<Pending>> queue_;
  std::jthread thread_;
};

}  // namespace sluice
