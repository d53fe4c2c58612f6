// Problems (RFC 9457): failed operations as answers. A Problem travels through Result as an Error whose
// message is the detail, then a record separator (0x1E), then the rest as JSON: whoever shows the Error shows
// a sentence first, during() goes in front of it, and Error needs not know of HTTP.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "server/http_message.h"

namespace sluice {

namespace {

using Json = nlohmann::ordered_json;

constexpr char kMark = '\x1E';
constexpr int kRetryAfterSeconds = 5;  // where nothing says better: a restart of what is down takes seconds

std::string as_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

ErrorKind kind_of(int status) {
  switch (status) {
    case 404: return ErrorKind::not_found;
    case 409: return ErrorKind::conflict;
    case 410: return ErrorKind::gone;
    case 429:
    case 503: return ErrorKind::unavailable;
    default: return status < 500 ? ErrorKind::usage : ErrorKind::internal;
  }
}

std::optional<Problem> refused(const Error& error) {
  auto mark = error.message.rfind(kMark);
  if (mark == std::string::npos) return std::nullopt;
  auto json = Json::parse(error.message.begin() + static_cast<std::ptrdiff_t>(mark) + 1, error.message.end(),
                          nullptr, false);
  // Somebody's text may look like a mark of ours.
  for (const char* name : {"status", "retryAfter"}) {
    if (!json.is_object() || !json[name].is_number_integer()) return std::nullopt;
  }
  for (const char* name : {"name", "title", "extra"}) {
    if (!json[name].is_string()) return std::nullopt;
  }
  Problem problem;
  problem.detail = error.message.substr(0, mark);
  problem.status = json.value("status", 0);
  if (problem.status < 400 || problem.status > 599) return std::nullopt;
  problem.name = json.value("name", "");
  problem.title = json.value("title", "");
  problem.extra = json.value("extra", "");
  problem.retry_after_seconds = json.value("retryAfter", 0);
  return problem;
}

}  // namespace

Response to_response(const Problem& problem, const Request& request) {
  Json json = {{"type", "/problems/" + problem.name},
               {"title", problem.title},
               {"status", problem.status},
               {"detail", problem.detail},
               {"requestId", request.id}};
  if (!problem.extra.empty()) {
    auto extra = Json::parse(problem.extra, nullptr, false);
    if (extra.is_object()) json.update(extra);
  }
  Response response;
  response.status = problem.status;
  response.headers.add("Content-Type", "application/problem+json");
  int retry_after = problem.retry_after_seconds;
  if (retry_after == 0 && (problem.status == 429 || problem.status == 503)) retry_after = kRetryAfterSeconds;
  if (retry_after > 0) response.headers.add("Retry-After", std::to_string(retry_after));
  if (problem.status == 401) response.headers.add("WWW-Authenticate", "Bearer realm=\"sluice\"");
  response.body = as_text(json) + "\n";
  return response;
}

Problem problem_of(const Error& error) {
  if (auto problem = refused(error)) return *problem;
  switch (error.kind) {
    case ErrorKind::usage:
      return {.status = 400,
              .name = "bad-request",
              .title = "The request cannot be carried out as it is",
              .detail = error.message};
    case ErrorKind::input:
      return {.status = 400,
              .name = "bad-input",
              .title = "The data is not what it is said to be",
              .detail = error.message};
    case ErrorKind::not_found:
      return {.status = 404, .name = "not-found", .title = "There is no such thing", .detail = error.message};
    case ErrorKind::gone:
      return {.status = 410, .name = "gone", .title = "It was there and is no more", .detail = error.message};
    case ErrorKind::conflict:
      return {.status = 409,
              .name = "conflict",
              .title = "The present state does not allow it",
              .detail = error.message};
    case ErrorKind::unavailable:
      return {.status = 503,
              .name = "unavailable",
              .title = "A system that is needed does not answer",
              .detail = error.message};
    case ErrorKind::cancelled:
      return {.status = 503,
              .name = "stopping",
              .title = "The server is being stopped",
              .detail = "The server is being stopped, and the request was given up. Send it again."};
    case ErrorKind::io:
    case ErrorKind::internal: break;
  }
  return {.status = 500,
          .name = "internal",
          .title = "Something went wrong inside the server",
          .detail = "Something went wrong inside the server. Its log tells what, under this request's id."};
}

std::unexpected<Error> refuse(const Problem& problem) {
  Json json = {{"status", problem.status},
               {"name", problem.name},
               {"title", problem.title},
               {"extra", problem.extra},
               {"retryAfter", problem.retry_after_seconds}};
  std::string detail = problem.detail;
  std::erase(detail, kMark);
  return fail(kind_of(problem.status), std::move(detail) + kMark + as_text(json),
              problem.status == 429 || problem.status == 503);
}

}  // namespace sluice
