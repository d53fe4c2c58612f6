#include "adapters/http_sender_curl.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "adapters/address_guard.h"

namespace sluice {
namespace {

// An answer is a status; what comes with it is read so far, for receivers that want to get rid of it.
constexpr std::size_t kAnswerBytes = 64u << 10;

struct CurlDelete {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Curl = std::unique_ptr<CURL, CurlDelete>;
using CurlList = std::unique_ptr<curl_slist, CurlDelete>;

bool append(CurlList& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return false;
  (void)list.release();
  list.reset(longer);
  return true;
}

// What the callbacks of one transfer share.
struct Transfer {
  PrivateAddresses private_addresses;
  std::stop_token stop;
  std::size_t answer_bytes = 0;
  bool answer_cut = false;
  std::string refused;  // the address that was not connected to
};

curl_socket_t open_socket(void* data, curlsocktype, curl_sockaddr* address) {
  Transfer& transfer = *static_cast<Transfer*>(data);
  if (transfer.private_addresses == PrivateAddresses::refused && !is_public_address(&address->addr)) {
    transfer.refused = address_text(&address->addr);
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t take_answer(char*, std::size_t size, std::size_t count, void* data) {
  Transfer& transfer = *static_cast<Transfer*>(data);
  transfer.answer_bytes += size * count;
  transfer.answer_cut = transfer.answer_bytes > kAnswerBytes;
  return transfer.answer_cut ? 0 : size * count;  // 0 ends the transfer
}

int progress(void* data, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(data)->stop.stop_requested() ? 1 : 0;
}

std::unexpected<Error> no_address() {
  return fail(ErrorKind::usage,
              "this is no address that can be posted to; it begins with http:// or https://.");
}

class CurlSender final : public HttpSender {
 public:
  explicit CurlSender(HttpSenderOptions options) : options_(std::move(options)) {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    (void)started;
  }

  Result<HttpAnswer> post(const HttpPost& post, std::stop_token stop) override {
    if (!post.url.starts_with("http://") && !post.url.starts_with("https://"))
      return no_address();  // curl guesses
    Curl curl(curl_easy_init());
    CurlList headers, resolve;
    bool made = curl && append(headers, "Expect:");  // no waiting for "100 Continue"
    for (const auto& [name, value] : post.headers) made = made && append(headers, name + ": " + value);
    for (const std::string& entry : options_.resolve) made = made && append(resolve, entry);
    if (!made) return fail(ErrorKind::unavailable, "there is no memory left to send a webhook.", true);
    Transfer transfer{options_.private_addresses, std::move(stop), 0, false, ""};
    std::array<char, CURL_ERROR_SIZE> detail{};
    if (CURLcode set = prepare(curl.get(), post, transfer, headers.get(), resolve.get(), detail.data());
        set != CURLE_OK)
      return fail(ErrorKind::internal,
                  std::string("libcurl lacks something: ") + curl_easy_strerror(set) + ".");
    const CURLcode code = curl_easy_perform(curl.get());
    return answer_of(curl.get(), code, transfer, detail.data());
  }

 private:
  CURLcode prepare(CURL* curl, const HttpPost& post, Transfer& transfer, curl_slist* headers,
                   curl_slist* resolve, char* detail) const {
    CURLcode first = CURLE_OK;
    auto set = [&](CURLoption option, auto value) {
      CURLcode code = curl_easy_setopt(curl, option, value);
      if (first == CURLE_OK) first = code;
    };
    set(CURLOPT_ERRORBUFFER, detail);
    set(CURLOPT_URL, post.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");  // none, whatever the environment says
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_within.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(options_.answer_within.count()));
    set(CURLOPT_USERAGENT, "sluice");
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post.body.size()));
    set(CURLOPT_POSTFIELDS, post.body.c_str());
    set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    set(CURLOPT_OPENSOCKETDATA, &transfer);
    set(CURLOPT_WRITEFUNCTION, &take_answer);
    set(CURLOPT_WRITEDATA, &transfer);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &progress);
    set(CURLOPT_XFERINFODATA, &transfer);
    if (resolve != nullptr) set(CURLOPT_RESOLVE, resolve);
    return first;
  }

  static Result<HttpAnswer> answer_of(CURL* curl, CURLcode code, const Transfer& transfer,
                                      const char* detail) {
    long status = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
    if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && transfer.answer_cut))
      return HttpAnswer{static_cast<int>(status), std::chrono::seconds(retry_after)};
    if (code == CURLE_ABORTED_BY_CALLBACK)
      return fail(ErrorKind::cancelled, "stopped while a webhook was sent.");
    if (!transfer.refused.empty())
      return fail(ErrorKind::usage, "the address leads to " + transfer.refused +
                                        ", which is not in the public internet. If that is meant, allow it "
                                        "with the setting webhooks.allow_private: true.");
    if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_LOGIN_DENIED)
      return no_address();
    return fail(ErrorKind::unavailable, *detail != '\0' ? detail : curl_easy_strerror(code), true);
  }

  const HttpSenderOptions options_;
};

}  // namespace

std::unique_ptr<HttpSender> make_http_sender_curl(const HttpSenderOptions& options) {
  return std::make_unique<CurlSender>(options);
}

}  // namespace sluice
