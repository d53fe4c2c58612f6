#include "adapters/redis_connection.h"

#include <hiredis/read.h>

#include <hiredis/hiredis.h>
#include <array>

namespace sluice {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 16 << 10;
constexpr std::size_t kMostIdle = 16;

RedisValue value_of(const redisReply& reply) {
  RedisValue value;
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      value.kind = RedisValue::Kind::integer;
      value.integer = reply.integer;
      break;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      value.kind = RedisValue::Kind::text;
      value.text.assign(reply.str, static_cast<std::size_t>(reply.len));
      break;
    case REDIS_REPLY_ERROR:
      value.kind = RedisValue::Kind::error;
      value.text.assign(reply.str, static_cast<std::size_t>(reply.len));
      break;
    case REDIS_REPLY_ARRAY:
      value.kind = RedisValue::Kind::list;
      for (std::size_t i = 0; i < reply.elements; ++i) value.items.push_back(value_of(*reply.element[i]));
      break;
    default: break;
  }
  return value;
}

void append_command(std::string& out, const RedisCommand& command) {
  out += "*" + std::to_string(command.size()) + "\r\n";
  for (const std::string& part : command) {
    out += "$" + std::to_string(part.size()) + "\r\n";
    out += part;
    out += "\r\n";
  }
}

}  // namespace

Error redis_error(const std::string& message) {
  auto begins = [&](std::initializer_list<std::string_view> codes) {
    for (std::string_view code : codes)
      if (message.starts_with(code)) return true;
    return false;
  };
  if (begins({"MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN"})) {
    return {ErrorKind::usage,
            "Redis is a cluster (" + message + "), which is not supported: name one server.", false};
  }
  if (begins({"NOAUTH", "WRONGPASS", "NOPERM"}) || message.contains("invalid password"))
    return {ErrorKind::usage, "Redis does not let this user in, or not so far: " + message, false};
  const bool passes =
      begins({"LOADING", "BUSY", "MASTERDOWN", "READONLY", "TRYAGAIN", "OOM", "MISCONF", "NOREPLICAS"});
  return {passes ? ErrorKind::unavailable : ErrorKind::internal, "Redis: " + message, passes};
}

void RedisConnection::FreeReader::operator()(redisReader* reader) const { ::redisReaderFree(reader); }

RedisConnection::RedisConnection(std::unique_ptr<RedisSocket> socket, std::chrono::milliseconds patience)
    : socket_(std::move(socket)), reader_(::redisReaderCreate()), patience_(patience) {}

RedisConnection::~RedisConnection() = default;

Result<std::unique_ptr<RedisConnection>> RedisConnection::open(const RedisUrl& url,
                                                               std::chrono::milliseconds patience) {
  auto socket = TRY(RedisSocket::connect(url, steady_clock::now() + patience));
  std::unique_ptr<RedisConnection> connection(new RedisConnection(std::move(socket), patience));
  if (!url.password.empty()) {
    RedisCommand sign_in{"AUTH"};
    if (!url.user.empty()) sign_in.push_back(url.user);
    sign_in.push_back(url.password);
    TRY(connection->call(sign_in));
  }
  if (url.database != 0) TRY(connection->call({"SELECT", std::to_string(url.database)}));
  return connection;
}

Result<> RedisConnection::send(std::span<const RedisCommand> commands) {
  std::string bytes;
  for (const RedisCommand& command : commands) append_command(bytes, command);
  usable_ = false;  // until the answers are there
  return socket_->write(bytes, steady_clock::now() + patience_);
}

Result<RedisValue> RedisConnection::receive(std::chrono::milliseconds extra, const std::stop_token& stop) {
  const auto deadline = steady_clock::now() + patience_ + extra;
  std::array<char, kReadBytes> bytes;
  for (;;) {
    void* reply = nullptr;
    if (::redisReaderGetReply(reader_.get(), &reply) != REDIS_OK)
      return fail(ErrorKind::unavailable, std::string("Redis answers what is no Redis: ") + reader_->errstr,
                  true);
    if (reply != nullptr) {
      RedisValue value = value_of(*static_cast<redisReply*>(reply));
      ::freeReplyObject(reply);
      return value;
    }
    const std::size_t count = TRY(socket_->read(bytes, deadline, stop));
    if (::redisReaderFeed(reader_.get(), bytes.data(), count) != REDIS_OK)
      return fail(ErrorKind::unavailable, std::string("Redis answers what is no Redis: ") + reader_->errstr,
                  true);
  }
}

Result<RedisValue> RedisConnection::call(const RedisCommand& command, std::chrono::milliseconds extra,
                                         std::stop_token stop) {
  TRY(send(std::span(&command, 1)));
  RedisValue answer = TRY(receive(extra, stop));
  usable_ = true;
  if (answer.kind == RedisValue::Kind::error) return std::unexpected(redis_error(answer.text));
  return answer;
}

Result<std::vector<RedisValue>> RedisConnection::call_all(std::span<const RedisCommand> commands) {
  TRY(send(commands));
  std::vector<RedisValue> answers;
  for (std::size_t i = 0; i < commands.size(); ++i) answers.push_back(TRY(receive({}, {})));
  usable_ = true;
  return answers;
}

Result<RedisPool::Loan> RedisPool::lend() {
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return Loan(*this, std::move(connection));
    }
  }
  return Loan(*this, TRY(RedisConnection::open(url_, patience_)));
}

void RedisPool::give_back(std::unique_ptr<RedisConnection> connection) {
  std::lock_guard lock(mutex_);
  if (idle_.size() < kMostIdle) idle_.push_back(std::move(connection));
}

void RedisPool::forget_idle() {
  std::lock_guard lock(mutex_);
  idle_.clear();
}

}  // namespace sluice
