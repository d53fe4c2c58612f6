// Every way of upload on a real store and a real folder, without a socket: the sinks are fed as the transport
// feeds them, in pieces, to their end or not.
#include "server/routes_uploads.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "adapters/blobs_file.h"
#include "adapters/store_sqlite.h"
#include "base/uuid.h"
#include "jobs/sweep_uploads.h"
#include "jobs/upload_keys.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using namespace std::chrono_literals;

const std::string kPeople = "id,name\n1,Ann\n2,Bob\n";

class UploadRoutesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "uploads-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    fs::create_directory(root_ / "pipelines");
    std::ofstream(root_ / "pipelines" / "people.yaml") << "name: people\n";
    open();
  }
  void TearDown() override {
    close();
    fs::remove_all(root_);
  }
  void open() {
    store_ = open_store_sqlite((root_ / "store.db").string(), {}).value();
    blobs_ = open_blobs_file((root_ / "blobs").string()).value();
    service_ = std::make_unique<Service>(Service{.store = *store_,
                                                 .queue = store_->queue(),
                                                 .blobs = *blobs_,
                                                 .pipelines_folder = (root_ / "pipelines").string()});
    routes_ = Routes();
    add_upload_routes(
        routes_, *service_,
        {.blobs_url = "file:" + (root_ / "blobs").string(), .most_bytes = 10'000'000, .reserve_bytes = 0});
  }
  void close() {
    routes_ = Routes();
    service_.reset();
    blobs_.reset();
    store_.reset();
  }

  // Sends `body` in pieces; only the first `most` bytes of it where the client goes away.
  Response send(Request request, const std::string& body = "", std::size_t piece = 1000,
                std::size_t most = std::string::npos) {
    request.id = "test";
    request.origin = "http://here";
    if (!request.content_length && !request.headers.has("Transfer-Encoding"))
      request.content_length = body.size();
    const std::string method = request.method == "HEAD" ? "GET" : request.method;
    Routes::Match match = routes_.find(method, request.path);
    EXPECT_NE(match.route, nullptr) << request.method << " " << request.path;
    if (match.route == nullptr) return {};
    request.parameters = match.parameters;
    auto answered = match.route->sink
                        ? feed(match.route->sink(request), body.substr(0, most), piece, most > body.size())
                        : match.route->handler(request);
    Response response = answered ? *std::move(answered) : to_response(problem_of(answered.error()), request);
    if (match.route->every_answer) response = match.route->every_answer(std::move(response));
    return response;
  }
  static Result<Response> feed(Result<std::unique_ptr<RequestSink>> made, std::string_view body,
                               std::size_t piece, bool ends) {
    auto sink = TRY(std::move(made));
    for (; !body.empty(); body.remove_prefix(std::min(piece, body.size())))
      TRY(sink->write(body.substr(0, piece)));
    if (!ends) return fail(ErrorKind::io, "the client went away");
    return sink->finish();
  }

  Response post(const std::string& path, const std::string& body, const std::string& type = "text/csv",
                std::multimap<std::string, std::string> query = {}, const std::string& key = "") {
    Request request;
    request.method = "POST";
    request.path = path;
    request.query = std::move(query);
    request.headers.add("Content-Type", type);
    if (!key.empty()) request.headers.add("Idempotency-Key", key);
    return send(std::move(request), body);
  }
  static std::string form(const std::vector<std::string>& parts) {
    std::string body;
    for (const std::string& part : parts)
      body += "--b\r\nContent-Disposition: form-data; name=" + part + "\r\n";
    return body + "--b--\r\n";
  }
  Response post_form(const std::vector<std::string>& parts) {
    return post("/upload", form(parts), "multipart/form-data; boundary=b");
  }

  Request tus(const std::string& method, const std::string& path,
              const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    Request request;
    request.method = method;
    request.path = path;
    request.headers.add("Tus-Resumable", "1.0.0");
    for (const auto& [name, value] : headers) request.headers.add(name, value);
    return request;
  }
  std::string create_upload(std::size_t length) {
    Response made = send(tus("POST", "/v1/uploads",
                             {{"Upload-Length", std::to_string(length)},
                              {"Upload-Metadata", "filename cGVvcGxlLmNzdg==,pipeline cGVvcGxl"}}));
    EXPECT_EQ(made.status, 201) << made.body;
    return std::string(made.headers.get("Location"));
  }
  Request patch(const std::string& path, std::uint64_t offset) {
    return tus(
        "PATCH", path,
        {{"Upload-Offset", std::to_string(offset)}, {"Content-Type", "application/offset+octet-stream"}});
  }
  std::uint64_t offset_of(const std::string& path) {
    Response head = send(tus("HEAD", path));
    EXPECT_EQ(head.status, 200) << head.body;
    EXPECT_EQ(head.headers.get("Tus-Resumable"), "1.0.0");
    return std::stoull(std::string(head.headers.get("Upload-Offset")));
  }

  std::string stored(const std::string& key) {
    auto source = blobs_->open(key, 0);
    if (!source) return source.error().message;
    std::string all(20'000'000, '\0');
    std::size_t held = 0;
    while (std::size_t count = (*source)->read(std::span(all).subspan(held), {}).value()) held += count;
    return all.substr(0, held);
  }
  // The job an answer names, whose file has to be there as it was sent.
  Job job_with(const Response& answer, const std::string& content) {
    EXPECT_EQ(answer.status, 202) << answer.body;
    const Json json = Json::parse(answer.body, nullptr, false);
    if (!json.is_object() || !json.contains("jobId")) return {};
    EXPECT_EQ(json["jobId"], json["processId"]);
    EXPECT_EQ(json["status"], "PENDING");
    EXPECT_EQ(json["links"]["self"], "http://here/v1/jobs/" + json["jobId"].get<std::string>());
    return stored_job(json["jobId"], content);
  }
  Job stored_job(const std::string& id, const std::string& content) {
    auto job = store_->jobs().get(id);
    EXPECT_TRUE(job) << job.error().message;
    if (!job) return {};
    EXPECT_TRUE(stored(blob_key_of(job->blob)) == content);
    EXPECT_EQ(job->file_size, content.size());
    EXPECT_EQ(job->file_sha256, to_hex(Sha256().of(content)));
    return *job;
  }
  std::size_t job_count() { return store_->jobs().list({.tenant = "default"}, {}, 1000).value().size(); }
  std::size_t files() {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(root_ / "blobs"))
      count += entry.is_regular_file();
    return count;
  }
  void expect_refused(const Response& answer, int status, const std::string& part) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_NE(answer.body.find(part), std::string::npos) << answer.body;
    EXPECT_EQ(files(), 0u) << part;
    EXPECT_EQ(job_count(), 0u) << part;
  }

  fs::path root_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<Service> service_;
  Routes routes_;
};

