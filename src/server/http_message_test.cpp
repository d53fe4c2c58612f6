#include "server/http_message.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "server/response_head.h"

namespace sluice {
namespace {

TEST(Headers, NamesAreComparedWithoutCase) {
  Headers headers;
  headers.add("Content-Type", "a");
  headers.add("content-type", "b");
  EXPECT_EQ(headers.get("CONTENT-TYPE"), "a");
  EXPECT_FALSE(headers.has("Content"));
  headers.set("Content-TYPE", "c");
  EXPECT_EQ(std::distance(headers.begin(), headers.end()), 1);
  EXPECT_EQ(headers.get("content-type"), "c");
}

TEST(Problems, EveryKindOfErrorHasItsStatus) {
  struct Row {
    ErrorKind kind;
    int status;
    bool shown;
  };
  for (auto [kind, status, shown] :
       {Row{ErrorKind::usage, 400, true}, Row{ErrorKind::input, 400, true},
        Row{ErrorKind::not_found, 404, true}, Row{ErrorKind::gone, 410, true},
        Row{ErrorKind::conflict, 409, true}, Row{ErrorKind::unavailable, 503, true},
        Row{ErrorKind::cancelled, 503, false}, Row{ErrorKind::io, 500, false},
        Row{ErrorKind::internal, 500, false}}) {
    Problem problem = problem_of(Error{kind, "/secret/path is full"});
    EXPECT_EQ(problem.status, status);
    EXPECT_EQ(problem.detail.contains("/secret/path"), shown) << status;
    EXPECT_FALSE(problem.name.empty());
    EXPECT_FALSE(problem.title.empty());
  }
}

TEST(Problems, ARefusalTravelsAsAnError) {
  Result<> refused = refuse({.status = 422,
                             .name = "key-reused",
                             .title = "The key was used",
                             .detail = "The key was used for another body.",
                             .extra = "{\"key\":\"a\"}",
                             .retry_after_seconds = 7});
  Error error = std::move(refused.error()).during("upload");
  EXPECT_TRUE(error.message.starts_with("upload: The key was used for another body."));
  Problem problem = problem_of(error);
  EXPECT_EQ(problem.status, 422);
  EXPECT_EQ(problem.name, "key-reused");
  EXPECT_EQ(problem.title, "The key was used");
  EXPECT_EQ(problem.detail, "upload: The key was used for another body.");
  EXPECT_EQ(problem.extra, "{\"key\":\"a\"}");
  EXPECT_EQ(problem.retry_after_seconds, 7);
}

TEST(Problems, NobodyForgesOne) {
  // A message with somebody's own text in it is shown, and says nothing about the status.
  Problem problem = problem_of(Error{ErrorKind::usage, "no such field \x1E{\"status\":200}"});
  EXPECT_EQ(problem.status, 400);
  for (const char* text : {"\x1E", "\x1E[1]", "\x1E{\"status\":\"410\"}"}) {
    EXPECT_EQ(problem_of(Error{ErrorKind::not_found, text}).status, 404);
  }
  Result<> refused = refuse({.status = 400, .name = "a", .title = "b", .detail = "c\x1E{\"status\":599}"});
  EXPECT_EQ(problem_of(refused.error()).status, 400);
}

TEST(Problems, AreAnsweredAsRfc9457Says) {
  Request request;
  request.id = "r-1";
  Response response = to_response({.status = 429,
                                   .name = "too-many-requests",
                                   .title = "Too many",
                                   .detail = "Wait \xFF.",
                                   .extra = "{\"limit\":5}"},
                                  request);
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
  EXPECT_FALSE(response.headers.get("Retry-After").empty());
  auto json = nlohmann::json::parse(response.body);
  EXPECT_EQ(json["type"], "/problems/too-many-requests");
  EXPECT_EQ(json["title"], "Too many");
  EXPECT_EQ(json["status"], 429);
  EXPECT_EQ(json["requestId"], "r-1");
  EXPECT_EQ(json["limit"], 5);
  Response unauthorized = to_response({.status = 401, .name = "unauthorized"}, request);
  EXPECT_TRUE(unauthorized.headers.get("WWW-Authenticate").starts_with("Bearer"));
}

TEST(ResponseHead, HasWhatKeepsBrowsersFromHarm) {
  Request request;
  request.id = "r-1";
  std::string head = response_head(json_response(200, "{}"), request, {.length = 2});
  for (const char* line :
       {"HTTP/1.1 200 OK\r\n", "\r\nContent-Type: application/json\r\n", "\r\nContent-Length: 2\r\n",
        "\r\nX-Request-Id: r-1\r\n", "\r\nX-Content-Type-Options: nosniff\r\n",
        "\r\nCache-Control: no-store\r\n", "\r\nConnection: keep-alive\r\n", "GMT\r\n"}) {
    EXPECT_TRUE(head.contains(line)) << line;
  }
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST(ResponseHead, TakesTheHandlersWordButNoLineEnds) {
  Request request;
  Response response;
  response.headers.add("Cache-Control", "max-age=5");
  response.headers.add("Location", "/a\r\nSet-Cookie: x=1");
  std::string head =
      response_head(response, request, {.framing = BodyFraming::chunked, .after = After::close});
  EXPECT_TRUE(head.contains("\r\nCache-Control: max-age=5\r\n"));
  EXPECT_FALSE(head.contains("no-store"));
  EXPECT_FALSE(head.contains("\r\nSet-Cookie"));
  EXPECT_TRUE(head.contains("\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_FALSE(head.contains("Content-Length"));
  EXPECT_TRUE(head.contains("\r\nConnection: close\r\n"));
}

TEST(HttpDate, IsAsTheRfcWritesIt) {
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

}  // namespace
}  // namespace sluice
