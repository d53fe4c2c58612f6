#include "adapters/mongo_client.h"

#include <mongoc/mongoc.h>

#include <algorithm>
#include <array>

#include "base/log.h"

namespace sluice {
namespace {

// Where the URL says nothing: a server that is away is told of after so long, and one that is silent.
constexpr std::int32_t kSelectionMs = 5'000, kConnectMs = 5'000, kSocketMs = 20'000;
constexpr std::uint32_t kMostConnections = 4;

// What comes of a call is its error; beside that the driver talks to whoever looks for a fault.
void log_of_driver(mongoc_log_level_t /*unused*/, const char* part, const char* message, void* /*unused*/) {
  log(LogLevel::debug, "mongodb", {{"part", part}, {"message", message}});
}

struct Driver {
  Driver() {
    mongoc_init();
    mongoc_log_set_handler(log_of_driver, nullptr);
  }
  ~Driver() { mongoc_cleanup(); }
};

// A document, or what a call of the driver wrote into one.
class Document {
 public:
  Document() { bson_init(&bson_); }
  ~Document() { bson_destroy(&bson_); }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  Result<> read(const std::string& json) {
    bson_error_t error;
    bson_destroy(&bson_);
    if (bson_init_from_json(&bson_, json.data(), static_cast<ssize_t>(json.size()), &error)) return {};
    bson_init(&bson_);
    return fail(ErrorKind::internal, std::string("no document for MongoDB: ") + error.message);
  }
  nlohmann::json json() const {
    char* text = bson_as_relaxed_extended_json(&bson_, nullptr);
    auto parsed = nlohmann::json::parse(text == nullptr ? "" : text, nullptr, false);
    bson_free(text);
    return parsed;
  }
  bson_t* get() { return &bson_; }
  void clear() { bson_destroy(&bson_); }  // for a call that makes it anew

 private:
  bson_t bson_{};
};

}  // namespace

struct MongoClient::Pool {
  mongoc_client_pool_t* pool = nullptr;
  ~Pool() {
    if (pool != nullptr) mongoc_client_pool_destroy(pool);
  }

  class Client {
   public:
    explicit Client(mongoc_client_pool_t* pool) : pool_(pool), client_(mongoc_client_pool_pop(pool)) {}
    ~Client() { mongoc_client_pool_push(pool_, client_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    mongoc_client_t* get() const { return client_; }

   private:
    mongoc_client_pool_t* pool_;
    mongoc_client_t* client_;
  };
};

namespace {

// A server that steps down, or ends, says so as if it refused.
bool is_passing(const bson_error_t& error) {
  constexpr std::array<std::uint32_t, 7> kPassing = {91, 189, 10058, 10107, 11600, 11602, 13435};
  return error.domain != MONGOC_ERROR_SERVER || std::ranges::find(kPassing, error.code) != kPassing.end();
}

std::unexpected<Error> failed(const std::string& place, const bson_error_t& error) {
  return fail(ErrorKind::unavailable, "MongoDB (" + place + "): " + error.message, is_passing(error));
}

// A write that fewer servers have than were asked for may be undone by them.
Result<nlohmann::json> checked(const std::string& place, nlohmann::json answer) {
  if (!answer.is_object()) return fail(ErrorKind::unavailable, "MongoDB (" + place + "): no answer", true);
  if (auto concern = answer.find("writeConcernError"); concern != answer.end())
    return fail(ErrorKind::unavailable,
                "MongoDB (" + place + "): not written by a majority: " + concern->value("errmsg", ""), true);
  return answer;
}

}  // namespace

Result<std::unique_ptr<MongoClient>> MongoClient::open(const std::string& url) {
  static const Driver driver;
  bson_error_t error;
  std::unique_ptr<mongoc_uri_t, decltype(&mongoc_uri_destroy)> uri(
      mongoc_uri_new_with_error(url.c_str(), &error), mongoc_uri_destroy);
  if (!uri) return fail(ErrorKind::usage, std::string("the URL of MongoDB is not right: ") + error.message);
  const char* database = mongoc_uri_get_database(uri.get());
  if (database == nullptr || *database == '\0')
    return fail(ErrorKind::usage,
                "the URL of MongoDB names no database; write it like mongodb://host:27017/sluice.");
  const std::pair<const char*, std::int32_t> standards[] = {
      {MONGOC_URI_SERVERSELECTIONTIMEOUTMS, kSelectionMs},
      {MONGOC_URI_CONNECTTIMEOUTMS, kConnectMs},
      {MONGOC_URI_SOCKETTIMEOUTMS, kSocketMs}};
  for (const auto& [option, standard] : standards)
    if (!mongoc_uri_has_option(uri.get(), option))
      mongoc_uri_set_option_as_int32(uri.get(), option, standard);
  // Or a server that is away for a moment is told of at once.
  mongoc_uri_set_option_as_bool(uri.get(), MONGOC_URI_SERVERSELECTIONTRYONCE, false);
  std::string place;
  for (const mongoc_host_list_t* host = mongoc_uri_get_hosts(uri.get()); host != nullptr; host = host->next)
    place += (place.empty() ? "" : ",") + std::string(host->host_and_port);
  if (place.empty()) place = "the hosts of its SRV record";

  auto pool = std::make_unique<Pool>();
  pool->pool = mongoc_client_pool_new_with_error(uri.get(), &error);
  if (pool->pool == nullptr)
    return fail(ErrorKind::usage, std::string("the URL of MongoDB is not right: ") + error.message);
  mongoc_client_pool_set_error_api(pool->pool, MONGOC_ERROR_API_VERSION_2);
  mongoc_client_pool_set_appname(pool->pool, "sluice");
  mongoc_client_pool_max_size(pool->pool, kMostConnections);
  return std::unique_ptr<MongoClient>(new MongoClient(std::move(pool), database, place + "/" + database));
}

MongoClient::MongoClient(std::unique_ptr<Pool> pool, std::string database, std::string place)
    : pool_(std::move(pool)), database_(std::move(database)), place_(std::move(place)) {}
MongoClient::~MongoClient() = default;

Result<nlohmann::json> MongoClient::read(const std::string& command) {
  Document asked, answer;
  TRY(asked.read(command));
  const Pool::Client client(pool_->pool);
  bson_error_t error;
  answer.clear();
  if (!mongoc_client_read_command_with_opts(client.get(), database_.c_str(), asked.get(), nullptr, nullptr,
                                            answer.get(), &error))
    return failed(place_, error);
  return checked(place_, answer.json());
}

Result<nlohmann::json> MongoClient::write(const std::string& command) {
  Document asked, options, answer;
  TRY(asked.read(command));
  TRY(options.read(R"({"writeConcern":{"w":"majority","j":true,"wtimeout":15000}})"));
  const Pool::Client client(pool_->pool);
  bson_error_t error;
  answer.clear();
  if (!mongoc_client_write_command_with_opts(client.get(), database_.c_str(), asked.get(), options.get(),
                                             answer.get(), &error))
    return failed(place_, error);
  return checked(place_, answer.json());
}

}  // namespace sluice
