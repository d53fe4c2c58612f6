#include "adapters/aws_client.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <random>

#include "base/either_stop.h"
#include "base/sha256.h"

namespace sluice {
namespace {

bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::ranges::find(codes, code) != codes.end();
}

bool keys_are_refused(const AwsFault& fault) {
  return is_one_of(fault.code, {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId",
                                "UnrecognizedClientException", "InvalidAccessKeyId", "InvalidToken"});
}

// The same, and what is said of keys of which only one half has been taken over yet.
bool keys_may_be_old(const AwsFault& fault) {
  return keys_are_refused(fault) ||
         is_one_of(fault.code, {"SignatureDoesNotMatch", "InvalidSignatureException", "InvalidSignature"});
}

bool is_worth_another_try(const AwsAnswer& answer, const AwsFault& fault) {
  return answer.status == 429 || (answer.status >= 500 && answer.status != 501) ||
         is_one_of(fault.code, {"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
                                "RequestThrottledException", "TooManyRequestsException", "SlowDown",
                                "RequestLimitExceeded", "RequestTimeout", "RequestTimeoutException",
                                "InternalError", "InternalFailure", "ServiceUnavailable", "KmsThrottled"});
}

std::string text_of_element(const std::string& xml, const std::string& name) {
  const std::size_t begin = xml.find("<" + name + ">");
  if (begin == std::string::npos) return "";
  const std::size_t from = begin + name.size() + 2;
  return xml.substr(from, xml.find('<', from) - from);
}

// Of all callers that were throttled at once, not all come back at once.
bool pause_before(unsigned attempt, const AwsPatience& patience, const std::stop_token& stop) {
  thread_local std::mt19937_64 random{std::random_device()()};
  const auto longest = std::min(patience.longest_pause, patience.first_pause * (1u << attempt));
  const std::chrono::milliseconds pause(
      std::uniform_int_distribution<std::int64_t>(0, longest.count())(random));
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait_for(lock, stop, pause, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace

AwsFault aws_fault(const AwsAnswer& answer) {
  AwsFault fault;
  const auto json = nlohmann::json::parse(answer.body, nullptr, false);
  if (json.is_object()) {
    for (const char* name : {"message", "Message"})
      if (const auto at = json.find(name); at != json.end() && at->is_string()) fault.message = *at;
    if (const auto at = json.find("__type"); at != json.end() && at->is_string()) fault.code = *at;
    fault.code.erase(0, fault.code.find('#') + 1);
  } else {
    fault = {text_of_element(answer.body, "Code"), text_of_element(answer.body, "Message")};
  }
  if (fault.code.empty()) fault.code = "HTTP " + std::to_string(answer.status);
  return fault;
}

std::optional<Error> aws_access_error(const AwsFault& fault, const AwsScope& scope) {
  auto usage = [&](const std::string& what_to_do) {
    return Error{ErrorKind::usage,
                 scope.service + " in " + scope.region + " refuses: " +
                     (fault.message.empty() ? fault.code : fault.message + " (" + fault.code + ")") + " " +
                     what_to_do,
                 false};
  };
  if (is_one_of(fault.code, {"AccessDenied", "AccessDeniedException", "AllAccessDisabled"}))
    return usage("These credentials may not do that: allow it in the policy of their user or role.");
  if (keys_are_refused(fault))
    return usage("The credentials are not known there, or have expired: get new ones.");
  if (is_one_of(fault.code, {"RequestTimeTooSkewed", "RequestExpired"}) ||
      fault.message.contains("Signature expired") || fault.message.contains("Signature not yet current"))
    return usage("The clock of this machine is wrong: set it (NTP).");
  if (is_one_of(fault.code, {"AuthorizationHeaderMalformed"}) ||
      fault.message.contains("Credential should be scoped to a valid region"))
    return usage("The region is another: name it in the URL (?region=…).");
  if (is_one_of(fault.code, {"SignatureDoesNotMatch", "InvalidSignatureException", "InvalidSignature"}))
    return usage("The secret key is wrong, or does not belong to the access key.");
  if (is_one_of(fault.code, {"MissingAuthenticationToken", "IncompleteSignature"}))
    return usage("The endpoint understands another signature: is it the right one?");
  return std::nullopt;
}

AwsClient::AwsClient(AwsScope scope, std::string scheme, std::shared_ptr<AwsCredentials> credentials,
                     AwsPatience patience)
    : scope_(std::move(scope)),
      scheme_(std::move(scheme)),
      credentials_(std::move(credentials)),
      patience_(std::move(patience)) {}

Result<AwsAnswer> AwsClient::call(const AwsRequest& request, std::string_view body,
                                  std::chrono::milliseconds answer_within, std::stop_token stop,
                                  std::string_view payload_hash) {
  const EitherStop either(std::move(stop), patience_.end);
  stop = either.token();
  const std::string hash = payload_hash.empty() ? to_hex(Sha256().of(body)) : std::string(payload_hash);
  const std::string query = aws_query(request.query);
  AwsHttpRequest sent{
      .method = request.method,
      .url = scheme_ + "://" + request.host + aws_path(request.path) + (query.empty() ? "" : "?" + query),
      .body = body,
      .answer_within = answer_within};
  for (unsigned attempt = 1;; ++attempt) {
    const AwsKeys keys = TRY(credentials_->keys(stop));
    sent.headers = aws_signed_headers(request, hash, scope_, keys, clock_.now());
    AwsAnswer answer;
    const Result<> done = http_.send_into(sent, answer, stop);
    if (!done && done.error().kind == ErrorKind::cancelled) return std::unexpected(done.error());
    bool again = !done && done.error().retryable && !answer.untrusted;
    if (done && answer.status >= 400) {
      const AwsFault fault = aws_fault(answer);
      const bool may_be_old = keys_may_be_old(fault);
      if (may_be_old) credentials_->refused(keys);
      again = (may_be_old ? attempt == 1 : is_worth_another_try(answer, fault)) ||
              clock_.corrected_by(answer.headers["date"]);
    }
    if (!again || attempt >= patience_.attempts) {
      if (!done) return std::unexpected(done.error());
      return answer;
    }
    if (!pause_before(attempt, patience_, stop))
      return fail(ErrorKind::cancelled, "stopped while " + scope_.service + " was asked once more.", true);
  }
}

}  // namespace sluice
