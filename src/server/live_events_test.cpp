#include "server/live_events.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <nlohmann/json.hpp>

#include "server/http_server.h"
#include "server/http_test_client.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;
using testing::eventually;
using testing::get;
using testing::RawClient;
using testing::RunningServer;

// A whole event log in memory: what is committed waits for its number as in a store.
class MemoryLog final : public EventLog {
 public:
  void commit(std::string job, std::string type, std::string tenant = "default",
              std::string pipeline = "people", std::string data = R"({"rows": 5})") {
    std::lock_guard lock(mutex_);
    new_.push_back({.number = 0,
                    .id = "e" + std::to_string(++made_),
                    .type = std::move(type),
                    .tenant = std::move(tenant),
                    .job_id = std::move(job),
                    .pipeline = std::move(pipeline),
                    .time = "2024-06-11T09:30:00.123Z",
                    .data = std::move(data)});
    changed_.notify_all();
  }
  // Numbered by another process, of which this one has not heard yet.
  void appear(std::string job, std::uint64_t number) {
    std::lock_guard lock(mutex_);
    newest_ = number;
    events_.push_back({.number = number,
                       .id = "o" + std::to_string(number),
                       .type = "job.started",
                       .tenant = "default",
                       .job_id = std::move(job),
                       .pipeline = "people",
                       .time = "2024-06-11T09:30:00.123Z",
                       .data = "{}"});
  }
  void forget_up_to(std::uint64_t number) {
    std::lock_guard lock(mutex_);
    forgotten_ = number;
    std::erase_if(events_, [&](const Event& event) { return event.number <= number; });
  }
  void break_down(bool broken) {
    std::lock_guard lock(mutex_);
    broken_ = broken;
    changed_.notify_all();
  }

  Result<bool> number_new() override {
    std::lock_guard lock(mutex_);
    if (broken_) return fail(ErrorKind::unavailable, "the store is away", true);
    bool any = !new_.empty();
    for (Event& event : new_) {
      event.number = ++newest_;
      events_.push_back(std::move(event));
    }
    new_.clear();
    return any;
  }
  Result<std::vector<Event>> read(const EventFilter& filter, std::uint64_t after,
                                  std::size_t limit) override {
    std::lock_guard lock(mutex_);
    if (broken_) return fail(ErrorKind::unavailable, "the store is away", true);
    if (after < forgotten_)
      return fail(ErrorKind::gone, "The events after " + std::to_string(after) + " are gone.");
    std::vector<Event> found;
    for (const Event& event : events_) {
      if (found.size() == limit) break;
      if (event.number > after && event.tenant == filter.tenant &&
          (filter.job_id.empty() || event.job_id == filter.job_id)) {
        found.push_back(event);
      }
    }
    return found;
  }
  Result<std::uint64_t> newest() override {
    std::lock_guard lock(mutex_);
    return newest_;
  }
  Result<> wait_for_more(std::uint64_t after, milliseconds wait, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, wait, [&] { return !new_.empty() || newest_ > after || broken_; });
    return {};
  }
  Result<std::optional<std::uint64_t>> hold_place(const std::string&, const std::string&,
                                                  std::chrono::milliseconds) override {
    return fail(ErrorKind::internal, "nobody reads from outside here");
  }
  Result<> move_place(const std::string&, const std::string&, std::uint64_t) override {
    return fail(ErrorKind::internal, "nobody reads from outside here");
  }
  Result<> remove_before(milliseconds) override { return {}; }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Event> new_, events_;
  std::uint64_t made_ = 0, newest_ = 0, forgotten_ = 0;
  bool broken_ = false;
};

class LiveEventsTest : public ::testing::Test {
 protected:
  RunningServer& server() {
    if (!server_) {
      Routes routes;
      routes.add(live_events_route());
      server_ = std::make_unique<RunningServer>(std::move(routes), options_, authenticate_, live_.get());
    }
    return *server_;
  }
  // All that is there has its number.
  void settle(std::uint64_t newest) {
    EXPECT_TRUE(eventually([&] { return live_->newest() == newest; }));
  }

  MemoryLog log_;
  std::atomic<int> errors_ = 0;
  std::unique_ptr<LiveEvents> live_ = follow_events(log_, [&](const Error&) { ++errors_; });
  HttpOptions options_;
  Authenticate authenticate_;
  std::unique_ptr<RunningServer> server_;
};

