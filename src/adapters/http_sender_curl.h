// HttpSender by libcurl. Every connection is a new one, and the address that its socket really goes to is
// looked at: a name that resolves to something else the second time gains nothing. No redirections, no
// proxies of the environment, no credentials from files. Thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "ports/http_sender.h"

namespace sluice {

enum class PrivateAddresses : bool { refused, allowed };

struct HttpSenderOptions {
  PrivateAddresses private_addresses = PrivateAddresses::refused;
  std::chrono::milliseconds connect_within{5000}, answer_within{15000};
  std::vector<std::string> resolve;  // "HOST:PORT:ADDRESS": names that are not looked up; for tests
};

std::unique_ptr<HttpSender> make_http_sender_curl(const HttpSenderOptions& options);

}  // namespace sluice
