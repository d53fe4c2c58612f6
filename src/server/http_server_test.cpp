#include "server/http_server.h"

#include <gtest/gtest.h>

#include "server/http_test_client.h"

namespace sluice {
namespace {

using testing::get;
using testing::post;
using testing::RawClient;
using testing::RunningServer;

class CountingSink final : public RequestSink {
 public:
  Result<> write(std::string_view bytes) override {
    total_ += bytes.size();
    return {};
  }
  Result<Response> finish() override { return json_response(201, std::to_string(total_)); }

 private:
  std::uint64_t total_ = 0;
};

Routes some_routes() {
  Routes routes;
  routes.add({.method = "GET",
              .pattern = "/hello/{name}",
              .permission = Permission::read,
              .handler = [](const Request& request) -> Result<Response> {
                return json_response(200, "hello " + request.parameters.at("name"));
              }});
  routes.add({.method = "POST",
              .pattern = "/echo",
              .permission = Permission::submit,
              .handler = [](const Request& request) -> Result<Response> {
                return json_response(200, request.body);
              }});
  routes.add({.method = "POST",
              .pattern = "/count",
              .permission = Permission::submit,
              .sink = [](const Request&) -> Result<std::unique_ptr<RequestSink>> {
                return std::make_unique<CountingSink>();
              }});
  return routes;
}

TEST(HttpServer, AnswersOneRequestAfterTheOtherOnAConnection) {
  RunningServer server(some_routes());
  RawClient client(server.port());
  auto answer = client.ask(get("/hello/New%20York"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello New York");
  EXPECT_EQ(answer.header("Connection"), "keep-alive");
  answer = client.ask(post("/echo", "{\"a\":1}"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "{\"a\":1}");
  answer = client.ask(post("/count", std::string(1'000'000, 'x')));
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, "1000000");
  answer = client.ask(get("/nowhere"));
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  server.stop();
  EXPECT_EQ(server.served(), (std::vector<int>{200, 200, 201, 404}));
}

}  // namespace
}  // namespace sluice
