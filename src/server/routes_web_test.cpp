// What the server sends of its web page, without a socket.
#include "server/routes_web.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace sluice {
namespace {

class WebTest : public testing::Test {
 protected:
  void SetUp() override {
    add_web_routes(routes_);
    routes_.add({"GET",
                 "/v1/jobs/{id}",
                 Permission::read,
                 [](const Request&) { return Response{}; },
                 {},
                 "getJob",
                 {}});
    routes_.add(
        {"POST", "/states", Permission::read, [](const Request&) { return Response{}; }, {}, "api", {}});
  }

  Result<Response> get(const std::string& path, Headers headers = {}) {
    Request request;
    request.method = "GET";
    request.path = path;
    request.headers = std::move(headers);
    Routes::Match match = routes_.find("GET", path);
    if (match.route == nullptr) return fail(ErrorKind::not_found, "no route");
    EXPECT_EQ(match.route->permission, Permission::open);
    request.parameters = std::move(match.parameters);
    return match.route->handler(request);
  }

  static Headers with(const std::string& name, const std::string& value) {
    Headers headers;
    headers.add(name, value);
    return headers;
  }

  static std::string unzipped(const std::string& gzip) {
    std::string text(1 << 20, '\0');
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzip.data()));
    stream.avail_in = static_cast<uInt>(gzip.size());
    stream.next_out = reinterpret_cast<Bytef*>(text.data());
    stream.avail_out = static_cast<uInt>(text.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    text.resize(stream.total_out);
    inflateEnd(&stream);
    return text;
  }

  // The first file that the page loads.
  static std::string script_of(const std::string& html) {
    const std::size_t begin = html.find("src=\"/assets/") + 5;
    return html.substr(begin, html.find('"', begin) - begin);
  }

  Routes routes_;
};

TEST_F(WebTest, addresses_of_the_page_are_answered_with_it_and_no_others) {
  const Result<Response> page = get("/");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->headers.get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page->headers.get("Cache-Control"), "no-cache");
  for (const char* path :
       {"/jobs", "/jobs/0193a0b2-7c3a-7b1e-8f2d-5a6b7c8d9e0f/rejects", "/rows/people", "/aggregates/states",
        "/pipelines/new", "/queue", "/dashboard", "/keys", "/audit", "/sign-in"}) {
    const Result<Response> same = get(path);
    ASSERT_TRUE(same) << path;
    EXPECT_EQ(same->body, page->body) << path;
  }
  for (const char* path : {"/v1", "/v1/nothing", "/statistics", "/favicon.ico", "/assets", "/index.html"})
    EXPECT_FALSE(get(path)) << path;
  EXPECT_EQ(routes_.find("GET", "/v1/jobs/1").route->operation, "getJob");
  EXPECT_EQ(routes_.find("POST", "/states").route->operation, "api");
}

TEST_F(WebTest, only_its_own_scripts_run_in_it) {
  const Result<Response> page = get("/");
  ASSERT_TRUE(page);
  const std::string policy(page->headers.get("Content-Security-Policy"));
  EXPECT_NE(policy.find("default-src 'none'; script-src 'self';"), std::string::npos) << policy;
  EXPECT_EQ(policy.find("unsafe-eval"), std::string::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(policy.find("http"), std::string::npos) << "nothing is loaded from elsewhere";
  EXPECT_EQ(page->body.find("<script>"), std::string::npos);
  for (std::size_t at = page->body.find("<script"); at != std::string::npos;
       at = page->body.find("<script", at + 1))
    EXPECT_NE(page->body.substr(at, 200).find("src=\"/assets/"), std::string::npos);
}

TEST_F(WebTest, files_are_kept_for_ever_and_sent_packed) {
  const std::string path = script_of(get("/")->body);
  const Result<Response> plain = get(path);
  ASSERT_TRUE(plain) << path;
  EXPECT_EQ(plain->headers.get("Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(plain->headers.get("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_FALSE(plain->headers.has("Content-Encoding"));
  for (const char* taken : {"gzip", "br, gzip;q=0.5", "*"}) {
    const Result<Response> packed = get(path, with("Accept-Encoding", taken));
    ASSERT_TRUE(packed);
    EXPECT_EQ(packed->headers.get("Content-Encoding"), "gzip") << taken;
    EXPECT_LT(packed->body.size(), plain->body.size());
    EXPECT_EQ(unzipped(packed->body), plain->body);
  }
  for (const char* not_taken : {"br", "gzip;q=0", "identity, gzip; q=0.0", "xgzip"}) {
    const Result<Response> again = get(path, with("Accept-Encoding", not_taken));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->body, plain->body) << not_taken;
  }
}

TEST_F(WebTest, what_a_browser_has_is_not_sent_again) {
  const Result<Response> page = get("/");
  const std::string etag(page->headers.get("ETag"));
  ASSERT_TRUE(etag.starts_with("W/\"")) << etag;
  for (const std::string& has : {etag, "\"other\", " + etag, std::string("*")}) {
    const Result<Response> same = get("/jobs", with("If-None-Match", has));
    ASSERT_TRUE(same);
    EXPECT_EQ(same->status, 304) << has;
    EXPECT_TRUE(same->body.empty());
    EXPECT_EQ(same->headers.get("ETag"), etag);
    EXPECT_TRUE(same->headers.has("Content-Security-Policy"));
  }
  EXPECT_EQ(get("/", with("If-None-Match", "W/\"other\""))->status, 200);
}

TEST_F(WebTest, a_file_of_an_earlier_version_is_not_there) {
  const Result<Response> gone = get("/assets/index-00000000.js");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, ErrorKind::not_found);
  EXPECT_NE(gone.error().message.find("load the page again"), std::string::npos);
}

}  // namespace
}  // namespace sluice
