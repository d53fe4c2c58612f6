// What takes long: bodies far larger than memory may grow, slow readers, stopping with requests under way,
// TLS.
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <latch>

#include "server/http_server.h"
#include "server/http_test_client.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;
using testing::eventually;
using testing::get;
using testing::post;
using testing::RawClient;
using testing::RunningServer;

constexpr std::uint64_t kLarge = 200'000'000;

// A sanitizer keeps what was freed for a while, so that it says nothing about this program's memory.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryIsOurs = false;
#elif defined(__has_feature)
constexpr bool kMemoryIsOurs = !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);
#else
constexpr bool kMemoryIsOurs = true;
#endif

std::uint64_t resident_bytes() {
  if (!kMemoryIsOurs) return 0;
  std::ifstream file("/proc/self/statm");
  std::uint64_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * 4096;
}

// The byte that stands at a place of a large body: neither side needs to hold it to know it.
char byte_at(std::uint64_t place) { return static_cast<char>((place * 2654435761U) >> 13); }

std::string bytes_at(std::uint64_t place, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = byte_at(place + i);
  return bytes;
}

class Checking final : public RequestSink {
 public:
  Result<> write(std::string_view bytes) override {
    for (char c : bytes) {
      if (c != byte_at(total_++)) return fail(ErrorKind::input, "not the bytes that were sent");
    }
    return {};
  }
  Result<Response> finish() override { return json_response(200, std::to_string(total_)); }

 private:
  std::uint64_t total_ = 0;
};

struct Progress {
  std::atomic<std::uint64_t> read = 0;
  std::atomic<bool> destroyed = false;
};

class Making final : public ResponseBody {
 public:
  Making(std::uint64_t size, Progress& progress) : size_(size), progress_(progress) {}
  ~Making() override { progress_.destroyed = true; }
  Result<std::size_t> read(std::span<char> into) override {
    std::uint64_t done = progress_.read;
    auto size = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - done));
    for (std::size_t i = 0; i < size; ++i) into[i] = byte_at(done + i);
    progress_.read += size;
    return size;
  }

 private:
  std::uint64_t size_;
  Progress& progress_;
};

// A handler waits in it until the test lets it go on.
struct Gate {
  std::latch entered{1}, open{1};
};

class HttpStreamTest : public ::testing::Test {
 protected:
  Routes routes() {
    Routes routes;
    routes.add({.method = "GET",
                .pattern = "/hello",
                .permission = Permission::read,
                .handler = [](const Request&) -> Result<Response> { return json_response(200, "hello"); }});
    routes.add({.method = "GET",
                .pattern = "/gate",
                .permission = Permission::read,
                .handler = [&](const Request&) -> Result<Response> {
                  gate_.entered.count_down();
                  gate_.open.wait();
                  return json_response(200, "through");
                }});
    routes.add({.method = "POST",
                .pattern = "/large",
                .permission = Permission::submit,
                .sink = [](const Request&) -> Result<std::unique_ptr<RequestSink>> {
                  return std::make_unique<Checking>();
                }});
    routes.add({.method = "GET",
                .pattern = "/large",
                .permission = Permission::read,
                .handler = [&](const Request& request) -> Result<Response> {
                  Response response;
                  if (request.asked("length")) response.headers.add("Content-Length", std::to_string(kLarge));
                  response.stream = std::make_unique<Making>(kLarge, progress_);
                  return response;
                }});
    return routes;
  }

  Gate gate_;
  Progress progress_;
  HttpOptions options_;
};

TEST_F(HttpStreamTest, ALargeBodyGoesUpInFlatMemory) {
  RunningServer server(routes(), options_);
  RawClient client(server.port());
  EXPECT_EQ(client.ask(post("/large", bytes_at(0, 1'000'000))).status, 200);  // what is allocated once, is
  std::uint64_t before = resident_bytes(), most = 0;
  client.send("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(kLarge) + "\r\n\r\n");
  for (std::uint64_t sent = 0; sent < kLarge; sent += 1'000'000) {
    ASSERT_TRUE(client.send(bytes_at(sent, 1'000'000)));
    most = std::max(most, resident_bytes());
  }
  auto answer = client.read();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, std::to_string(kLarge));
  EXPECT_LT(most, before + (16U << 20));
}

