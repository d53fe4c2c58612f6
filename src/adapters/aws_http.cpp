#include "adapters/aws_http.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace sluice {
namespace {

constexpr std::size_t kMostIdleChannels = 16;
// No answer to a small request comes near it: a list of a thousand keys has about one megabyte.
constexpr std::size_t kMostAnswerBytes = 64u << 20;
constexpr long kBufferBytes = 512L << 10;  // as large as curl takes: fewer rounds for a part of a file
constexpr int kPollMs = 1000;  // curl's own timers are looked at so often; a stop request wakes at once

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeCurlList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlLines = std::unique_ptr<curl_slist, FreeCurlList>;

bool add_line(CurlLines& lines, const std::string& line) {
  curl_slist* longer = curl_slist_append(lines.get(), line.c_str());
  if (longer == nullptr) return false;
  (void)lines.release();
  lines.reset(longer);
  return true;
}

std::string small_letters(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return small;
}

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* data) {
  std::string& body = static_cast<AwsAnswer*>(data)->body;
  if (body.size() + size * count > kMostAnswerBytes) return 0;  // ends the transfer
  body.append(bytes, size * count);
  return size * count;
}

std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* data) {
  auto& headers = static_cast<AwsAnswer*>(data)->headers;
  std::string_view line(bytes, size * count);
  if (line.starts_with("HTTP/")) headers.clear();  // of an answer that was not the last, as "100 Continue"
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size * count;
  std::string_view value = line.substr(colon + 1);
  const std::size_t begin = std::min(value.find_first_not_of(" \t\r\n"), value.size());
  value = value.substr(begin, value.find_last_not_of(" \t\r\n") + 1 - begin);
  headers[small_letters(line.substr(0, colon))] = value;
  return size * count;
}

std::string server_of(const std::string& url) {
  const std::size_t begin = url.find("://") + 3;
  return url.substr(begin, url.find_first_of("/?", begin) - begin);
}

// curl's own (CURLOPT_LOW_SPEED_TIME) looks at the mean of some seconds, and is late by as many.
class StallWatch {
 public:
  StallWatch(CURL* easy, std::chrono::seconds most) : easy_(easy), most_(most) {}
  bool stands_still() {
    curl_off_t down = 0, up = 0;
    curl_easy_getinfo(easy_, CURLINFO_SIZE_DOWNLOAD_T, &down);
    curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &up);
    const auto now = std::chrono::steady_clock::now();
    if (down + up != bytes_) moved_ = now;
    bytes_ = down + up;
    return most_.count() > 0 && now - moved_ > most_;
  }

 private:
  CURL* easy_;
  const std::chrono::seconds most_;
  curl_off_t bytes_ = 0;
  std::chrono::steady_clock::time_point moved_ = std::chrono::steady_clock::now();
};

CurlLines lines_of(const AwsHttpRequest& request) {
  CurlLines lines;
  bool typed = false;
  bool made = add_line(lines, "Expect:");  // no waiting for "100 Continue"
  for (const auto& [name, value] : request.headers) {
    typed = typed || small_letters(name) == "content-type";
    made = made && add_line(lines, value.empty() ? name + ";" : name + ": " + value);
  }
  if (!typed) made = made && add_line(lines, "Content-Type:");  // curl would say it is a form
  if (!made) lines.reset();
  return lines;
}

}  // namespace

// One request at a time, and the connection it leaves open. The multi interface is there because a stop
// request can wake it.
struct AwsHttp::Channel {
  std::unique_ptr<CURLM, FreeMulti> multi{curl_multi_init()};
  std::unique_ptr<CURL, FreeEasy> easy{curl_easy_init()};
};

AwsHttp::AwsHttp(AwsProxy proxy, std::string authorities)
    : proxy_(proxy), authorities_(std::move(authorities)) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)started;
}

AwsHttp::~AwsHttp() = default;

Result<AwsAnswer> AwsHttp::send(const AwsHttpRequest& request, std::stop_token stop) {
  AwsAnswer answer;
  TRY(send_into(request, answer, stop));
  return answer;
}