TEST_F(LiveEventsTest, WhoWaitsIsWokenOnceAndWhoLeavesIsNot) {
  std::atomic<int> woken = 0, left = 0;
  auto place = live_->when_more(0, [&] { ++woken; });
  live_->when_more(0, [&] { ++left; }).reset();
  log_.commit("j", "job.started");
  EXPECT_TRUE(eventually([&] { return woken == 1; }));
  log_.commit("j", "job.completed");
  settle(2);
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(left, 0);
  auto at_once = live_->when_more(1, [&] { ++woken; });
  EXPECT_EQ(woken, 2);
}

TEST_F(LiveEventsTest, GoesOnAfterTheStoreWasAway) {
  log_.break_down(true);
  EXPECT_TRUE(eventually([&] { return errors_ > 0; }));
  log_.break_down(false);
  log_.commit("j", "job.started");
  settle(1);
}

// One event of a text stream, without the empty line; what comes in a chunk may be several.
class TextStream {
 public:
  explicit TextStream(RawClient& client) : client_(client) {}
  std::string next() {
    while (!text_.contains("\n\n")) {
      std::string line = client_.read_until("\r\n");
      if (line.empty() || line == "0\r\n") return "";
      text_ += client_.read_bytes(std::stoul(line, nullptr, 16));
      client_.read_until("\r\n");
    }
    auto end = text_.find("\n\n");
    std::string event = text_.substr(0, end);
    text_.erase(0, end + 2);
    return event;
  }

 private:
  RawClient& client_;
  std::string text_;
};

std::string data_of(const std::string& event) {
  auto data = event.find("data: ");
  if (data == std::string::npos) return event;
  auto json = nlohmann::json::parse(event.substr(data + 6));
  return event.substr(0, event.find('\n')) + " " + json["type"].get<std::string>() + " of " +
         json["subject"].get<std::string>();
}

TEST_F(LiveEventsTest, TextStreamSendsWhatHappensAndResumes) {
  log_.commit("a", "job.started");
  settle(1);
  RawClient client(server().port());
  client.send(get("/v1/events"));
  std::string head = client.read_head();
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(head.contains("\r\nContent-Type: text/event-stream\r\n"));
  TextStream stream(client);
  EXPECT_EQ(stream.next(), "retry: 2000\nid: 1");  // lost here, it is begun again at the same place
  log_.commit("b", "job.started");                 // what was before is not told
  EXPECT_EQ(data_of(stream.next()), "id: 2 job.started of b");
  log_.commit("a", "job.completed");
  log_.commit("b", "job.failed");
  EXPECT_EQ(data_of(stream.next()), "id: 3 job.completed of a");
  EXPECT_EQ(data_of(stream.next()), "id: 4 job.failed of b");
  client.reset();

  for (const char* request : {"/v1/events?after=1&job=a", "/v1/events?after=0"}) {
    RawClient again(server().port());
    again.send(get(request, "Last-Event-ID: 2\r\n"));  // the browser's word is newer than the address
    again.read_head();
    TextStream rest(again);
    EXPECT_EQ(rest.next(), "retry: 2000\nid: 2");
    EXPECT_EQ(data_of(rest.next()), "id: 3 job.completed of a");
  }
}

TEST_F(LiveEventsTest, WhoHasReadFurtherThanThisProcessKnowsIsNotSetBack) {
  log_.commit("a", "job.started");
  settle(1);
  for (std::uint64_t number = 2; number <= 4; ++number) log_.appear("a", number);
  RawClient client(server().port());
  client.send(get("/v1/events", "Last-Event-ID: 3\r\n"));
  client.read_head();
  TextStream stream(client);
  EXPECT_EQ(stream.next(), "retry: 2000\nid: 3");
  EXPECT_EQ(data_of(stream.next()), "id: 4 job.started of a");
}

TEST_F(LiveEventsTest, SendsMoreThanABatchWithoutAGap) {
  for (int i = 0; i < 500; ++i) log_.commit("j" + std::to_string(i), "job.started");
  settle(500);
  RawClient client(server().port());
  client.send(get("/v1/events?after=0"));
  client.read_head();
  TextStream stream(client);
  stream.next();
  for (int i = 1; i <= 500; ++i) {
    ASSERT_TRUE(stream.next().starts_with("id: " + std::to_string(i) + "\n"));
  }
}

TEST_F(LiveEventsTest, AnExpiredNumberIsGone) {
  for (int i = 0; i < 5; ++i) log_.commit("a", "rows.processed");
  settle(5);
  log_.forget_up_to(3);
  RawClient client(server().port());
  auto answer = client.ask(get("/v1/events?after=2"));
  EXPECT_EQ(answer.status, 410);
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(client.ask(get("/v1/events?after=x")).status, 400);
  EXPECT_EQ(client.ask(get("/v1/events?after=-1")).status, 400);
}