TEST_F(UploadRoutesTest, ARawBodyBecomesAJob) {
  Job job = job_with(post("/v1/pipelines/people/jobs", kPeople, "application/octet-stream",
                          {{"fileName", "../a.csv"}, {"metadata", "{\"a\":1}"}, {"priority", "5"}}),
                     kPeople);
  EXPECT_EQ(job.pipeline, "people");
  EXPECT_EQ(job.file_name, "a.csv");
  EXPECT_EQ(job.content_type, "text/csv");
  EXPECT_EQ(job.metadata, "{\"a\":1}");
  EXPECT_EQ(job.priority, 5);
  EXPECT_EQ(job.created_by, "anonymous");
  EXPECT_EQ(job.id, id_of_upload_key(blob_key_of(job.blob)));
  Request named;
  named.method = "POST";
  named.path = "/v1/pipelines/people/jobs";
  named.headers.add("Content-Disposition", "attachment; filename=\"b.csv\"");
  EXPECT_EQ(job_with(send(named, kPeople), kPeople).file_name, "b.csv");
}

TEST_F(UploadRoutesTest, AFormBecomesAJobInWhateverOrder) {
  const std::string file = "file; filename=people.csv\r\nContent-Type: text/csv\r\n\r\n" + kPeople;
  Job last = job_with(post_form({"pipeline\r\n\r\npeople", "metadata\r\n\r\n{\"a\":1}", file}), kPeople);
  Job first = job_with(post_form({file, "metadata\r\n\r\n{\"a\":1}", "pipeline\r\n\r\npeople"}), kPeople);
  for (const Job& job : {first, last}) {
    EXPECT_EQ(job.pipeline, "people");
    EXPECT_EQ(job.file_name, "people.csv");
    EXPECT_EQ(job.metadata, "{\"a\":1}");
  }
  Job named = job_with(post_form({"file; filename=\"Hospital List.csv\"\r\n\r\n" + kPeople}), kPeople);
  EXPECT_EQ(named.pipeline, "Hospital-List") << "by the file's name";
  Job plain = job_with(post_form({"pipeline\r\n\r\n", "delay\r\n\r\n", file, "priority\r\n\r\n"}), kPeople);
  EXPECT_EQ(plain.pipeline, "people") << "fields that were left empty say nothing";
}

