#include "server/routes.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

Routes table() {
  Routes routes;
  for (const char* line :
       {"GET /", "POST /states/batch", "GET /states/{name}", "PUT /states/{name}", "GET /states/jobs/{id}",
        "GET /v1/jobs/{id}/rows/{n}", "GET /docs/{file:rest}", "OPTIONS /v1/uploads", "POST /v1/uploads",
        "HEAD /v1/uploads/{id}", "GET /v1/uploads/{id}"}) {
    std::string_view text = line;
    auto blank = text.find(' ');
    routes.add({.method = std::string(text.substr(0, blank)),
                .pattern = std::string(text.substr(blank + 1)),
                .operation = std::string(text)});
  }
  return routes;
}

std::string found(const Routes& routes, std::string_view method, std::string_view path) {
  auto match = routes.find(method, path);
  if (match.route == nullptr) {
    std::string methods;
    for (const auto& one : match.methods) methods += one + " ";
    return methods;
  }
  std::string text = match.route->operation;
  for (const auto& [name, value] : match.parameters) text += " " + name + "=" + value;
  return text;
}

TEST(Routes, FindWhatFits) {
  Routes routes = table();
  EXPECT_EQ(found(routes, "GET", "/"), "GET /");
  EXPECT_EQ(found(routes, "GET", "/states/New%20York"), "GET /states/{name} name=New York");
  EXPECT_EQ(found(routes, "GET", "/v1/jobs/7/rows/12"), "GET /v1/jobs/{id}/rows/{n} id=7 n=12");
  EXPECT_EQ(found(routes, "GET", "/docs/css/page.css"), "GET /docs/{file:rest} file=css/page.css");
  EXPECT_EQ(found(routes, "GET", "/docs/"), "GET /docs/{file:rest} file=");
}

TEST(Routes, FindNothingWhereSegmentsAreMissingOrEmpty) {
  Routes routes = table();
  for (const char* path : {"/states", "/states/", "/states/a/b", "/v1/jobs/7/rows", "/v1/jobs//rows/1",
                           "//states/a", "/docs", "", "states/a", "*", "/states/%zz"}) {
    EXPECT_EQ(found(routes, "GET", path), "") << path;
  }
}

TEST(Routes, AnEncodedSlashStaysInsideItsSegment) {
  Routes routes = table();
  EXPECT_EQ(found(routes, "GET", "/states/a%2Fb"), "GET /states/{name} name=a/b");
}

TEST(Routes, AWordWinsOverAParameterButOnlyForItsMethod) {
  Routes routes = table();
  EXPECT_EQ(found(routes, "POST", "/states/batch"), "POST /states/batch");
  EXPECT_EQ(found(routes, "GET", "/states/batch"), "GET /states/{name} name=batch");
  EXPECT_EQ(found(routes, "GET", "/states/jobs/7"), "GET /states/jobs/{id} id=7");
}

TEST(Routes, HeadIsAnsweredByItsOwnRouteOrByGets) {
  Routes routes = table();
  EXPECT_EQ(found(routes, "HEAD", "/states/a"), "GET /states/{name} name=a");
  EXPECT_EQ(found(routes, "HEAD", "/v1/uploads/7"), "HEAD /v1/uploads/{id} id=7");
}

TEST(Routes, ToldWhichMethodsThereAre) {
  Routes routes = table();
  EXPECT_EQ(found(routes, "DELETE", "/states/a"), "GET HEAD OPTIONS PUT ");
  EXPECT_EQ(found(routes, "GET", "/v1/uploads"), "OPTIONS POST ");
}

}  // namespace
}  // namespace sluice
