// ApiClient without a server: the routes of the API answer inside this process, on a store. Who may open the
// store is its administrator.
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <vector>

#include "app/open_service.h"
#include "base/uuid.h"
#include "cli/api_client.h"
#include "server/api.h"

namespace sluice {
namespace {

constexpr std::uint64_t kCacheBytes = 8u << 20;

std::string who() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  const char* user = std::getenv("USER");
  return "cli:" + std::string(user ? user : std::to_string(getuid())) + "@" + host.data();
}

std::string lower(std::string name) {
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 2 >= text.size()) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return out;
}

class StoreClient final : public ApiClient {
 public:
  StoreClient(Config config, ServiceParts parts)
      : config_(std::move(config)),
        parts_(std::move(parts)),
        service_(service_of(config_, parts_)),
        metrics_(Metrics::make()),
        api_{.service = service_,
             .metrics = *metrics_,
             .config_json = [this] { return config_json(config_); },
             .blobs_url = config_.blobs,
             .intake_health = parts_.intake_health,
             .upload_bytes = config_.upload_bytes},
        routes_(api_routes(api_)) {}

  Result<ApiAnswer> call(const ApiCall& call, const OnBody& on_body) override {
    Request request;
    request.method = call.method;
    request.path = decoded(call.path);
    for (const auto& [name, value] : call.query) request.query.emplace(name, value);
    for (const auto& [name, value] : call.headers) request.headers.add(name, value);
    request.body = call.body;
    request.content_length = call.body.size();
    request.principal.actor = who();
    request.id = new_uuid();
    Routes::Match match = routes_.find(request.method, request.path);
    if (!match.route)
      return fail(ErrorKind::internal, "this program has no route " + call.method + " " + call.path + ".");
    request.parameters = std::move(match.parameters);
    Response response = TRY(answer(*match.route, request));
    ApiAnswer out;
    out.status = response.status;
    for (const auto& [name, value] : response.headers) out.headers.emplace_back(lower(name), value);
    if (!response.stream) {
      if (on_body && out.status / 100 == 2)
        on_body(response.body);
      else
        out.body = std::move(response.body);
      return out;
    }
    std::vector<char> piece(256 * 1024);
    for (;;) {
      const std::size_t size = TRY(response.stream->read(piece));
      if (size == 0) return out;
      const std::string_view bytes(piece.data(), size);
      if (!on_body)
        out.body += bytes;
      else if (!on_body(bytes))
        return out;
    }
  }

 private:
  static Result<Response> answer(const Route& route, const Request& request) {
    if (route.handler) return route.handler(request);
    auto sink = TRY(route.sink(request));
    TRY(sink->write(request.body));
    return sink->finish();
  }

  const Config config_;
  ServiceParts parts_;
  Service service_;
  std::unique_ptr<Metrics> metrics_;
  Api api_;
  const Routes routes_;
};

}  // namespace

Result<std::unique_ptr<ApiClient>> open_store_client(const ClientOptions& options) {
  std::vector<std::pair<std::string, std::string>> overrides;
  if (!options.to.empty()) overrides.emplace_back("store", options.to);
  Config config = TRY(load_config(options.config_file, overrides));
  ServiceParts parts = TRY(open_parts(config, kCacheBytes, Works::no));
  return std::make_unique<StoreClient>(std::move(config), std::move(parts));
}

}  // namespace sluice