TEST_F(UploadRoutesTest, WhatIsWrongIsSaidAndLeavesNothing) {
  const std::string file = "file; filename=people.csv\r\n\r\n" + kPeople;
  expect_refused(post_form({file, file}), 400, "more than one file");
  expect_refused(post_form({"pipeline\r\n\r\npeople"}), 400, "no file");
  expect_refused(post_form({file, "pipeline\r\n\r\nnobody"}), 404, "nobody");
  expect_refused(post_form({file, "pipline\r\n\r\npeople"}), 400, "did you mean 'pipeline'?");
  expect_refused(post_form({file, "pipeline\r\n\r\npeople", "pipeline\r\n\r\npeople"}), 400, "stands twice");
  expect_refused(post_form({"upload; filename=people.csv\r\n\r\n" + kPeople}), 400,
                 "has to be in the field `file`");
  expect_refused(post_form({"file\r\n\r\n" + kPeople}), 400, "Neither a pipeline nor a name");
  expect_refused(post_form({"file; filename=\r\n\r\n", "pipeline\r\n\r\npeople"}), 400, "is empty");
  expect_refused(post_form({"file; filename=a.pdf\r\n\r\n%PDF-1.4", "pipeline\r\n\r\npeople"}), 415, "PDF");
  expect_refused(post("/upload", kPeople), 400, "multipart/form-data");
  expect_refused(post("/v1/pipelines/nobody/jobs", kPeople), 404, "nobody");
  expect_refused(post("/v1/pipelines/people/jobs", ""), 400, "is empty");
  expect_refused(post("/v1/pipelines/people/jobs", kPeople, "text/csv", {{"runAt", "soon"}}), 400, "runAt");
  expect_refused(post("/v1/pipelines/people/jobs", kPeople, "text/csv", {}, std::string(256, 'k')), 400,
                 "Idempotency-Key");
  Request broken;
  broken.method = "POST";
  broken.path = "/v1/pipelines/people/jobs";
  expect_refused(send(broken, kPeople, 5, 10), 500, "");
}

TEST_F(UploadRoutesTest, AKeyOfSomePipelinesReachesNoOther) {
  auto as = [&](const std::string& path, const std::string& type, const std::string& body) {
    Request request;
    request.method = "POST";
    request.path = path;
    request.principal.pipelines = {"others"};
    request.headers.add("Content-Type", type);
    return send(request, body);
  };
  expect_refused(as("/v1/pipelines/people/jobs", "text/csv", kPeople), 403, "other pipelines");
  const std::string file = "file; filename=people.csv\r\n\r\n" + kPeople;
  expect_refused(as("/upload", "multipart/form-data; boundary=b", form({file})), 403, "other pipelines");
  expect_refused(as("/upload", "multipart/form-data; boundary=b", form({file, "pipeline\r\n\r\npeople"})),
                 403, "other pipelines");
}

