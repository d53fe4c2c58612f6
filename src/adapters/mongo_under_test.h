// A database of the test's own on the server of tools/with_mongo.sh. Test-only.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "adapters/mongo_client.h"
#include "base/uuid.h"

namespace sluice {

// "" where there is no server. Its URL ends in /test?OPTIONS.
inline std::string test_mongo(const char* variable = "SLUICE_TEST_MONGO") {
  const char* url = std::getenv(variable);
  return url == nullptr ? "" : url;
}

class MongoDatabase {
 public:
  explicit MongoDatabase(std::string url = test_mongo()) : url_(std::move(url)) {
    const std::string name = "test" + new_uuid().substr(24);
    url_.replace(url_.rfind("/test?") + 1, 4, name);
    client_ = std::move(MongoClient::open(url_)).value();
  }
  ~MongoDatabase() { (void)client_->write(R"({"dropDatabase":1})"); }
  MongoDatabase(const MongoDatabase&) = delete;
  MongoDatabase& operator=(const MongoDatabase&) = delete;

  const std::string& url() const { return url_; }
  MongoClient& client() { return *client_; }
  // Documents of a collection that match, by _id.
  nlohmann::json find(const std::string& collection,
                      const nlohmann::json& filter = nlohmann::json::object()) {
    auto answer = client_->read("{\"find\":\"" + collection + "\",\"filter\":" + filter.dump() +
                                ",\"sort\":{\"_id\":1}}");
    return answer ? answer->at("cursor").at("firstBatch") : nlohmann::json(answer.error().message);
  }

 private:
  std::string url_;
  std::unique_ptr<MongoClient> client_;
};

}  // namespace sluice
