// ApiClient over HTTP, by libcurl.
#include <curl/curl.h>

#include <cctype>
#include <cstdlib>

#include "base/url_text.h"
#include "cli/api_client.h"

namespace sluice {
namespace {

constexpr long kConnectSeconds = 10;
constexpr std::size_t kMostBody = 64u << 20;  // of an answer that is kept whole

struct Transfer {
  ApiAnswer answer;
  const OnBody* on_body = nullptr;
  CURL* curl = nullptr;
  std::size_t kept_bytes = 0;
};

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) transfer.answer.headers.clear();  // after 100 Continue comes another head
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return line.size();
  std::string name(line.substr(0, colon));
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && std::isspace(static_cast<unsigned char>(value.front())) != 0)
    value.remove_prefix(1);
  while (!value.empty() && std::isspace(static_cast<unsigned char>(value.back())) != 0)
    value.remove_suffix(1);
  transfer.answer.headers.emplace_back(std::move(name), value);
  return line.size();
}

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view bytes(data, size * count);
  long status = 0;
  curl_easy_getinfo(transfer.curl, CURLINFO_RESPONSE_CODE, &status);
  if (*transfer.on_body && status / 100 == 2) return (*transfer.on_body)(bytes) ? bytes.size() : 0;
  if (transfer.kept_bytes != 0) {
    transfer.answer.body += bytes.substr(0, transfer.kept_bytes - transfer.answer.body.size());
    return bytes.size();
  }
  if (transfer.answer.body.size() + bytes.size() > kMostBody) return 0;
  transfer.answer.body += bytes;
  return bytes.size();
}

class HttpClient final : public ApiClient {
 public:
  HttpClient(std::string server, std::string key)
      : curl_(curl_easy_init()), server_(std::move(server)), key_(std::move(key)) {}

  Result<ApiAnswer> call(const ApiCall& call, const OnBody& on_body) override {
    CURL* curl = curl_.get();
    curl_easy_reset(curl);  // keeps its connections
    Transfer transfer;
    transfer.on_body = &on_body;
    transfer.curl = curl;
    transfer.kept_bytes = call.kept_bytes;
    const std::string url = url_of(call);
    curl_slist* list = nullptr;
    auto add = [&list](const std::string& line) { list = curl_slist_append(list, line.c_str()); };
    for (const auto& [name, value] : call.headers) add(name + ": " + value);
    if (!key_.empty()) add("Authorization: Bearer " + key_);
    add("Expect:");  // bodies here are small, or begin at once
    const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list, &curl_slist_free_all);
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "sluice");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    if (call.quiet_seconds > 0) {
      curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);  // bytes a second
      curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, call.quiet_seconds);
    }
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
    if (call.method == "HEAD") {
      curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (call.method != "GET") {
      curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call.method.c_str());
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body.data());
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    }
    const CURLcode code = curl_easy_perform(curl);
    // What another try would meet again.
    const bool lasts = code == CURLE_URL_MALFORMAT || code == CURLE_PEER_FAILED_VERIFICATION;
    if (code != CURLE_OK)
      return fail(ErrorKind::unavailable,
                  without_secrets(server_) + " does not answer: " + curl_easy_strerror(code) +
                      (lasts ? "." : ". Is `sluice serve` running there?"),
                  !lasts);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    transfer.answer.status = static_cast<int>(status);
    long connects = 0;
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &connects);
    transfer.answer.connected = connects != 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
    transfer.answer.retry_after = std::chrono::seconds(retry_after);
    return std::move(transfer.answer);
  }

 private:
  std::string url_of(const ApiCall& call) const {
    std::string url = call.path.starts_with("http") ? call.path : server_ + call.path;
    char sign = '?';
    for (const auto& [name, value] : call.query) {
      url += sign + percent_encoded(name) + "=" + percent_encoded(value);
      sign = '&';
    }
    return url;
  }

  struct Close {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  };
  std::unique_ptr<CURL, Close> curl_;
  const std::string server_, key_;
};

}  // namespace

Result<std::unique_ptr<ApiClient>> open_http_client(const ClientOptions& options) {
  std::string server = options.server;
  while (server.ends_with('/')) server.pop_back();
  if (!server.starts_with("http://") && !server.starts_with("https://"))
    return fail(ErrorKind::usage, "'" + server + "' is no server; write it like http://127.0.0.1:8080.");
  const char* key = std::getenv("SLUICE_KEY");
  return std::make_unique<HttpClient>(server, key ? key : "");
}

}  // namespace sluice
