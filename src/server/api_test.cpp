// The table of routes and openapi.yaml say the same; what handlers answer, without a socket, on a real store.
#include "server/api.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "adapters/blobs_file.h"
#include "adapters/store_sqlite.h"
#include "base/uuid.h"
#include "server/openapi.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

class ApiTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "pipelines");
    store_ = opened(open_store_sqlite((folder_ / "s.db").string(), {}));
    blobs_ = opened(open_blobs_file((folder_ / "blobs").string()));
    service_.emplace(Service{.store = *store_,
                             .queue = store_->queue(),
                             .blobs = *blobs_,
                             .pipelines_folder = (folder_ / "pipelines").string()});
    metrics_ = Metrics::make();
    api_.emplace(*service_, *metrics_, [] { return std::string("{}"); });
    routes_ = api_routes(*api_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  template <class T>
  static T opened(Result<T> made) {
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
  }

  // As the transport does it, without a socket. `target`: "/v1/jobs?limit=1".
  Response ask(const std::string& method, const std::string& target, const std::string& body = "",
               const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    Request request;
    request.method = method;
    request.path = target.substr(0, target.find('?'));
    if (const std::size_t at = target.find('?'); at != std::string::npos) {
      std::string query = target.substr(at + 1);
      for (std::size_t begin = 0; begin < query.size();) {
        const std::size_t end = std::min(query.find('&', begin), query.size());
        const std::string pair = query.substr(begin, end - begin);
        request.query.emplace(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
        begin = end + 1;
      }
    }
    for (const auto& [name, value] : headers) request.headers.add(name, value);
    request.body = body;
    request.principal = who_;
    request.id = "request-1";
    Routes::Match match = routes_.find(method, request.path);
    if (match.route == nullptr) return Response{.status = 405};
    request.parameters = std::move(match.parameters);
    if (lacking(*match.route, request, request.principal.role)) return Response{.status = 403};
    Result<Response> answer = match.route->handler(request);
    return answer ? std::move(*answer) : to_response(problem_of(answer.error()), request);
  }
  Json json(const Response& response) { return Json::parse(response.body, nullptr, false); }
  static std::string all_of(const Response& response) {
    std::string text, piece(1000, '\0');
    while (std::size_t size = response.stream->read(piece).value_or(0)) text += piece.substr(0, size);
    return text;
  }

  const fs::path folder_ = fs::temp_directory_path() / ("sluice-api-" + new_uuid());
  std::unique_ptr<Store> store_;
  std::unique_ptr<BlobStore> blobs_;
  std::optional<Service> service_;
  std::unique_ptr<Metrics> metrics_;
  std::optional<Api> api_;
  Routes routes_;
  Principal who_;
};

TEST_F(ApiTest, every_route_is_documented_and_nothing_else) {
  std::map<std::string, std::string> documented;  // "GET /path operation" → permission and flags
  for (const auto& [path, item] : openapi_document()["paths"].items())
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters") continue;
      std::string upper;
      for (char c : method) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      std::string needs = operation.value("x-permission", "");
      const Json flags = operation.value("x-flags", Json::object());
      for (const auto& [flag, permission] : flags.items())
        needs += " " + flag + "=" + permission.get<std::string>();
      documented[upper + " " + path + " " + operation.value("operationId", "")] = needs;
      EXPECT_EQ(operation.contains("security"), operation.value("x-permission", "") == "open") << path;
    }
  std::map<std::string, std::string> served;
  for (const Route& route : routes_.all()) {
    std::string needs(name_of(route.permission));
    for (const auto& [flag, permission] : route.flags)
      needs += " " + flag + "=" + std::string(name_of(permission));
    served[route.method + " " + route.pattern + " " + route.operation] = needs;
  }
  EXPECT_EQ(documented, served);
}