TEST_F(HttpStreamTest, ALargeBodyComesDownInFlatMemory) {
  RunningServer server(routes(), options_);
  for (const char* path : {"/large", "/large?length"}) {
    SCOPED_TRACE(path);
    progress_.read = 0;
    RawClient client(server.port());
    client.send(get(path));
    std::string head = client.read_head();
    bool chunked = head.contains("Transfer-Encoding: chunked");
    EXPECT_NE(chunked, head.contains("Content-Length: 200000000\r\n"));
    std::uint64_t before = resident_bytes(), most = 0, received = 0;
    bool right = true;
    while (received < kLarge) {
      std::size_t size = 65'536;
      if (chunked) size = std::stoul(client.read_until("\r\n"), nullptr, 16);
      if (size == 0) break;
      std::string piece = client.read_bytes(std::min<std::uint64_t>(size, kLarge - received));
      if (piece.empty()) break;
      right = right && piece == bytes_at(received, piece.size());
      received += piece.size();
      if (chunked) {
        EXPECT_EQ(client.read_until("\r\n"), "\r\n");
      }
      most = std::max(most, resident_bytes());
    }
    EXPECT_EQ(received, kLarge);
    EXPECT_TRUE(right);
    if (chunked) {
      EXPECT_EQ(client.read_bytes(5), "0\r\n\r\n");
    }
    EXPECT_LT(most, before + (16U << 20));
    EXPECT_EQ(client.ask(get("/hello")).status, 200);  // the connection goes on
  }
}

TEST_F(HttpStreamTest, ASlowReaderHoldsNeitherThreadNorMemory) {
  options_.limits.pool_threads = 1;
  RunningServer server(routes(), options_);
  RawClient slow(server.port());
  slow.send(get("/large"));
  slow.read_head();
  // It reads nothing: what is made ends when the sockets' buffers are full, and the only thread is free
  // again.
  auto answered = [&] { return RawClient(server.port()).ask(get("/hello")).status; };
  std::uint64_t last = 0;
  EXPECT_TRUE(eventually([&] {
    EXPECT_EQ(answered(), 200);
    return std::exchange(last, progress_.read.load()) == progress_.read && last > 0;
  }));
  EXPECT_LT(progress_.read, kLarge / 4);
  slow.reset();
  EXPECT_TRUE(eventually([&] { return progress_.destroyed.load(); }));
}

TEST_F(HttpStreamTest, AReaderThatStopsIsGivenUp) {
  options_.limits.idle_timeout = milliseconds(100);
  RunningServer server(routes(), options_);
  RawClient client(server.port());
  client.send(get("/large"));
  EXPECT_TRUE(eventually([&] { return progress_.destroyed.load(); }));
  EXPECT_LT(progress_.read, kLarge / 4);
}