Result<> AwsHttp::send_into(const AwsHttpRequest& request, AwsAnswer& answer, const std::stop_token& stop) {
  std::unique_ptr<Channel> channel;
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      channel = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!channel) channel = std::make_unique<Channel>();
  if (!channel->multi || !channel->easy)
    return fail(ErrorKind::unavailable, "there is no memory left for a request.", true);
  auto sent = send_on(*channel, request, answer, stop);
  curl_easy_reset(channel->easy.get());
  std::lock_guard lock(mutex_);
  if (sent && idle_.size() < kMostIdleChannels) idle_.push_back(std::move(channel));
  return sent;
}

Result<> AwsHttp::send_on(Channel& channel, const AwsHttpRequest& request, AwsAnswer& answer,
                          const std::stop_token& stop) {
  CURL* easy = channel.easy.get();
  std::array<char, CURL_ERROR_SIZE> detail{};
  const CurlLines lines = lines_of(request);
  CURLcode code = lines ? CURLE_OK : CURLE_OUT_OF_MEMORY;
  auto set = [&](CURLoption option, auto value) {
    if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value);
  };
  set(CURLOPT_ERRORBUFFER, detail.data());
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  if (proxy_ == AwsProxy::none) set(CURLOPT_PROXY, "");
  if (const char* bundle = std::getenv("AWS_CA_BUNDLE"); !authorities_.empty())
    set(CURLOPT_CAINFO, authorities_.c_str());
  else if (bundle != nullptr && *bundle != '\0')
    set(CURLOPT_CAINFO, bundle);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_within.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.answer_within.count()));
  set(CURLOPT_BUFFERSIZE, kBufferBytes);
  set(CURLOPT_UPLOAD_BUFFERSIZE, kBufferBytes);
  set(CURLOPT_USERAGENT, "sluice");
  set(CURLOPT_HTTPHEADER, lines.get());
  if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET") {
    if (request.method != "DELETE" || !request.body.empty()) {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, &answer);
  set(CURLOPT_HEADERFUNCTION, &take_header);
  set(CURLOPT_HEADERDATA, &answer);
  if (code != CURLE_OK)
    return fail(ErrorKind::internal, std::string("libcurl lacks something: ") + curl_easy_strerror(code));

  CURLM* multi = channel.multi.get();
  bool stalled = false;
  curl_multi_add_handle(multi, easy);
  {
    std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
    StallWatch watch(easy, request.stall_within);
    for (int running = 1;;) {
      if (curl_multi_perform(multi, &running) != CURLM_OK || running == 0 || stop.stop_requested()) break;
      stalled = watch.stands_still();
      if (stalled) break;
      if (curl_multi_poll(multi, nullptr, 0, kPollMs, nullptr) != CURLM_OK) break;
    }
  }
  code = CURLE_ABORTED_BY_CALLBACK;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left))
    if (message->msg == CURLMSG_DONE) code = message->data.result;
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_multi_remove_handle(multi, easy);
  answer.status = static_cast<int>(status);
  curl_off_t connected_us = 0;
  curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected_us);
  answer.reached = connected_us > 0;
  if (code == CURLE_OK) return {};
  // Not refused: who was not asked to stop himself tries again, or another node does.
  if (stop.stop_requested())
    return fail(ErrorKind::cancelled, "stopped while a request was under way.", true);
  if (stalled)
    std::snprintf(detail.data(), detail.size(), "not a byte has moved for %lld s",
                  static_cast<long long>(request.stall_within.count()));
  // Asking again at once does not help; what was to be done may wait until somebody has seen to it.
  answer.untrusted = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
  if (answer.untrusted)
    return fail(ErrorKind::unavailable,
                server_of(request.url) + ": its certificate is not to be trusted (" +
                    (detail[0] != '\0' ? detail.data() : curl_easy_strerror(code)) +
                    "). Name the file with the certificate of its authority: tls_ca=FILE in the setting "
                    "`blobs`, or AWS_CA_BUNDLE.",
                true);
  return fail(ErrorKind::unavailable,
              server_of(request.url) + ": " + (detail[0] != '\0' ? detail.data() : curl_easy_strerror(code)),
              true);
}

}  // namespace sluice
