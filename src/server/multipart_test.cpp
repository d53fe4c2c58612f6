#include "server/multipart.h"

#include <gtest/gtest.h>

#include <random>

#include "server/multipart_twin.h"

namespace sluice {
namespace {

using testing::CollectedParts;
using testing::read_whole;
using testing::shown;

struct Scanned {
  std::vector<testing::WholePart> parts;
  std::optional<Error> error;
};

// Fed in pieces that end at `cuts`.
Scanned scan(std::string_view body, const std::string& boundary, const std::vector<std::size_t>& cuts = {},
             const MultipartLimits& limits = {}) {
  CollectedParts parts;
  MultipartScanner scanner(boundary, limits, parts);
  Result<> fed;
  std::size_t begin = 0;
  for (std::size_t cut : cuts) {
    if (fed) fed = scanner.feed(body.substr(begin, cut - begin));
    begin = cut;
  }
  if (fed) fed = scanner.feed(body.substr(begin));
  if (fed) fed = scanner.finish();
  if (!fed) return {std::move(parts.parts), fed.error()};
  return {std::move(parts.parts), {}};
}

std::string shown(const Scanned& scanned) {
  if (scanned.error) return "no form";
  return shown(std::optional(scanned.parts));
}

void expect_refused(const std::string& body, std::string_view part, const MultipartLimits& limits = {}) {
  Scanned scanned = scan(body, "b", {}, limits);
  ASSERT_TRUE(scanned.error) << body;
  EXPECT_EQ(scanned.error->kind, ErrorKind::usage);
  EXPECT_NE(scanned.error->message.find(part), std::string::npos) << scanned.error->message;
}

std::string one_part(const std::string& head, const std::string& data) {
  return "--b\r\n" + head + "\r\n\r\n" + data + "\r\n--b--\r\n";
}

const std::string kField = "Content-Disposition: form-data; name=\"a\"";

// As Chromium sends a form of a file and two fields.
TEST(Multipart, AFormOfABrowser) {
  const std::string boundary = "----WebKitFormBoundarykT9rQ2dVJxw8Zb1L";
  const std::string body =
      "--" + boundary + "\r\nContent-Disposition: form-data; name=\"pipeline\"\r\n\r\npeople\r\n--" +
      boundary +
      "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"M\xc3\xbcller "
      "%22a%22.csv\"\r\nContent-Type: text/csv\r\n\r\nid,name\r\n1,Ann\r\n\r\n--" +
      boundary + "\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n\r\n--" + boundary + "--\r\n";
  Scanned scanned = scan(body, boundary);
  ASSERT_FALSE(scanned.error) << scanned.error->message;
  EXPECT_EQ(shown(scanned),
            "[pipeline|-||people][file|M\xc3\xbcller \"a\".csv|text/csv|id,name\r\n1,Ann\r\n][metadata|-||]");
}

TEST(Multipart, EveryWayOfWritingAHead) {
  struct Case {
    const char* head;
    const char* shown;
  };
  const Case cases[] = {
      {"Content-Disposition: form-data; name=a", "[a|-||x]"},
      {"content-disposition:form-data;name=\"a\";filename=\"\"", "[a|||x]"},
      {"Content-Disposition: form-data; filename=\"b.csv\"; name=\"a\"", "[a|b.csv||x]"},
      {"Content-Disposition: form-data; name=\"a\"; filename=\"q\\\"uote.csv\"", "[a|q\"uote.csv||x]"},
      {"Content-Disposition: form-data; name=\"a\"; filename=\"C:\\tmp\\b.csv\"", "[a|C:\\tmp\\b.csv||x]"},
      {"Content-Disposition: form-data; name=\"a\"; filename=\"x; name=y.csv\"", "[a|x; name=y.csv||x]"},
      {"Content-Disposition: form-data; name=\"a\"; filename=\"100%25.csv\"", "[a|100%25.csv||x]"},
      {"Content-Disposition: form-data; name=\"a\"; filename=\"e.csv\"; filename*=UTF-8''%e2%82%ac.csv",
       "[a|\xe2\x82\xac.csv||x]"},
      {"Content-Disposition: form-data; name=\"a\"; filename=\"e.csv\"; filename*=big5''%aa.csv",
       "[a|e.csv||x]"},
      {"Content-Disposition: form-data;\r\n name=\"a\";\r\n\tfilename=b.csv", "[a|b.csv||x]"},
      {"X: y\r\nContent-Type:  text/csv \r\nContent-Disposition: form-data; name=\"a\"", "[a|-|text/csv|x]"},
      {"Content-Transfer-Encoding: Binary\r\nContent-Disposition: form-data; name=\"a\"", "[a|-||x]"},
  };
  for (const Case& test : cases)
    EXPECT_EQ(shown(scan(one_part(test.head, "x"), "b")), test.shown) << test.head;
}

TEST(Multipart, WhatIsNoFormIsToldWhy) {
  expect_refused("", "did not arrive whole");
  expect_refused("--b\r\n" + kField + "\r\n\r\nx\r\n--b", "did not arrive whole");
  expect_refused("--b\r\n" + kField + "\r\n\r\nx\r\n", "did not arrive whole");
  expect_refused("--b\n" + kField + "\n\nx\n--b--\n", "followed by something else");
  expect_refused("--bc\r\n" + kField + "\r\n\r\nx\r\n--bc--\r\n", "followed by something else");
  expect_refused(std::string(9000, 'x'), "no boundary");
  expect_refused(one_part("Content-Type: text/csv", "x"), "no Content-Disposition");
  expect_refused("--b\r\n\r\nx\r\n--b--\r\n", "no Content-Disposition");
  expect_refused(one_part("Content-Disposition: form-data", "x"), "not form-data with a name");
  expect_refused(one_part("Content-Disposition: attachment; name=a", "x"), "not form-data");
  expect_refused(one_part(kField + "\r\nno header", "x"), "no header");
  expect_refused(one_part(kField + "\r\nX: \x01", "x"), "no header");
  expect_refused(one_part(kField + "\r\nContent-Transfer-Encoding: base64", "eA=="), "base64");
  expect_refused(one_part(kField + "\r\nContent-Type: multipart/mixed; boundary=c", "x"), "holds several");
}

TEST(Multipart, ThereAreLimits) {
  MultipartLimits limits;
  limits.parts = 2;
  limits.head_bytes = 100;
  limits.name_bytes = 5;
  std::string part = "--b\r\n" + kField + "\r\n\r\nx\r\n";
  EXPECT_FALSE(scan(part + part + "--b--", "b", {}, limits).error);
  expect_refused(part + part + part + "--b--", "more than 2 parts", limits);
  std::string longest = kField + "\r\nX: " + std::string(100 - kField.size() - 5 - 4, 'x');
  EXPECT_FALSE(scan(one_part(longest, "x"), "b", {}, limits).error);
  expect_refused(one_part(longest + "x", "x"), "longer than 100 bytes", limits);
  expect_refused("--b\r\n" + std::string(1000, 'x'), "longer than 100 bytes", limits);
  EXPECT_FALSE(scan(one_part("Content-Disposition: form-data; name=12345", "x"), "b", {}, limits).error);
  expect_refused(one_part("Content-Disposition: form-data; name=123456", "x"), "longer than 5 bytes", limits);
  expect_refused("--b" + std::string(1000, ' ') + "\r\n", "followed by something else");
}

TEST(Multipart, AnErrorOfTheReceiverEndsIt) {
  struct Full : CollectedParts {
    Result<> part_data(std::string_view) override { return fail(ErrorKind::io, "the disk is full"); }
  } parts;
  MultipartScanner scanner("b", {}, parts);
  auto fed = scanner.feed(one_part(kField, "x"));
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().message, "the disk is full");
  EXPECT_FALSE(scanner.feed("more"));
  EXPECT_FALSE(scanner.finish());
}

TEST(Multipart, TheBoundaryOfAContentType) {
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc").value_or("-"), "abc");
  EXPECT_EQ(multipart_boundary("Multipart/Form-Data ;charset=utf-8; Boundary=\"a b:c\"").value_or("-"),
            "a b:c");
  const std::vector<std::string> wrong_ones = {"multipart/form-data",
                                               "multipart/form-data; boundary=",
                                               "multipart/form-data; boundary=\"a \"",
                                               "multipart/mixed; boundary=a",
                                               "text/csv",
                                               "multipart/form-data; boundary=\"a\r\"",
                                               "",
                                               "multipart/form-data; boundary=" + std::string(71, 'a')};
  for (const std::string& wrong : wrong_ones) EXPECT_FALSE(multipart_boundary(wrong)) << wrong;
}

// Bodies made of what matters to a scanner, mostly well formed.
class Bodies {
 public:
  explicit Bodies(unsigned seed) : random_(seed) {}

