#include "adapters/redis_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Becomes readable when a stop is requested, so that poll() sees it.
class StopSignal {
 public:
  explicit StopSignal(const std::stop_token& stop)
      : event_{stop.stop_possible() ? ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1},
        callback_(stop, Raise{event_.descriptor}) {}
  int descriptor() const { return event_.descriptor; }

 private:
  struct Event {
    explicit Event(int opened) : descriptor(opened) {}
    ~Event() {
      if (descriptor >= 0) ::close(descriptor);
    }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    const int descriptor;
  };
  struct Raise {
    int descriptor;
    void operator()() const noexcept {
      if (descriptor >= 0) (void)::eventfd_write(descriptor, 1);
    }
  };
  Event event_;  // outlives the callback that writes to it
  std::stop_callback<Raise> callback_;
};

std::string tls_reason() {
  const unsigned long code = ERR_get_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "the connection broke" : reason;
}

}  // namespace

RedisSocket::~RedisSocket() {
  ssl_.reset();
  ::close(descriptor_);
}

std::unexpected<Error> RedisSocket::lost(const std::string& why) const {
  return fail(ErrorKind::unavailable, "Redis at " + place_ + ": " + why, true);
}

Result<std::unique_ptr<RedisSocket>> RedisSocket::connect(const RedisUrl& url, Deadline deadline) {
  const std::string place = url.host + ":" + url.port;
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(url.host.c_str(), url.port.c_str(), &wanted, &found); code != 0)
    return fail(ErrorKind::unavailable, "Redis at " + place + ": " + ::gai_strerror(code), true);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  std::string why = "no address";
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const int descriptor = ::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) continue;
    std::unique_ptr<RedisSocket> socket(new RedisSocket(descriptor, place));
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    int failure = ::connect(descriptor, each->ai_addr, each->ai_addrlen) == 0 ? 0 : errno;
    if (failure == EINPROGRESS) {
      if (auto connected = socket->wait(POLLOUT, deadline, {}); !connected)
        return std::unexpected(connected.error());
      socklen_t size = sizeof failure;
      ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size);
    }
    if (failure != 0) {
      why = std::strerror(failure);
      continue;
    }
    if (url.tls) TRY(socket->begin_tls(url, deadline));
    return socket;
  }
  return fail(ErrorKind::unavailable, "Redis at " + place + ": " + why, true);
}

Result<> RedisSocket::begin_tls(const RedisUrl& url, Deadline deadline) {
  ERR_clear_error();
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (!context_) return lost(tls_reason());
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  const int trusted = url.tls_ca.empty()
                          ? SSL_CTX_set_default_verify_paths(context_.get())
                          : SSL_CTX_load_verify_locations(context_.get(), url.tls_ca.c_str(), nullptr);
  if (trusted != 1)
    return fail(ErrorKind::usage,
                "tls_ca='" + url.tls_ca + "' cannot be read, or is no list of certificates as PEM");
  ssl_.reset(SSL_new(context_.get()));
  if (!ssl_ || SSL_set_fd(ssl_.get(), descriptor_) != 1) return lost(tls_reason());
  in6_addr address{};
  if (::inet_pton(AF_INET, url.host.c_str(), &address) == 1 ||
      ::inet_pton(AF_INET6, url.host.c_str(), &address) == 1) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), url.host.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl_.get(), url.host.c_str());
    SSL_set1_host(ssl_.get(), url.host.c_str());
  }
  for (;;) {
    ERR_clear_error();
    const int outcome = SSL_connect(ssl_.get());
    if (outcome == 1) return {};
    auto needs = tls_needs(outcome);
    if (!needs) {
      const long verified = SSL_get_verify_result(ssl_.get());
      if (verified == X509_V_OK) return std::unexpected(std::move(needs).error());
      return fail(ErrorKind::usage, "Redis at " + place_ + " has a certificate that is not to be trusted: " +
                                        X509_verify_cert_error_string(verified) +
                                        ". Name the authority that signed it with tls_ca=FILE.");
    }
    TRY(wait(*needs, deadline, {}));
  }
}

Result<short> RedisSocket::tls_needs(int outcome) const {
  switch (SSL_get_error(ssl_.get(), outcome)) {
    case SSL_ERROR_WANT_READ: return POLLIN;
    case SSL_ERROR_WANT_WRITE: return POLLOUT;
    case SSL_ERROR_ZERO_RETURN: return lost("the server hung up");
    default: return lost(tls_reason());
  }
}

Result<> RedisSocket::wait(short events, Deadline deadline, const std::stop_token& stop) const {
  const StopSignal signal(stop);
  for (;;) {
    std::array<pollfd, 2> watched{{{descriptor_, events, 0}, {signal.descriptor(), POLLIN, 0}}};
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (left <= milliseconds(0)) return lost("no answer in time");
    const int ready = ::poll(watched.data(), watched.size(),
                             static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    if (ready < 0 && errno != EINTR) return lost(std::strerror(errno));
    if (stop.stop_requested()) return fail(ErrorKind::cancelled, "asked to stop");
    if (ready > 0 && watched[0].revents != 0) return {};
  }
}

Result<> RedisSocket::write(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    short needs = POLLOUT;
    ssize_t count = 0;
    if (ssl_) {
      ERR_clear_error();
      count =
          SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20)));
      if (count <= 0) needs = TRY(tls_needs(static_cast<int>(count)));
    } else {
      count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count < 0 && errno != EAGAIN && errno != EINTR) return lost(std::strerror(errno));
    }
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else {
      TRY(wait(needs, deadline, {}));
    }
  }
  return {};
}

Result<std::size_t> RedisSocket::read(std::span<char> into, Deadline deadline, const std::stop_token& stop) {
  for (;;) {
    short needs = POLLIN;
    ssize_t count = 0;
    if (ssl_) {
      ERR_clear_error();
      count =
          SSL_read(ssl_.get(), into.data(), static_cast<int>(std::min<std::size_t>(into.size(), 1 << 20)));
      if (count <= 0) needs = TRY(tls_needs(static_cast<int>(count)));
    } else {
      count = ::recv(descriptor_, into.data(), into.size(), 0);
      if (count == 0) return lost("the server hung up");
      if (count < 0 && errno != EAGAIN && errno != EINTR) return lost(std::strerror(errno));
    }
    if (count > 0) return static_cast<std::size_t>(count);
    TRY(wait(needs, deadline, stop));
  }
}

}  // namespace sluice
