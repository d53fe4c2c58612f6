// PushSender: posts batches over a few connections at once, each again until the server took it, refused it,
// or nothing got on for too long. Batches are journalled before they go out. `give` and `finish` are called
// by one thread; each connection has a thread of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "cli/api_client.h"
#include "cli/push_journal.h"

namespace sluice {

struct PushBatch {
  RowRange range;
  std::uint64_t rows = 0;  // good ones: what the body holds
  std::string body;
  bool again = false;  // journalled by an earlier run: it may have arrived
};

struct PushSending {
  std::string url, push_id;
  unsigned connections = 4;
  std::uint64_t bodies_bytes = 64 << 20;  // of all that was given and is not answered; one may be larger
  std::chrono::milliseconds patience{0};
  std::function<Result<>()> check;  // before each batch: may it be sent? By the thread that gives
  std::function<void(const std::string& line)> say;  // why it takes longer; from any thread
};

class PushSender {
 public:
  static Result<std::unique_ptr<PushSender>> open(PushSending sending, PushJournal& journal,
                                                  std::stop_token stop);
  ~PushSender();
  PushSender(const PushSender&) = delete;
  PushSender& operator=(const PushSender&) = delete;

  // Waits for room, journals, and leaves the sending to a connection. Errors: what made another batch fail;
  // cancelled.
  Result<> give(PushBatch batch);
  // Waits until all that was given is answered, or, after a failure or a request to stop, what is on its way.
  Result<> finish();

  struct Totals {
    std::uint64_t rows = 0, batches = 0, retries = 0;  // taken in this run; tries after the first
  };
  Totals totals() const;

 private:
  PushSender(PushSending sending, PushJournal& journal, std::stop_token stop)
      : sending_(std::move(sending)), journal_(journal), stop_(std::move(stop)) {}

  using Clock = std::chrono::steady_clock;
  void work(ApiClient& client);
  enum class Connection : bool { none, kept };  // to the server, before the call
  void send(ApiClient& client, PushBatch batch, Connection connection);
  Result<> take(const PushBatch& batch, std::size_t bytes, const ApiAnswer& answer);
  Error refusal(const PushBatch& batch, const ApiAnswer& answer, bool may_have_arrived);
  void fail_with(Error error);
  Error took_nothing(const std::string& why) const;
  Error too_late(const std::string& why, std::chrono::seconds asked) const;
  bool ended() const;                      // under mutex_: nothing more is to be begun
  bool has_room(std::size_t bytes) const;  // under mutex_
  bool wait(Clock::time_point until);      // false: ended before
  void tell(const std::string& why);

  const PushSending sending_;
  PushJournal& journal_;
  const std::stop_token stop_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  std::deque<PushBatch> waiting_;
  std::size_t under_way_ = 0, under_way_bytes_ = 0;  // given and not yet answered for good
  bool closed_ = false;
  std::optional<Error> error_;
  Totals totals_;
  Clock::time_point got_on_ = Clock::now();          // when the server last took a batch
  std::optional<Clock::time_point> told_;            // when people last heard of trouble, since it got on
  std::vector<std::unique_ptr<ApiClient>> clients_;  // one for each thread
  std::vector<std::jthread> threads_;                // last: they end before what they use
};

}  // namespace sluice