TEST_F(HttpStreamTest, StoppingLetsARequestUnderWayEnd) {
  RunningServer server(routes(), options_);
  RawClient idle(server.port()), busy(server.port()), uploading(server.port());
  EXPECT_EQ(idle.ask(get("/hello")).status, 200);
  uploading.send("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(uploading.read_head().contains("100 Continue"));  // it has begun
  busy.send(get("/gate"));
  gate_.entered.wait();
  server.ask_to_stop();
  EXPECT_EQ(idle.read_some(), "");  // closed at once
  gate_.open.count_down();
  auto answer = busy.read();
  EXPECT_EQ(answer.body, "through");
  EXPECT_EQ(answer.header("Connection"), "close");
  answer = uploading.ask(bytes_at(0, 10));
  EXPECT_EQ(answer.body, "10");
  EXPECT_TRUE(uploading.is_closed());
  server.stop();
}

TEST_F(HttpStreamTest, StoppingCutsWhatIsNotDoneInTime) {
  options_.limits.drain = milliseconds(100);
  RunningServer server(routes(), options_);
  RawClient uploading(server.port());
  uploading.send("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(uploading.read_head().contains("100 Continue"));
  server.stop();
  EXPECT_EQ(uploading.read_some(), "");
}

TEST_F(HttpStreamTest, ManyClientsAtOnceAreAnsweredEach) {
  RunningServer server(routes(), options_);
  std::atomic<int> right = 0;
  std::vector<std::jthread> threads;
  for (int client = 0; client < 8; ++client) {
    threads.emplace_back([&] {
      RawClient own(server.port());
      for (int i = 0; i < 100; ++i) right += own.ask(post("/large", bytes_at(0, 1000 * i))).status == 200;
    });
  }
  threads.clear();
  EXPECT_EQ(right, 800);
}

// --- TLS ---

class HttpTlsTest : public HttpStreamTest {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() / ("sluice-tls-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
    std::string command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout " +
                          key() + " -out " + certificate() + " 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0) << "openssl is needed";
    options_.certificate_file = certificate();
    options_.private_key_file = key();
    context_ = SSL_CTX_new(TLS_client_method());
    ASSERT_EQ(SSL_CTX_load_verify_locations(context_, certificate().c_str(), nullptr), 1);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  }
  void TearDown() override {
    SSL_CTX_free(context_);
    std::filesystem::remove_all(directory_);
  }
  std::string certificate() const { return directory_ / "certificate.pem"; }
  std::string key() const { return directory_ / "key.pem"; }

  // All that is answered to the bytes, over TLS; "" where no connection comes about.
  std::string ask(const RawClient& client, std::string_view bytes, std::string* version = nullptr) {
    SSL* tls = SSL_new(context_);
    SSL_set_fd(tls, client.socket());
    std::string answer;
    if (SSL_connect(tls) == 1) {
      if (version != nullptr) *version = SSL_get_version(tls);
      bool sent = SSL_write(tls, bytes.data(), static_cast<int>(bytes.size())) > 0;
      std::string piece(65'536, '\0');
      for (int size = 0; sent && (size = SSL_read(tls, piece.data(), static_cast<int>(piece.size()))) > 0;) {
        answer.append(piece, 0, static_cast<std::size_t>(size));
      }
      ended_well_ = SSL_get_shutdown(tls) == SSL_RECEIVED_SHUTDOWN;
    }
    SSL_free(tls);
    return answer;
  }

  std::filesystem::path directory_;
  SSL_CTX* context_ = nullptr;
  bool ended_well_ = false;
};

TEST_F(HttpTlsTest, RequestsGoBothWays) {
  RunningServer server(routes(), options_);
  RawClient client(server.port());
  std::string version;
  std::string body = bytes_at(0, 300'000);
  auto answer = ask(client, post("/large", body) + get("/hello", "Connection: close\r\n"), &version);
  EXPECT_EQ(version, "TLSv1.3");
  EXPECT_TRUE(answer.contains("300000HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("hello"));
  EXPECT_TRUE(ended_well_);  // an attacker who cuts the connection is told from the end
}

TEST_F(HttpTlsTest, OldVersionsAreNotSpoken) {
  RunningServer server(routes(), options_);
  std::string request = get("/hello", "Connection: close\r\n");
  SSL_CTX_set_security_level(context_, 0);
  SSL_CTX_set_max_proto_version(context_, TLS1_1_VERSION);
  EXPECT_EQ(ask(RawClient(server.port()), request), "");
  SSL_CTX_set_max_proto_version(context_, TLS1_2_VERSION);
  EXPECT_TRUE(ask(RawClient(server.port()), request).ends_with("hello"));
}

TEST_F(HttpTlsTest, WhoNeverShakesHandsIsClosed) {
  options_.limits.head_timeout = milliseconds(100);
  RunningServer server(routes(), options_);
  RawClient silent(server.port());
  EXPECT_EQ(silent.read_some(), "");
  RawClient plain(server.port());
  plain.send(get("/hello"));
  EXPECT_FALSE(plain.read_some().contains("HTTP"));
}

TEST_F(HttpTlsTest, AForeignKeyIsRefused) {
  options_.private_key_file = directory_ / "other.pem";
  std::string command = "openssl genrsa -out " + options_.private_key_file + " 2048 2>/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
  Routes none;
  testing::NoEvents live;
  options_.port = 0;
  auto server = HttpServer::open(options_, none, nullptr, live, nullptr);
  ASSERT_FALSE(server);
  EXPECT_TRUE(server.error().message.contains("other.pem"));
}

}  // namespace
}  // namespace sluice
