// Request and Response: what routes see of HTTP. The transport (http_server.h) makes the one and sends the
// other; nothing else in the program knows Beast.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ports/key_store.h"

namespace sluice {

// Who asks. Without authentication: the admin of tenant `default`.
struct Principal {
  std::string tenant = "default";
  std::string actor = "anonymous";  // for audit_log and created_by: "key:ID"
  Role role = Role::admin;
  std::vector<std::string> pipelines;  // only these; empty: all
};

// Names of headers are compared without regard to case.
class Headers {
 public:
  void add(std::string name, std::string value) { list_.emplace_back(std::move(name), std::move(value)); }
  void set(std::string_view name, std::string value);  // in place of those there are
  std::string_view get(std::string_view name) const;   // the first; "" where there is none
  bool has(std::string_view name) const;
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> list_;
};

struct Request {
  std::string method;                             // "GET"; HEAD is answered from GET's route
  std::string path;                               // decoded, without the query: "/v1/jobs/0193…/rows"
  std::map<std::string, std::string> parameters;  // of the route's pattern: {"id", "0193…"}
  std::multimap<std::string, std::string> query;  // decoded
  Headers headers;
  std::string body;  // whole, where the route takes a small one
  Principal principal;
  std::string id;      // X-Request-Id: the client's, or a new one; stands in every log line
  std::string remote;  // address of the client
  std::string origin;  // "https://host:port", for links that are sent back
  std::optional<std::uint64_t> content_length;

  // The query's value; none where it is missing.
  std::optional<std::string> asked(const std::string& name) const;
};

// A body that is made while it is sent. Called from a pool thread, one call at a time.
class ResponseBody {
 public:
  virtual ~ResponseBody() = default;  // also where the client went away in the middle
  virtual Result<std::size_t> read(std::span<char> into) = 0;  // 0: the end. An error cuts the connection
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  std::unique_ptr<ResponseBody> stream;  // in place of `body`; sent in chunks
};

// A request's body as it comes in, for routes that take one of any size. Called from a pool thread, one call
// at a time; the client is read no further before write() has returned. Destroyed without finish() where the
// client went away or took too long.
class RequestSink {
 public:
  virtual ~RequestSink() = default;
  virtual Result<> write(std::string_view bytes) = 0;  // an error is answered as a problem, reading ends
  virtual Result<Response> finish() = 0;
};

// application/problem+json (RFC 9457). `type` is "/problems/NAME": docs/errors.md has each.
struct Problem {
  int status = 500;
  std::string name;             // "not-found"
  std::string title;            // the same for every problem of this name
  std::string detail;           // this one: what, where, what to do
  std::string extra;            // further members, a JSON object; "" for none
  int retry_after_seconds = 0;  // Retry-After, where it is not 0; 429 and 503 always have one
};
Response to_response(const Problem& problem, const Request& request);
// What a failed operation is to a client. Causes inside (io, internal) are told by request id only; the log
// has them.
Problem problem_of(const Error& error);
// A failure with a status of its own, to be returned as an Error from a handler: 413, 415, 422, 429, 503 ….
std::unexpected<Error> refuse(const Problem& problem);

Response json_response(int status, std::string json);

}  // namespace sluice