TEST_F(LiveEventsTest, NobodyHearsOfOthers) {
  authenticate_ = [](const Request& request) -> Result<Principal> {
    if (request.headers.get("Authorization") != "Bearer k")
      return refuse({.status = 401, .name = "unauthorized"});
    return Principal{.tenant = "mine", .actor = "key:1", .role = Role::viewer, .pipelines = {"people"}};
  };
  log_.commit("theirs", "job.started", "other");
  log_.commit("money", "job.started", "mine", "money");
  log_.commit("mine", "job.started", "mine");
  settle(3);
  RawClient client(server().port());
  EXPECT_EQ(client.ask(get("/v1/events?after=0")).status, 401);
  client.send(get("/v1/events?after=0", "Authorization: Bearer k\r\n"));
  client.read_head();
  TextStream stream(client);
  stream.next();
  EXPECT_EQ(data_of(stream.next()), "id: 3 job.started of mine");
}

TEST_F(LiveEventsTest, AQuietStreamIsKeptAliveAndItsPlaceMovesOn) {
  options_.limits.heartbeat = milliseconds(50);
  options_.limits.idle_timeout = milliseconds(20);  // says nothing about a stream that is quiet
  RawClient client(server().port());
  client.send(get("/v1/events?job=quiet"));
  client.read_head();
  TextStream stream(client);
  stream.next();
  EXPECT_EQ(stream.next(), ": still here\nid: 0");
  log_.commit("loud", "job.started");
  settle(1);
  EXPECT_TRUE(eventually([&] { return stream.next() == ": still here\nid: 1"; }));
}

TEST_F(LiveEventsTest, StoppingEndsAStreamWell) {
  RawClient client(server().port());
  client.send(get("/v1/events"));
  client.read_head();
  TextStream stream(client);
  EXPECT_EQ(stream.next(), "retry: 2000\nid: 0");
  server().stop();
  EXPECT_EQ(client.read_until("\r\n"), "0\r\n");
}

TEST_F(LiveEventsTest, AClientThatVanishesFreesItsPlace) {
  options_.limits.connections = 1;
  RawClient first(server().port());
  first.send(get("/v1/events"));
  first.read_head();
  EXPECT_EQ(RawClient(server().port()).ask(get("/v1/events?after=x")).status, 503);
  first.reset();
  EXPECT_TRUE(
      eventually([&] { return RawClient(server().port()).ask(get("/v1/events?after=x")).status == 400; }));
}

TEST_F(LiveEventsTest, ASlowClientHoldsUpNobody) {
  options_.limits.pool_threads = 1;
  RawClient slow(server().port()), quick(server().port());
  slow.send(get("/v1/events?after=0"));
  quick.send(get("/v1/events?after=0"));
  quick.read_head();
  TextStream stream(quick);
  stream.next();
  // 40 MB: far more than the buffers of the slow one's socket hold.
  std::string data = "{\"rows\":\"" + std::string(40'000, 'x') + "\"}";
  for (int i = 1; i <= 1'000; ++i) {
    log_.commit("j", "rows.processed", "default", "people", data);
    ASSERT_TRUE(stream.next().starts_with("id: " + std::to_string(i) + "\n"));
  }
}

// --- WebSocket, by hand: frames of a server are not masked, those of a client are ---

std::string upgrade(std::string_view path, std::string_view headers = "") {
  return get(path,
             "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                 std::string(headers));
}

struct Frame {
  int opcode = -1;
  std::string payload;
};

Frame next_frame(RawClient& client) {
  std::string head = client.read_bytes(2);
  if (head.size() < 2) return {};
  std::size_t size = static_cast<unsigned char>(head[1]);
  if (size == 126) {
    std::string more = client.read_bytes(2);
    size = static_cast<std::size_t>(static_cast<unsigned char>(more[0])) << 8 |
           static_cast<unsigned char>(more[1]);
  }
  return {head[0] & 0x0F, client.read_bytes(size)};
}

std::string masked(int opcode, std::string payload) {
  constexpr std::string_view kMask = "\x12\x34\x56\x78";
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ kMask[i % 4]);
  return std::string{static_cast<char>(0x80 | opcode), static_cast<char>(0x80 | payload.size())} +
         std::string(kMask) + payload;
}

constexpr int kText = 1, kClose = 8, kPing = 9, kPong = 10;

TEST_F(LiveEventsTest, WebSocketSendsWhatHappensAndResumes) {
  RawClient client(server().port());
  client.send(upgrade("/v1/events"));
  std::string head = client.read_head();
  EXPECT_TRUE(head.starts_with("HTTP/1.1 101 "));
  EXPECT_TRUE(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));  // the example of RFC 6455
  log_.commit("a", "job.started");
  Frame frame = next_frame(client);
  EXPECT_EQ(frame.opcode, kText);
  auto json = nlohmann::json::parse(frame.payload);
  EXPECT_EQ(json["subject"], "a");
  EXPECT_EQ(json["sequence"], "1");
  client.send(masked(kText, "hello?"));  // nobody answers
  client.send(masked(kPing, "there?"));
  frame = next_frame(client);
  EXPECT_EQ(frame.opcode, kPong);
  EXPECT_EQ(frame.payload, "there?");
  client.send(masked(kClose, "\x03\xE8"));
  EXPECT_EQ(next_frame(client).opcode, kClose);
  EXPECT_TRUE(client.is_closed());
  log_.commit("a", "job.completed");
  settle(2);
  RawClient again(server().port());
  again.send(upgrade("/v1/events?after=1&job=a"));
  again.read_head();
  EXPECT_EQ(nlohmann::json::parse(next_frame(again).payload)["type"], "job.completed");
}

