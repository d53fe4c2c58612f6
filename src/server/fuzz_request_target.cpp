// Any bytes as the target of a request: nothing breaks, what comes out is text, and what is found in the
// table of routes has the parameters of its pattern.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/utf8.h"
#include "server/request_checks.h"
#include "server/request_target.h"
#include "server/routes.h"

namespace {

using sluice::Routes;

void demand(bool condition) {
  if (!condition) std::abort();
}

bool is_text(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t length = sluice::utf8_length(bytes, at);
    if (length == 0 || static_cast<unsigned char>(bytes[at]) < 0x20) return false;
    at += length;
  }
  return true;
}

const Routes& table() {
  static const Routes routes = [] {
    Routes made;
    for (const char* pattern : {"/", "/a", "/a/{x}", "/a/{x}/b", "/a/b/{x}", "/c/{rest:rest}", "/{x}/{y}"}) {
      made.add({.method = "GET", .pattern = pattern, .operation = pattern});
    }
    return made;
  }();
  return routes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)sluice::choose_subprotocol(bytes);
  (void)sluice::is_loopback_host(bytes);
  auto target = sluice::parse_target(bytes);
  if (!target) return 0;
  demand(target->decoded_path == "*" || target->decoded_path.starts_with('/'));
  demand(is_text(target->decoded_path));
  for (const auto& [name, value] : target->query) demand(is_text(name) && is_text(value));
  for (const char* method : {"GET", "HEAD", "PUT"}) {
    auto match = table().find(method, target->path);
    if (match.route == nullptr) continue;
    for (const auto& [name, value] : match.parameters) {
      demand(is_text(value));
      demand(std::string_view(match.route->pattern).find("{" + name) != std::string_view::npos);
    }
  }
  return 0;
}