TEST_F(ApiTest, the_page_of_documentation_has_every_operation_and_nothing_of_others) {
  const DocsPage page = docs_page(openapi_document());
  for (const Route& route : routes_.all())
    EXPECT_NE(page.html.find("<article id=\"" + route.operation + "\">"), std::string::npos)
        << route.operation;
  EXPECT_EQ(page.html.find("<script"), std::string::npos);
  EXPECT_EQ(page.html.find("src="), std::string::npos);
  EXPECT_EQ(page.html.find("href=\"http"), std::string::npos);
}

TEST_F(ApiTest, what_is_asked_for_wrongly_is_told) {
  for (const char* wrong : {"/v1/jobs?limit=0", "/v1/jobs?limit=1001", "/v1/jobs?limit=x",
                            "/v1/jobs?cursor=abc", "/v1/jobs?stauts=FAILED", "/v1/jobs?status=failed",
                            "/v1/jobs?createdFrom=yesterday", "/v1/jobs?parent=x", "/v1/stats?interval=0s",
                            "/v1/stats?from=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z"}) {
    const Response response = ask("GET", wrong);
    EXPECT_EQ(response.status, 400) << wrong << response.body;
  }
  EXPECT_NE(ask("GET", "/v1/jobs?stauts=FAILED").body.find("did you mean 'status'"), std::string::npos);
  EXPECT_EQ(ask("GET", "/v1/jobs/not-an-id").status, 404);
  EXPECT_EQ(ask("GET", "/v1/queues/other/failed").status, 404);
}

TEST_F(ApiTest, a_pipeline_is_kept_as_long_as_nobody_else_changed_it) {
  const std::string text = "name: people\nidentity: [id]\n";
  const Response made = ask("PUT", "/v1/pipelines/people", text);
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string etag(made.headers.get("ETag"));
  EXPECT_EQ(json(made)["text"], text);
  EXPECT_EQ(ask("PUT", "/v1/pipelines/people", text, {{"If-None-Match", "*"}}).status, 412);
  EXPECT_EQ(ask("PUT", "/v1/pipelines/people", "name: people\n", {{"If-Match", etag}}).status, 200);
  EXPECT_EQ(ask("PUT", "/v1/pipelines/people", text, {{"If-Match", etag}}).status, 412);
  EXPECT_EQ(ask("GET", "/v1/pipelines/people", "", {{"Accept", "application/yaml"}}).body, "name: people\n");
  const Response wrong = ask("PUT", "/v1/pipelines/people", "name: people\nidentty: [id]\n");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ(json(wrong)["errors"][0]["line"], 2) << wrong.body;
  EXPECT_EQ(ask("PUT", "/v1/pipelines/people", "name: other\n").status, 422);
  EXPECT_EQ(ask("PUT", "/v1/pipelines/people", "name: people\nsource: {encoding: '${HOME}'}\n").status, 422);
  EXPECT_EQ(ask("PUT", "/v1/pipelines/people", "name: people\nschema: /etc/passwd\n").status, 422);
  EXPECT_EQ(ask("DELETE", "/v1/pipelines/people").status, 204);
  EXPECT_EQ(ask("GET", "/v1/pipelines/people").status, 404);
  const auto entries = store_->audit().list({.tenant = "default"}, {}, 10);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ(entries->front().action, "pipeline.delete");
  EXPECT_EQ(entries->front().request_id, "request-1");
}

TEST_F(ApiTest, a_file_is_found_by_a_part_of_its_name) {
  for (const char* name : {"people.csv", "Animals.csv", "people-2.csv"}) {
    NewJob job;
    job.id = new_uuid();
    job.pipeline = "p";
    job.file_name = name;
    ASSERT_TRUE(store_->jobs().create(job));
  }
  auto names = [&](const std::string& query) {
    std::vector<std::string> found;
    Json page = json(ask("GET", "/v1/jobs?" + query));
    for (const Json& job : page["items"]) found.push_back(job["file"]["name"]);
    if (page["next"].is_string()) found.push_back("more");
    return found;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names("file=PEOPLE"), (Names{"people-2.csv", "people.csv"}));
  EXPECT_EQ(names("file=people&limit=1"), (Names{"people-2.csv", "more"}));
  EXPECT_EQ(names("file=nothing"), Names{});
  EXPECT_EQ(names("file=csv&pipeline=other"), Names{});
  EXPECT_EQ(ask("GET", "/v1/jobs?file=" + std::string(256, 'a')).status, 400);
  const std::string next = json(ask("GET", "/v1/jobs?file=people&limit=1"))["next"];
  EXPECT_EQ(names("file=people&cursor=" + next), Names{"people.csv"});
}