  std::string boundary() {
    static constexpr const char* kBoundaries[] = {"b", "-", "--", "aa", "ab-ab", "----x"};
    return kBoundaries[random_() % std::size(kBoundaries)];
  }
  std::string body(const std::string& boundary) {
    std::string body = random_() % 4 == 0 ? noise(boundary) : "";
    if (!body.empty() && random_() % 2 == 0) body += "\r\n";
    for (auto parts = random_() % 4; parts > 0; --parts) {
      body += "--" + boundary + (random_() % 5 == 0 ? " \t" : "") + "\r\n";
      body +=
          kField + (random_() % 2 == 0 ? "; filename=\"f.csv\"\r\nContent-Type: text/csv" : "") + "\r\n\r\n";
      if (random_() % 8 != 0) body += noise(boundary) + "\r\n";
    }
    if (random_() % 20 != 0) body += "--" + boundary + "--";
    if (random_() % 3 == 0) body += "\r\n" + noise(boundary);
    if (random_() % 4 == 0) body.erase(random_() % (body.size() + 1), random_() % 3);
    return body;
  }

 private:
  std::string noise(const std::string& boundary) {
    const std::string kPieces[] = {"\r",
                                   "\n",
                                   "\r\n",
                                   "-",
                                   "--",
                                   "\r\n-",
                                   "\r\n--",
                                   "\r\n--" + boundary.substr(1),
                                   boundary,
                                   "\r\n" + boundary,
                                   "x",
                                   "a,b",
                                   "\r\r\n",
                                   "\r\n\r\n",
                                   "--" + boundary};
    std::string text;
    while (random_() % 5 != 0) text += kPieces[random_() % std::size(kPieces)];
    return text;
  }
  std::minstd_rand random_;
};

TEST(Multipart, EveryCutGivesWhatTheSlowTwinReads) {
  int forms = 0, others = 0;
  for (unsigned seed = 1; seed <= 4000; ++seed) {
    Bodies bodies(seed);
    std::string boundary = bodies.boundary(), body = bodies.body(boundary);
    auto whole = read_whole(body, boundary);
    const std::string expected = shown(whole);
    ++(whole ? forms : others);
    ASSERT_EQ(shown(scan(body, boundary)), expected) << seed << "\n" << body;
    std::vector<std::size_t> everywhere;
    for (std::size_t cut = 0; cut <= body.size(); ++cut) {
      ASSERT_EQ(shown(scan(body, boundary, {cut})), expected) << seed << " cut at " << cut << "\n" << body;
      everywhere.push_back(cut);
    }
    ASSERT_EQ(shown(scan(body, boundary, everywhere)), expected) << seed << " byte by byte\n" << body;
  }
  EXPECT_GT(forms, 1000);
  EXPECT_GT(others, 500);
}

}  // namespace
}  // namespace sluice
