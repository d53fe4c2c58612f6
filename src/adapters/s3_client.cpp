#include "adapters/s3_client.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <random>

#include "adapters/s3_xml.h"
#include "base/either_stop.h"
#include "base/sha256.h"

namespace sluice {
namespace {

constexpr std::chrono::milliseconds kConnectWithin{5'000};

// What passes, whatever its status: the first is said with 200, after a long wait for the end of an upload.
constexpr std::array<std::string_view, 8> kPassing = {
    "InternalError", "SlowDown",       "ServiceUnavailable",        "RequestTimeout",
    "BadDigest",     "IncompleteBody", "XAmzContentSHA256Mismatch", "OperationAborted"};

bool is_expired(const S3Answer& answer) {
  return answer.code == "ExpiredToken" || answer.code == "TokenRefreshRequired";
}

// Keys that were rotated: there may be others by now where they come from.
bool keys_are_refused(const S3Answer& answer) {
  constexpr std::array<std::string_view, 4> kRefused = {"InvalidAccessKeyId", "InvalidToken",
                                                        "SignatureDoesNotMatch", "XAdminUserNotFound"};
  return is_expired(answer) || std::ranges::find(kRefused, answer.code) != kRefused.end();
}

bool is_passing(const S3Answer& answer) {
  if (answer.ok()) return false;
  return (answer.status >= 500 && answer.status != 501) || answer.status == 429 || answer.status == 408 ||
         is_expired(answer) || std::ranges::find(kPassing, answer.code) != kPassing.end();
}

void read_failure(const S3Request& request, S3Answer& answer) {
  answer.region = answer.header("x-amz-bucket-region");
  const bool may_fail_late = request.method == "POST";  // an error behind a status 200
  if (answer.status / 100 == 2 && !may_fail_late) return;
  const auto xml = parse_xml(answer.body);
  if (!xml || xml->name != "Error") return;
  answer.code = xml->text_of("Code");
  answer.message = xml->text_of("Message");
  if (answer.region.empty()) answer.region = xml->text_of("Region");
}

bool is_about_region(const S3Answer& answer) {
  return answer.status == 301 || answer.status == 307 || answer.code == "AuthorizationHeaderMalformed" ||
         answer.code == "PermanentRedirect" || answer.code == "IllegalLocationConstraintException";
}

}  // namespace

std::string S3Answer::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::string S3Answer::etag() const {
  std::string tag = header("etag");
  std::erase(tag, '"');
  return tag;
}

bool S3Retries::again(const std::stop_token& callers) {
  if (++failed_ >= patience_.attempts) return false;
  const auto longest =
      std::min(patience_.longest_wait, patience_.first_wait * (1 << std::min(failed_ - 1, 16)));
  thread_local std::minstd_rand random(std::random_device{}());
  const auto wait = longest / 2 + longest * (random() % 1000) / 2000;
  const EitherStop either(callers, patience_.end);
  const std::stop_token stop = either.token();
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, stop, wait, [] { return false; });
  return !stop.stop_requested();
}

S3Client::S3Client(S3Url url, std::shared_ptr<AwsCredentials> credentials, S3Patience patience)
    : url_(std::move(url)),
      credentials_(std::move(credentials)),
      patience_(std::move(patience)),
      http_(AwsProxy::of_environment, url_.tls_ca) {}

Result<bool> S3Client::attempt(const S3Request& request, S3Answer& answer, const std::stop_token& callers) {
  const EitherStop either(callers, patience_.end);
  const std::stop_token stop = either.token();
  const AwsKeys keys = TRY(credentials_->keys(stop));
  TRY(send(request, keys, answer, stop));
  // An answer to HEAD gives no reason.
  const bool doubted = request.method == "HEAD" && (answer.status == 403 || answer.status == 400);
  if (doubted || keys_are_refused(answer)) {
    doubted ? credentials_->doubted(keys) : credentials_->refused(keys);
    const AwsKeys others = TRY(credentials_->keys(stop));
    if (others != keys) TRY(send(request, others, answer, stop));
  }
  if (answer.status == 403 && clock_.corrected_by(answer.header("date"))) return false;
  return !is_passing(answer);
}

Result<> S3Client::send(const S3Request& request, const AwsKeys& keys, S3Answer& answer,
                        const std::stop_token& stop) {
  answer = {};
  AwsRequest to_sign;
  to_sign.method = request.method;
  to_sign.host = url_.host;
  to_sign.path = (url_.style == S3Style::path ? "/" + url_.bucket : "") +
                 (request.key.empty() && url_.style == S3Style::path ? "" : "/" + request.key);
  to_sign.query = request.query;
  to_sign.headers = request.headers;
  AwsHttpRequest http;
  http.method = request.method;
  http.headers =
      aws_signed_headers(to_sign, to_hex(Sha256().of(request.body)), {url_.region, "s3"}, keys, clock_.now());
  const std::string query = aws_query(request.query);
  http.url = (url_.tls ? "https://" : "http://") + url_.host + aws_path(to_sign.path) +
             (query.empty() ? "" : "?" + query);
  http.body = request.body;
  http.connect_within = kConnectWithin;
  http.answer_within = std::chrono::milliseconds(0);
  http.stall_within = patience_.stall;
  TRY(http_.send_into(http, answer, stop));
  read_failure(request, answer);
  return {};
}

bool is_final(const Error& error, const S3Answer& answer) {
  return !error.retryable || error.kind == ErrorKind::cancelled || answer.untrusted;
}

Result<S3Answer> S3Client::call(const S3Request& request, const std::stop_token& stop) {
  S3Retries retries(patience_);
  S3Answer answer;
  while (true) {
    auto definite = attempt(request, answer, stop);
    if (definite && *definite) return answer;
    const bool final = !definite && is_final(definite.error(), answer);
    if (!final && retries.again(stop)) continue;
    if (stop.stop_requested())
      return fail(ErrorKind::cancelled, "stopped while S3 was asked for '" + request.key + "'.", true);
    if (!definite) return std::unexpected(std::move(definite).error());
    return answer;
  }
}

Result<S3Answer> S3Client::demand(const S3Request& request, const std::string& doing,
                                  const std::stop_token& stop) {
  auto answer = call(request, stop);
  if (!answer) return std::unexpected(std::move(answer).error().during(doing));
  if (!answer->ok()) return failed(*answer, doing);
  return answer;
}

std::unexpected<Error> S3Client::failed(const S3Answer& answer, const std::string& doing) const {
  auto because = [&](const std::string& why) { return fail(ErrorKind::io, doing + ": " + why); };
  const std::string said = std::to_string(answer.status) + (answer.code.empty() ? "" : " " + answer.code) +
                           (answer.message.empty() ? "" : ": " + answer.message.substr(0, 300));
  if (is_expired(answer)) return because("the keys have expired, and no new ones can be found.");
  if (is_passing(answer))
    return fail(ErrorKind::unavailable,
                doing + ": " + url_.host + " answers " + said + ", again and again. It is tried again later.",
                true);
  if (is_about_region(answer) && !answer.region.empty() && answer.region != url_.region)
    return because("the bucket '" + url_.bucket + "' is in the region " + answer.region + ", and " +
                   url_.region + " was asked; write ?region=" + answer.region + " into the setting `blobs`.");
  if (answer.code == "NoSuchBucket")
    return because("there is no bucket '" + url_.bucket + "' at " + url_.host +
                   "; make it, or correct the setting `blobs`.");
  if (answer.code == "SignatureDoesNotMatch")
    return because(url_.host +
                   " finds the signature wrong: the secret key is not the one that belongs to the access key "
                   "(AWS_SECRET_ACCESS_KEY), or a proxy changes requests on their way.");
  if (answer.code == "InvalidAccessKeyId" || answer.code == "XAdminUserNotFound")
    return because(url_.host + " does not know the access key (AWS_ACCESS_KEY_ID, or ~/.aws/credentials).");
  if (answer.code == "RequestTimeTooSkewed")
    return because("the clock of this machine is wrong: " + url_.host + " has " + answer.header("date") +
                   ". Set it; S3 refuses what is more than 15 minutes off.");
  if (answer.code == "AccessDenied" || answer.status == 403)
    return because("the keys may not do this in bucket '" + url_.bucket + "' (" + said +
                   "). docs/s3.md lists the permissions that are needed.");
  if (is_about_region(answer))
    return because("the bucket '" + url_.bucket + "' is not in the region " + url_.region +
                   "; write ?region=… into the setting `blobs` (" + said + ").");
  return because(url_.host + " answers " + said + ".");
}

}  // namespace sluice