TEST_F(ApiTest, a_pipeline_is_checked_without_being_kept) {
  const std::string one = "/v1/pipelines/people";
  const std::string text = "# who they are\nname: people\nidentity: [id]\n";
  const Response checked = ask("PUT", one + "?dryRun=true", text);
  ASSERT_EQ(checked.status, 200) << checked.body;
  EXPECT_EQ(json(checked)["text"], text);
  EXPECT_EQ(json(checked)["definition"]["identity"], Json({"id"}));
  EXPECT_EQ(checked.headers.get("ETag"), "");
  EXPECT_EQ(ask("GET", one).status, 404);
  ask("PUT", one, text);
  EXPECT_EQ(ask("PUT", one + "?dryRun=true", "name: people\n").status, 200);
  EXPECT_EQ(json(ask("GET", one))["text"], text);
  EXPECT_EQ(ask("PUT", one + "?dryRun=true", text, {{"If-Match", "\"other\""}}).status, 412);
  EXPECT_EQ(ask("PUT", one + "?dryRun=yes", text).status, 400);
  const auto entries = store_->audit().list({.tenant = "default"}, {}, 10);
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->size(), 1u);  // what was kept, once
}

TEST_F(ApiTest, what_is_wrong_with_a_pipeline_is_said_with_its_place) {
  auto places = [&](const std::string& text) {
    const Response wrong = ask("PUT", "/v1/pipelines/p?dryRun=true", text);
    EXPECT_EQ(wrong.status, 422) << wrong.body;
    std::vector<std::pair<int, int>> found;
    const Json problem = json(wrong);
    for (const Json& error : problem["errors"])
      found.emplace_back(error["line"].is_null() ? 0 : error["line"].get<int>(),
                         error["column"].is_null() ? 0 : error["column"].get<int>());
    return found;
  };
  using Places = std::vector<std::pair<int, int>>;
  EXPECT_EQ(places("name: p\ntransform:\n  - lowercase: [a]\n  - split: {field: a}\n"), (Places{{4, 5}}));
  // What only compiling finds: it names a field, an aggregate or a key.
  EXPECT_EQ(places("name: p\nschema:\n  fields:\n    - name: id\n    - name: zip\n"
                   "      constraints: {pattern: '('}\n"),
            (Places{{5, 7}}));
  EXPECT_EQ(places("name: p\nschema: {fields: [{name: id}]}\naggregates:\n"
                   "  - {name: sums, by: [id], measures: {all: sum(amount)}}\n"),
            (Places{{4, 5}}));
  EXPECT_EQ(places("name: p\ntransform: [{trim: [a]\n").size(), 1u);
}

