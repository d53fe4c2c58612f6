#include "cli/api_client.h"

#include <algorithm>
#include <cstdlib>

#include "pipeline/utf8.h"

namespace sluice {
namespace {

// What a server says is wrong: a problem's sentence; what others call it; else the beginning of what it sent.
std::string fault_in(const std::string& body) {
  constexpr std::size_t kMostShown = 300;
  const auto problem = nlohmann::ordered_json::parse(body, nullptr, false);
  if (problem.is_object())
    for (const char* name : {"detail", "message", "error", "title"})
      if (problem.contains(name) && problem[name].is_string() &&
          !problem[name].get_ref<const std::string&>().empty())
        return problem[name];
  std::string shown = repaired_utf8(cut_utf8(body, kMostShown));
  std::ranges::replace_if(
      shown, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  return shown.find_first_not_of(' ') == std::string::npos || shown == "{}" || shown == "null" ? "" : shown;
}

}  // namespace

std::string ApiAnswer::header(std::string_view name) const {
  for (const auto& [known, value] : headers)
    if (known == name) return value;
  return "";
}

Error error_of(const ApiAnswer& answer) {
  ErrorKind kind = ErrorKind::internal;
  switch (answer.status) {
    case 400:
    case 401:
    case 403:
    case 422: kind = ErrorKind::usage; break;
    case 404: kind = ErrorKind::not_found; break;
    case 409: kind = ErrorKind::conflict; break;
    case 410: kind = ErrorKind::gone; break;
    case 429:
    case 502:
    case 503:
    case 504: kind = ErrorKind::unavailable; break;
    default: break;
  }
  std::string detail = fault_in(answer.body);
  if (detail.empty()) detail = "the server answered " + std::to_string(answer.status) + ".";
  return {kind, detail, kind == ErrorKind::unavailable};
}

Result<nlohmann::ordered_json> ApiClient::json(const ApiCall& wanted) {
  ApiAnswer answer = TRY(call(wanted));
  if (answer.status / 100 != 2) return std::unexpected(error_of(answer));
  if (answer.body.empty()) return nlohmann::ordered_json();
  auto parsed = nlohmann::ordered_json::parse(answer.body, nullptr, false);
  if (parsed.is_discarded())
    return fail(ErrorKind::unavailable, "the answer to " + wanted.path +
                                            " is no JSON: this is not a Sluice server, or a proxy answered.");
  return parsed;
}

void add_client_options(CLI::App& app, ClientOptions& options) {
  app.add_option("--server", options.server,
                 "the server: http://host:port (or SLUICE_SERVER; its key: SLUICE_KEY)")
      ->type_name("URL")
      ->envname("SLUICE_SERVER");
  app.add_option("--to", options.to,
                 "instead of a server, straight on a store: sqlite:PATH or postgresql://…")
      ->type_name("URL");
  app.add_option("-c,--config", options.config_file,
                 "the configuration (default: ./sluice.yaml if it is there)")
      ->type_name("FILE");
}

Result<std::unique_ptr<ApiClient>> open_client(const ClientOptions& options) {
  if (!options.to.empty() || options.server.empty()) return open_store_client(options);
  return open_http_client(options);
}

}  // namespace sluice
