// MongoClient: commands to a MongoDB server or replica set, by libmongoc. Commands and answers are JSON
// (MongoDB Extended JSON v2), which is enough for what Sluice asks of it. Thread-safe: a pool of connections.
#pragma once

#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace sluice {

class MongoClient {
 public:
  // mongodb://…/DATABASE or mongodb+srv://…/DATABASE with the driver's options (replicaSet, tls, authSource
  // …). Connects when it is first asked. usage, where the URL is none.
  static Result<std::unique_ptr<MongoClient>> open(const std::string& url);
  ~MongoClient();
  MongoClient(const MongoClient&) = delete;
  MongoClient& operator=(const MongoClient&) = delete;

  const std::string& database() const { return database_; }
  const std::string& place() const { return place_; }  // hosts and database, without a password

  // A read: {"find": …}, with the first batch of its answer.
  Result<nlohmann::json> read(const std::string& command);
  // A write, acknowledged by a majority of the servers that have it in their journals. Its answer, which may
  // hold "writeErrors": those of single documents. Unavailable where it is not known to be done; retryable,
  // unless the server refuses it.
  Result<nlohmann::json> write(const std::string& command);

 private:
  struct Pool;
  MongoClient(std::unique_ptr<Pool> pool, std::string database, std::string place);

  const std::unique_ptr<Pool> pool_;
  const std::string database_, place_;
};

}  // namespace sluice
