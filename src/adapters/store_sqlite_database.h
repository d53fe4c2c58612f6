// What the roles of the SQLite store share: the one connection that writes, the gate in front of it, and
// connections that read. Thread-safe as said at each member.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "adapters/sqlite_connection.h"
#include "adapters/store_sqlite.h"

namespace sluice {

// One writer at a time. Control writes (submissions, leases, heartbeats) go before batches, so that they
// wait for at most the one batch that is under way, however many batches queue behind it.
class WriteGate {
 public:
  class Pass {
   public:
    explicit Pass(WriteGate* gate) : gate_(gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_) gate_->leave();
    }

   private:
    WriteGate* gate_;
  };

  Pass control() {
    std::unique_lock lock(mutex_);
    ++controls_waiting_;
    changed_.wait(lock, [&] { return !taken_; });
    --controls_waiting_;
    taken_ = true;
    return Pass(this);
  }
  Pass batch() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !taken_ && controls_waiting_ == 0; });
    taken_ = true;
    return Pass(this);
  }
  int controls_waiting() {
    std::lock_guard lock(mutex_);
    return controls_waiting_;
  }

 private:
  void leave() {
    {
      std::lock_guard lock(mutex_);
      taken_ = false;
    }
    changed_.notify_all();
  }

  std::mutex mutex_;  // the members below
  std::condition_variable changed_;
  bool taken_ = false;
  int controls_waiting_ = 0;
};

struct SqliteDatabase {
  SqliteDatabase(SqliteConnection writing, SqliteConnection reading, SqliteOptions chosen)
      : options(chosen), writer(std::move(writing)), reader(std::move(reading)) {}

  const SqliteOptions options;
  WriteGate gate;  // whoever holds a pass may use `writer`
  SqliteConnection writer;
  std::mutex reader_mutex;  // `reader`
  SqliteConnection reader;  // short queries, which must not wait for a batch under way
};

// The connection settings that hold for all: journal, durability, memory.
Result<> set_up_writer(SqliteConnection& connection, const SqliteOptions& options);
Result<SqliteConnection> open_reader(const std::string& path, const SqliteOptions& options);

}  // namespace sluice
