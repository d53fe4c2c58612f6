#include "adapters/pg_listener.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "adapters/sql_postgres.h"

namespace sluice {
namespace {

constexpr std::array kChannels = {SqlChannel::queue, SqlChannel::events};
// Between tries to connect; those who wait look for themselves meanwhile.
constexpr std::chrono::milliseconds kAgain{5000};

}  // namespace

PgListener::PgListener(std::string url) : url_(std::move(url)), stopping_(eventfd(0, EFD_CLOEXEC)) {}

PgListener::~PgListener() {
  thread_.request_stop();
  if (stopping_ >= 0) eventfd_write(stopping_, 1);
  if (thread_.joinable()) thread_.join();
  if (stopping_ >= 0) close(stopping_);
}

bool PgListener::hears_others() {
  std::call_once(started_, [&] {
    if (stopping_ >= 0) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  });
  return listening_;
}

void PgListener::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    auto connection = PgConnection::open(url_);
    if (connection) {
      auto heard = listen(*connection);
      if (heard && !*heard) return;
      listening_ = heard.has_value();
      if (listening_) {
        for (SqlChannel channel : kChannels) wake(channel);  // what was said before nobody has heard
        while (hear(*connection)) continue;
        listening_ = false;
      }
    }
    if (!sleep(kAgain)) return;
  }
}

Result<bool> PgListener::listen(PgConnection& connection) {
  auto session = TRY(connection.select("SELECT pg_backend_pid()"));
  if (session.integer(0, 0) != PQbackendPID(connection.get()))
    return false;  // a pooler's number, not its own
  for (SqlChannel channel : kChannels)
    TRY(connection.execute("LISTEN " + std::string(postgres_channel(channel))));
  return true;
}

bool PgListener::hear(PgConnection& connection) {
  if (!sleep(std::chrono::milliseconds(-1), PQsocket(connection.get()))) return false;
  if (PQconsumeInput(connection.get()) == 0) return false;
  using Notice = std::unique_ptr<PGnotify, decltype(&PQfreemem)>;
  while (Notice notice{PQnotifies(connection.get()), &PQfreemem})
    for (SqlChannel channel : kChannels)
      if (postgres_channel(channel) == notice->relname) wake(channel);
  return connection.usable();
}

bool PgListener::sleep(std::chrono::milliseconds time, int also) {
  std::array<pollfd, 2> files = {pollfd{stopping_, POLLIN, 0}, pollfd{also, POLLIN, 0}};
  while (poll(files.data(), also < 0 ? 1 : 2, static_cast<int>(time.count())) < 0)
    if (errno != EINTR) return false;
  return files[0].revents == 0;
}

}  // namespace sluice