TEST_F(UploadRoutesTest, TheSameKeyIsTheSameJob) {
  Response first = post("/v1/pipelines/people/jobs", kPeople, "text/csv", {}, "k1");
  Response again = post("/v1/pipelines/people/jobs", kPeople, "text/csv", {{"fileName", "b.csv"}}, "k1");
  EXPECT_EQ(again.status, 202) << again.body;
  EXPECT_EQ(Json::parse(first.body)["jobId"], Json::parse(again.body)["jobId"]);
  Response other = post("/v1/pipelines/people/jobs", kPeople + "3,Cy\n", "text/csv", {}, "k1");
  EXPECT_EQ(other.status, 422) << other.body;
  EXPECT_EQ(job_count(), 1u);
  EXPECT_EQ(files(), 1u) << "the files of the others are gone";
  EXPECT_EQ(post("/v1/pipelines/people/jobs", kPeople, "text/csv", {}, "k2").status, 202);
  EXPECT_EQ(job_count(), 2u);
}

TEST_F(UploadRoutesTest, AFileThatIsThereAlreadyIsNamed) {
  fs::create_directories(root_ / "blobs" / "inbox");
  std::ofstream(root_ / "blobs" / "inbox" / "a.csv") << kPeople;
  auto refer = [&](const std::string& url) {
    return post("/v1/pipelines/people/jobs", Json{{"blob", url}}.dump(), "application/json");
  };
  for (std::string url : {std::string("file:inbox/a.csv"), std::string("file:./x/../inbox//a.csv"),
                          "file://" + (root_ / "blobs/inbox/a.csv").string()}) {
    Response answer = refer(url);
    ASSERT_EQ(answer.status, 202) << url << answer.body;
    Job job = store_->jobs().get(Json::parse(answer.body)["jobId"]).value();
    EXPECT_EQ(blob_key_of(job.blob), "inbox/a.csv");
    EXPECT_EQ(job.file_name, "a.csv");
    EXPECT_EQ(job.file_size, kPeople.size());
  }
  Response uploaded = post("/v1/pipelines/people/jobs", kPeople);
  const std::string own = upload_key(Json::parse(uploaded.body)["jobId"]);
  std::ofstream(root_ / "outside.csv") << kPeople;
  const std::vector<std::string> refused = {
      "file:/etc/passwd",   "file:../outside.csv", "file:inbox/../../outside.csv", "file:",
      "file:none.csv",      "file:inbox",          "file://elsewhere/a.csv",       "s3://bucket/a.csv",
      "inbox/a.csv",        "file:" + own,         "file:inbox/../" + own,         "file:.incoming/x",
      "file:inbox/a.csv%00"};
  for (const std::string& url : refused) {
    Response answer = refer(url);
    EXPECT_EQ(answer.status, 400) << url << answer.body;
  }
  EXPECT_NE(refer("ftp://host/a.csv").body.find("known: file, s3"), std::string::npos);
  EXPECT_NE(refer("s3://bucket/a.csv").body.find("elsewhere than in S3"), std::string::npos);
  EXPECT_EQ(job_count(), 4u);
  const std::string rows = "[{\"blob\":\"file:inbox/a.csv\"}]";
  job_with(post("/v1/pipelines/people/jobs", rows, "application/json"), rows);
}