TEST_F(ApiTest, a_pipeline_is_tried_out_before_it_is_kept) {
  const std::vector<std::pair<std::string, std::string>> form = {
      {"Content-Type", "multipart/form-data; boundary=cut"}};
  auto part = [](const std::string& head, const std::string& content) {
    return "--cut\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + content + "\r\n";
  };
  const std::string file = part("name=\"file\"; filename=\"p.csv\"", "id\n1\nx\n");
  const std::string strict =
      part("name=\"definition\"", "name: p\nschema: {fields: [{name: id, type: integer}]}\n");
  const std::string path = "/v1/pipelines/p/preview";
  const Response tried = ask("POST", path, strict + file + "--cut--\r\n", form);
  ASSERT_EQ(tried.status, 200) << tried.body;
  EXPECT_EQ(json(tried)["rows"].size(), 1u);
  EXPECT_EQ(json(tried)["rejects"][0]["rowNumber"], 2);
  EXPECT_EQ(ask("GET", "/v1/pipelines/p").status, 404);
  // Without one it is the one that is kept, of which there is none yet.
  EXPECT_EQ(ask("POST", path, file + "--cut--\r\n", form).status, 404);
  ask("PUT", "/v1/pipelines/p", "name: p\n");
  EXPECT_EQ(json(ask("POST", path, file + "--cut--\r\n", form))["rows"].size(), 2u);
  EXPECT_EQ(json(ask("POST", path, file + strict + "--cut--\r\n", form))["rows"].size(), 1u);
  const std::string faulty = part("name=\"definition\"", "name: p\nidentty: id\n");
  const Response wrong = ask("POST", path, faulty + file + "--cut--\r\n", form);
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ(json(wrong)["errors"][0]["line"], 2) << wrong.body;
  for (const std::string& bad : {strict + "--cut--\r\n", file + file + "--cut--\r\n", file,
                                 part("name=\"other\"", "x") + file + "--cut--\r\n"})
    EXPECT_EQ(ask("POST", path, bad, form).status, 400) << bad;
  EXPECT_EQ(ask("POST", "/v1/preview", strict + file + "--cut--\r\n", form).status, 400);
}

TEST_F(ApiTest, a_preview_shows_what_would_be_stored_and_rejected) {
  ask("PUT", "/v1/pipelines/p",
      "name: p\nschema: {fields: [{name: id, type: integer, constraints: {unique: true}}]}\n");
  const Response response = ask("POST", "/v1/pipelines/p/preview?rows=3", "id\n1\nx\n1\n4\n");
  ASSERT_EQ(response.status, 200) << response.body;
  const Json made = json(response);
  ASSERT_EQ(made["rows"].size(), 2u) << response.body;
  EXPECT_EQ(made["rows"][0]["data"], Json({{"id", 1}}));
  EXPECT_EQ(made["rows"][1]["duplicate"], true);
  ASSERT_EQ(made["rejects"].size(), 1u);
  EXPECT_EQ(made["rejects"][0]["errors"][0]["code"], "type-error");
}

TEST_F(ApiTest, a_batch_is_one_job_however_often_it_is_sent) {
  ask("PUT", "/v1/pipelines/p", "name: p\n");
  const std::string rows = R"([{"id":1},{"id":2}])";
  const Response first = ask("POST", "/v1/pipelines/p/batches", rows, {{"Idempotency-Key", "k"}});
  ASSERT_EQ(first.status, 202) << first.body;
  EXPECT_EQ(json(first)["accepted"], 2);
  const Response again = ask("POST", "/v1/pipelines/p/batches", rows, {{"Idempotency-Key", "k"}});
  EXPECT_EQ(json(again)["jobId"], json(first)["jobId"]);
  EXPECT_EQ(ask("POST", "/v1/pipelines/p/batches", R"([{"id":3}])", {{"Idempotency-Key", "k"}}).status, 422);
  for (const char* wrong : {"", "{}", "[]", "[1]", "[{}", "{\"rows\":[]}", "[{}] x"})
    EXPECT_EQ(ask("POST", "/v1/pipelines/p/batches", wrong).status, 400) << wrong;
  EXPECT_EQ(ask("POST", "/v1/pipelines/p/batches", "a,b\n", {{"Content-Type", "text/csv"}}).status, 415);
  EXPECT_EQ(ask("POST", "/v1/pipelines/nope/batches", rows).status, 404);
  service_->most_waiting_jobs = 1;
  const Response full = ask("POST", "/v1/pipelines/p/batches", rows);
  EXPECT_EQ(full.status, 429);
  EXPECT_TRUE(full.headers.has("Retry-After"));
  const Response known = ask("POST", "/v1/pipelines/p/batches", rows, {{"Idempotency-Key", "k"}});
  EXPECT_EQ(known.status, 202) << "what was accepted is answered, however much waits";
  EXPECT_EQ(json(known)["jobId"], json(first)["jobId"]);
  EXPECT_EQ(ask("POST", "/v1/pipelines/p/batches", R"([{"id":3}])", {{"Idempotency-Key", "k"}}).status, 422);
  EXPECT_EQ(ask("POST", "/v1/pipelines/p/batches", rows, {{"Idempotency-Key", "new"}}).status, 429);
  std::size_t files = 0;
  for (const auto& file : fs::recursive_directory_iterator(folder_ / "blobs"))
    files += file.is_regular_file();
  EXPECT_EQ(files, 1u) << "files of refused and repeated requests go";
}

