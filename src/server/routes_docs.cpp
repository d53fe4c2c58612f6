// The API about itself: /openapi.json and /docs.
#include "server/openapi.h"
#include "server/routes_admin.h"

namespace sluice {
namespace {

constexpr const char* kForAnHour = "public, max-age=3600";

Result<Response> openapi(const Request&) {
  Response response = json_answer(200, openapi_document());
  response.headers.add("Cache-Control", kForAnHour);
  return response;
}

Result<Response> docs(const Request&) {
  static const DocsPage page = docs_page(openapi_document());
  Response response;
  response.body = page.html;
  response.headers.add("Content-Type", "text/html; charset=utf-8");
  response.headers.set("Content-Security-Policy",
                       "default-src 'none'; style-src " + page.style_hash +
                           "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  response.headers.add("Cache-Control", kForAnHour);
  return response;
}

}  // namespace

void add_docs_routes(Routes& routes) {
  using enum Permission;
  routes.add({"GET", "/openapi.json", open, openapi, {}, "getOpenapi", {}});
  routes.add({"GET", "/docs", open, docs, {}, "getDocs", {}});
}

}  // namespace sluice