TEST_F(LiveEventsTest, WebSocketTakesItsKeyAsSubprotocol) {
  authenticate_ = [](const Request& request) -> Result<Principal> {
    if (request.headers.get("Authorization") != "Bearer k")
      return refuse({.status = 401, .name = "unauthorized"});
    EXPECT_FALSE(request.headers.get("Sec-WebSocket-Protocol").contains("bearer"));
    return Principal{.role = Role::viewer};
  };
  RawClient wrong(server().port());
  EXPECT_EQ(wrong.ask(upgrade("/v1/events", "Sec-WebSocket-Protocol: sluice.bearer.x\r\n")).status, 401);
  RawClient client(server().port());
  client.send(upgrade("/v1/events", "Sec-WebSocket-Protocol: sluice.events, sluice.bearer.k\r\n"));
  std::string head = client.read_head();
  EXPECT_TRUE(head.starts_with("HTTP/1.1 101 "));
  EXPECT_TRUE(head.contains("Sec-WebSocket-Protocol: sluice.events\r\n"));
}

TEST_F(LiveEventsTest, WebSocketIsRefusedToPagesOfOtherSitesAndBadShakes) {
  RawClient foreign(server().port());
  EXPECT_EQ(foreign.ask(upgrade("/v1/events", "Origin: https://evil.example\r\n")).status, 403);
  // A subprotocol proves nothing where keys are not asked for.
  EXPECT_EQ(foreign
                .ask(upgrade("/v1/events",
                             "Origin: https://evil.example\r\nSec-WebSocket-Protocol: sluice.bearer.x\r\n"))
                .status,
            403);
  RawClient own(server().port());
  own.send(upgrade("/v1/events", "Origin: http://localhost\r\n"));
  EXPECT_TRUE(own.read_head().starts_with("HTTP/1.1 101 "));
  RawClient old(server().port());
  old.send(get("/v1/events", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n"));
  EXPECT_TRUE(old.read_head().starts_with("HTTP/1.1 4"));
  RawClient gone(server().port());
  log_.commit("a", "job.started");
  settle(1);
  log_.forget_up_to(1);
  EXPECT_EQ(gone.ask(upgrade("/v1/events?after=0")).status, 410);
}

TEST_F(LiveEventsTest, WebSocketIsPingedAndSaidGoodbye) {
  options_.limits.heartbeat = milliseconds(50);
  RawClient client(server().port());
  client.send(upgrade("/v1/events"));
  client.read_head();
  Frame ping = next_frame(client);
  EXPECT_EQ(ping.opcode, kPing);
  client.send(masked(kPong, ping.payload));
  server().ask_to_stop();
  Frame frame = ping;
  while (frame.opcode == kPing) frame = next_frame(client);
  EXPECT_EQ(frame.opcode, kClose);
  EXPECT_EQ(frame.payload.substr(0, 2), "\x03\xE9");  // 1001: going away
  client.send(masked(kClose, frame.payload));
  EXPECT_TRUE(client.is_closed());
}

TEST_F(LiveEventsTest, WebSocketWithoutPongsIsGivenUp) {
  options_.limits.heartbeat = milliseconds(20);
  RawClient client(server().port());
  client.send(upgrade("/v1/events"));
  client.read_head();
  int pings = 0;
  Frame frame = next_frame(client);
  for (; frame.opcode == kPing; frame = next_frame(client)) ++pings;
  EXPECT_GE(pings, 2);
  EXPECT_EQ(frame.opcode, kClose);
}

}  // namespace
}  // namespace sluice