TEST_F(ApiTest, a_key_outlives_its_job) {
  ask("PUT", "/v1/pipelines/p", "name: p\n");
  const std::string rows = R"([{"id":1},{"id":2}])";
  const std::vector<std::pair<std::string, std::string>> key = {{"Idempotency-Key", "k"}};
  const std::string id = json(ask("POST", "/v1/pipelines/p/batches", rows, key))["jobId"];
  ASSERT_EQ(ask("POST", "/v1/jobs/" + id + "/cancel").status, 200);
  ASSERT_EQ(ask("DELETE", "/v1/jobs/" + id).status, 204);
  for (std::uint64_t room : {100u, 0u}) {
    service_->most_waiting_jobs = room;
    const Response again = ask("POST", "/v1/pipelines/p/batches", rows, key);
    EXPECT_EQ(again.status, 410) << again.body;
    EXPECT_EQ(json(again)["type"], "/problems/job-removed");
    EXPECT_NE(json(again)["detail"].get<std::string>().find(id), std::string::npos) << again.body;
  }
  EXPECT_EQ(ask("POST", "/v1/pipelines/p/batches", R"([{"id":3}])", key).status, 422) << "another request";
}

TEST_F(ApiTest, a_batch_of_states_is_answered_again_whatever_the_pipeline_has_become) {
  const std::string states = R"({"states":[{"name":"Texas","population":1}]})";
  const std::vector<std::pair<std::string, std::string>> key = {{"Idempotency-Key", "k"}};
  const Response first = ask("POST", "/states/batch", states, key);
  ASSERT_EQ(first.status, 202) << first.body;
  ASSERT_EQ(ask("PUT", "/v1/pipelines/states", "name: states\nidentity: content\n").status, 200);
  const Response again = ask("POST", "/states/batch", states, key);
  EXPECT_EQ(again.status, 202) << again.body;
  EXPECT_EQ(json(again)["jobId"], json(first)["jobId"]);
  EXPECT_EQ(json(again)["accepted"], 1);
  EXPECT_EQ(ask("POST", "/states/batch", states).status, 409);
  EXPECT_EQ(ask("POST", "/states/batch", states, {{"Idempotency-Key", "new"}}).status, 409);
  EXPECT_EQ(ask("POST", "/states/batch", R"({"states":[{"name":"Ohio","population":1}]})", key).status, 422);
}

TEST_F(ApiTest, a_state_that_another_node_is_making_under_the_same_key_is_waited_for) {
  const std::string maine = R"({"name":"Maine","population":5})";
  const std::vector<std::pair<std::string, std::string>> key = {{"Idempotency-Key", "k"}};
  // What the other node has written so far: the state, and no note of the key.
  ASSERT_EQ(ask("POST", "/states", maine).status, 201);
  const Response early = ask("POST", "/states", maine, key);
  EXPECT_EQ(early.status, 409) << early.body;
  EXPECT_EQ(early.headers.get("Retry-After"), "2");
  EXPECT_EQ(ask("POST", "/states", maine).status, 409) << "without a key nobody can mean the first";
  api_->until_noted = std::chrono::seconds(0);
  const Response late = ask("POST", "/states", maine, key);
  EXPECT_EQ(late.status, 409) << late.body;
  EXPECT_EQ(late.headers.get("Retry-After"), "") << "it is another's for good";
}