TEST_F(UploadRoutesTest, ATusUploadOfAnyPieces) {
  std::string content = "id,name\n";
  while (content.size() < 600'000) content += std::to_string(content.size()) + ",Ann\n";
  const std::string path = create_upload(content.size());
  std::mt19937 random(3);
  std::uint64_t offset = 0;
  Response answer;
  while (offset < content.size()) {
    const std::size_t size = std::min<std::size_t>(1 + random() % 90'000, content.size() - offset);
    answer = send(patch(path, offset), content.substr(offset, size), 1 + random() % 30'000);
    ASSERT_EQ(answer.status, 204) << answer.body;
    offset += size;
    ASSERT_EQ(answer.headers.get("Upload-Offset"), std::to_string(offset));
    if (random() % 3 == 0) close(), open();  // another process goes on
  }
  const std::string id(answer.headers.get("Sluice-Job-Id"));
  Job job = stored_job(id, content);
  EXPECT_EQ(job.file_name, "people.csv");
  EXPECT_EQ(job.pipeline, "people");
  EXPECT_EQ(job.content_type, "text/csv");
  Response head = send(tus("HEAD", path));
  EXPECT_EQ(head.headers.get("Sluice-Job-Id"), id);
  EXPECT_EQ(head.headers.get("Location"), "/v1/jobs/" + id);
  EXPECT_EQ(head.headers.get("Upload-Metadata"), "filename cGVvcGxlLmNzdg==,pipeline cGVvcGxl");
  EXPECT_EQ(head.headers.get("Upload-Length"), std::to_string(content.size()));
  EXPECT_EQ(send(patch(path, content.size())).headers.get("Sluice-Job-Id"), id) << "asked again";
  EXPECT_EQ(send(tus("DELETE", path)).status, 409);
  EXPECT_EQ(job_count(), 1u);
  EXPECT_EQ(files(), 1u);
}

TEST_F(UploadRoutesTest, WhatCameBeforeTheClientWentAwayIsKept) {
  const std::string path = create_upload(kPeople.size());
  send(patch(path, 0), kPeople, 4, 12);
  EXPECT_EQ(offset_of(path), 12u);
  close(), open();
  EXPECT_EQ(offset_of(path), 12u);
  Response wrong = send(patch(path, 4), kPeople.substr(4));
  EXPECT_EQ(wrong.status, 409) << wrong.body;
  EXPECT_EQ(Json::parse(wrong.body)["offset"], 12);
  Response last = send(patch(path, 12), kPeople.substr(12));
  stored_job(std::string(last.headers.get("Sluice-Job-Id")), kPeople);
}

TEST_F(UploadRoutesTest, TusChecksums) {
  const std::string path = create_upload(6);
  Request wrong = patch(path, 0);
  wrong.headers.add("Upload-Checksum", "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");  // of "abc"
  EXPECT_EQ(send(wrong, "abd").status, 460);
  EXPECT_EQ(offset_of(path), 0u) << "what cannot be trusted is not kept";
  send(wrong, "abc", 1, 2);
  EXPECT_EQ(offset_of(path), 0u) << "nor what was never checked";
  EXPECT_EQ(send(wrong, "abc").status, 204);
  Response last = send(patch(path, 3), "\n1\n");
  stored_job(std::string(last.headers.get("Sluice-Job-Id")), "abc\n1\n");
  Request unknown = patch(create_upload(6), 0);
  unknown.headers.add("Upload-Checksum", "crc32 AAAA");
  EXPECT_EQ(send(unknown, "abc").status, 400);
}

TEST_F(UploadRoutesTest, TusLengthMayComeLater) {
  Response made = send(
      tus("POST", "/v1/uploads", {{"Upload-Defer-Length", "1"}, {"Upload-Metadata", "filename YS5jc3Y="}}));
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string path(made.headers.get("Location"));
  EXPECT_EQ(send(patch(path, 0), kPeople).status, 204);
  EXPECT_EQ(send(tus("HEAD", path)).headers.get("Upload-Defer-Length"), "1");
  Request last = patch(path, kPeople.size());
  last.headers.add("Upload-Length", std::to_string(kPeople.size()));
  Response ended = send(last);
  EXPECT_EQ(ended.status, 204) << ended.body;
  EXPECT_EQ(stored_job(std::string(ended.headers.get("Sluice-Job-Id")), kPeople).pipeline, "a");
}

TEST_F(UploadRoutesTest, TusCreationWithUpload) {
  Request request = tus("POST", "/v1/uploads",
                        {{"Upload-Length", std::to_string(kPeople.size())},
                         {"Upload-Metadata", "pipeline cGVvcGxl"},
                         {"Content-Type", "application/offset+octet-stream"}});
  Response part = send(request, kPeople.substr(0, 9));
  EXPECT_EQ(part.status, 201) << part.body;
  EXPECT_EQ(part.headers.get("Upload-Offset"), "9");
  EXPECT_EQ(offset_of(std::string(part.headers.get("Location"))), 9u);
  Response whole = send(request, kPeople);
  EXPECT_EQ(whole.status, 201) << whole.body;
  stored_job(std::string(whole.headers.get("Sluice-Job-Id")), kPeople);
}

TEST_F(UploadRoutesTest, TusSaysWhatIsWrong) {
  Request old = tus("HEAD", create_upload(5));
  old.headers.set("Tus-Resumable", "0.2.2");
  Response refused = send(old);
  EXPECT_EQ(refused.status, 412);
  EXPECT_EQ(refused.headers.get("Tus-Version"), "1.0.0");
  const std::string path = create_upload(5);
  Request typed = patch(path, 0);
  typed.headers.set("Content-Type", "text/csv");
  EXPECT_EQ(send(typed, "id\n1\n").status, 415);
  EXPECT_EQ(send(patch(path, 0), "id\n1\n2").status, 400) << "more than its length";
  Request chunked = patch(path, 0);
  chunked.headers.add("Transfer-Encoding", "chunked");
  EXPECT_EQ(send(chunked, "id\n1\n2").status, 400);
  EXPECT_EQ(send(patch("/v1/uploads/" + new_uuid(), 0), "x").status, 404);
  EXPECT_EQ(send(patch("/v1/uploads/x", 0), "x").status, 404);
  auto creation = [&](std::vector<std::pair<std::string, std::string>> headers) {
    return send(tus("POST", "/v1/uploads", headers)).status;
  };
  const std::pair<std::string, std::string> name = {"Upload-Metadata", "filename YS5jc3Y="};
  EXPECT_EQ(creation({name}), 400);
  EXPECT_EQ(creation({name, {"Upload-Length", "5"}, {"Upload-Defer-Length", "1"}}), 400);
  EXPECT_EQ(creation({{"Upload-Length", "5"}}), 400);
  EXPECT_EQ(creation({name, {"Upload-Length", "5"}, {"Upload-Concat", "partial"}}), 400)
      << "a part is no file";
  EXPECT_EQ(creation({name, {"Upload-Length", "10000001"}}), 413);
  EXPECT_EQ(creation({{"Upload-Length", "5"}, {"Upload-Metadata", "pipeline bm9ib2R5"}}), 404);
  EXPECT_EQ(job_count(), 0u);
}

TEST_F(UploadRoutesTest, ATusUploadOfAnotherKindOfFileIsEnded) {
  const std::string path = create_upload(100);
  Response answer = send(patch(path, 0), "%PDF-1.4" + std::string(92, 'x'));
  EXPECT_EQ(answer.status, 415) << answer.body;
  EXPECT_EQ(send(tus("HEAD", path)).status, 404);
  EXPECT_EQ(files(), 0u);
}

TEST_F(UploadRoutesTest, OnlyOneWritesToATusUpload) {
  const std::string path = create_upload(kPeople.size());
  Request request = patch(path, 0);
  Routes::Match match = routes_.find("PATCH", path);
  request.parameters = match.parameters;
  auto first = match.route->sink(request).value();
  ASSERT_TRUE(first->write("id,"));
  Response second = send(patch(path, 0), kPeople);
  EXPECT_EQ(second.status, 423) << second.body;
  EXPECT_FALSE(second.headers.get("Retry-After").empty());
  ASSERT_TRUE(first->write("name\n"));
  first.reset();
  EXPECT_EQ(send(patch(path, 8), kPeople.substr(8)).status, 204);
}

TEST_F(UploadRoutesTest, AnEndedTusUploadIsGone) {
  const std::string path = create_upload(kPeople.size());
  send(patch(path, 0), kPeople.substr(0, 8));
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(send(tus("DELETE", path)).status, 204);
  EXPECT_EQ(send(tus("HEAD", path)).status, 404);
  EXPECT_EQ(files(), 0u);
  const std::string other = create_upload(5);
  EXPECT_EQ(send(tus("POST", other, {{"X-HTTP-Method-Override", "DELETE"}})).status, 204);
  EXPECT_EQ(send(tus("HEAD", other)).status, 404);
}

TEST_F(UploadRoutesTest, AnotherTenantSeesNoUpload) {
  const std::string path = create_upload(5);
  for (const char* method : {"HEAD", "DELETE"}) {
    Request request = tus(method, path);
    request.principal.tenant = "other";
    EXPECT_EQ(send(request).status, 404);
  }
  Request request = patch(path, 0);
  request.principal.tenant = "other";
  EXPECT_EQ(send(request, "id\n1\n").status, 404);
}

// As if the process had ended between the last byte and the job.
TEST_F(UploadRoutesTest, AWholeTusUploadBecomesItsJobWhenItIsAskedFor) {
  for (bool committed : {false, true}) {
    const std::string path = create_upload(kPeople.size());
    const std::string id = path.substr(path.rfind('/') + 1);
    const std::size_t kept = kPeople.size() - 1;
    send(patch(path, 0), kPeople, 4, kept);
    Sha256 digest;
    digest.update(kPeople);
    close(), open();  // the server died, and nobody has the file open
    {
      auto blob = blobs_->resume(resumable_key(id), kept).value();
      ASSERT_TRUE(blob->write(kPeople.substr(kept)) && blob->sync());
      ASSERT_TRUE(store_->uploads().advance(id, kept, kPeople.size(), digest.state(), 4'000'000'000'000));
      if (committed) {
        ASSERT_TRUE(blob->commit());
      }
    }
    close(), open();
    Response head = send(tus("HEAD", path));
    ASSERT_EQ(head.status, 200) << head.body;
    stored_job(std::string(head.headers.get("Sluice-Job-Id")), kPeople);
    EXPECT_EQ(send(tus("HEAD", path)).headers.get("Sluice-Job-Id"), head.headers.get("Sluice-Job-Id"));
  }
  EXPECT_EQ(job_count(), 2u);
}

TEST_F(UploadRoutesTest, WhatUploadsLeftBehindIsCleared) {
  const std::string waiting = create_upload(kPeople.size()), over = create_upload(kPeople.size());
  send(patch(waiting, 0), kPeople.substr(0, 8));
  send(patch(over, 0), kPeople.substr(0, 8));
  ASSERT_TRUE(store_->uploads().advance(over.substr(over.rfind('/') + 1), 8, 8, "", 1));
  EXPECT_EQ(send(tus("HEAD", over)).status, 410);
  EXPECT_EQ(remove_expired_uploads(*service_).value(), 1u);
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(offset_of(waiting), 8u);

  Response kept = post("/v1/pipelines/people/jobs", kPeople);
  fs::create_directories(root_ / "blobs" / "inbox");
  for (std::string key : {upload_key(new_uuid()), std::string("inbox/old.csv")}) {
    auto blob = blobs_->create(key).value();
    ASSERT_TRUE(blob->write(kPeople) && blob->commit());
  }
  EXPECT_EQ(remove_orphan_files(*service_).value(), 0u) << "they are too young";
  EXPECT_EQ(remove_orphan_files(*service_, 0ms).value(), 1u);
  EXPECT_TRUE(blobs_->stat(upload_key(Json::parse(kept.body)["jobId"]))) << "a job names it";
  EXPECT_TRUE(blobs_->stat("inbox/old.csv")) << "it is somebody's own";
  EXPECT_EQ(offset_of(waiting), 8u);
}

}  // namespace
}  // namespace sluice