TEST_F(ApiTest, a_pipeline_is_json_where_its_type_is_json_and_no_longer_word) {
  const std::string yaml = "identity: [id]\n", json_text = R"({"identity": ["id"]})";
  EXPECT_EQ(ask("PUT", "/v1/pipelines/p", json_text, {{"Content-Type", "application/json"}}).status, 201);
  EXPECT_EQ(ask("PUT", "/v1/pipelines/p", yaml, {{"Content-Type", "Application/JSON; charset=utf-8"}}).status,
            422);
  EXPECT_EQ(ask("PUT", "/v1/pipelines/p", yaml, {{"Content-Type", "application/jsonnet"}}).status, 200);
}

TEST_F(ApiTest, jobs_of_others_are_not_there) {
  ask("PUT", "/v1/pipelines/p", "name: p\n");
  const std::string id = json(ask("POST", "/v1/pipelines/p/batches", R"([{"id":1}])"))["jobId"];
  const std::string job = "/v1/jobs/" + id;
  EXPECT_EQ(ask("GET", job).status, 200);
  who_.pipelines = {"q"};
  EXPECT_EQ(ask("GET", job).status, 403);
  EXPECT_EQ(json(ask("GET", "/v1/jobs"))["items"].size(), 0u);
  who_ = Principal{.tenant = "other"};
  EXPECT_EQ(json(ask("GET", "/v1/jobs"))["items"].size(), 0u);
  for (const char* part :
       {"", "/splits", "/events", "/rows", "/rows/1", "/errors", "/errors/groups", "/errors.csv"})
    EXPECT_EQ(ask("GET", job + part).status, 404) << part;
  EXPECT_EQ(ask("POST", job + "/cancel").status, 404);
  EXPECT_EQ(ask("DELETE", job).status, 404);
  who_ = Principal{.actor = "key:other", .role = Role::uploader};
  EXPECT_EQ(ask("POST", job + "/cancel").status, 403);
  who_ = Principal{.role = Role::operator_};
  EXPECT_EQ(json(ask("POST", job + "/cancel"))["status"], "CANCELLED");
  EXPECT_EQ(ask("DELETE", job + "?rows=true").status, 403);
  EXPECT_EQ(ask("DELETE", job + "?rows=false").status, 204);
  EXPECT_EQ(ask("GET", job).status, 404);
}

TEST_F(ApiTest, lists_go_on_where_the_page_before_ended) {
  ask("PUT", "/v1/pipelines/p", "name: p\n");
  std::vector<std::string> made, listed;
  for (int i = 0; i < 5; ++i)
    made.push_back(
        json(ask("POST", "/v1/pipelines/p/batches", "[{\"id\":" + std::to_string(i) + "}]"))["jobId"]);
  std::string cursor;
  do {
    const Json page = json(ask("GET", "/v1/jobs?limit=2" + cursor));
    for (const Json& job : page["items"]) listed.push_back(job["id"]);
    cursor = page["next"].is_string() ? "&cursor=" + page["next"].get<std::string>() : "";
  } while (!cursor.empty());
  std::ranges::reverse(listed);
  EXPECT_EQ(listed, made);
}

TEST_F(ApiTest, a_key_is_shown_once) {
  const Response made = ask("POST", "/v1/keys", R"({"name":"export","role":"uploader","tenant":"acme"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string text = json(made)["key"];
  EXPECT_TRUE(text.starts_with("slc_") && text.size() == 47);
  EXPECT_EQ(ask("GET", "/v1/keys").body.find(text), std::string::npos);
  who_.tenant = "acme";
  EXPECT_EQ(json(ask("GET", "/v1/keys"))["items"].size(), 1u);
  EXPECT_EQ(ask("POST", "/v1/keys", R"({"name":"x","role":"admin","tenant":"default"})").status, 403);
  EXPECT_EQ(ask("GET", "/v1/config").status, 403);
  EXPECT_EQ(ask("POST", "/v1/queues/default/pause").status, 403);
  EXPECT_EQ(ask("DELETE", "/v1/keys/" + json(made)["id"].get<std::string>()).status, 204);
  who_.tenant = "third";
  EXPECT_EQ(ask("DELETE", "/v1/keys/" + json(made)["id"].get<std::string>()).status, 404);
}

}  // namespace
}  // namespace sluice
