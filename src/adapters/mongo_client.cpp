#include "adapters/mongo_client.h"

#include <algorithm>
#include <array>

#include "adapters/mongo_driver.h"

namespace sluice {
namespace {

// Where the URL says nothing: a server that is away is told of after so long, and one that is silent.
constexpr std::int32_t kSelectionMs = 5'000, kConnectMs = 5'000, kSocketMs = 20'000;
constexpr std::uint32_t kMostConnections = 4;

// The driver quotes what it does not understand, and that may be the password.
std::string without_password(std::string message, const std::string& url) {
  const std::size_t scheme = url.find("://"), at = url.rfind('@');
  if (scheme == std::string::npos || at == std::string::npos || at < scheme) return message;
  const std::string user = url.substr(scheme + 3, at - scheme - 3);
  const std::size_t colon = user.find(':');
  const std::string secret = colon == std::string::npos ? user : user.substr(colon + 1);
  for (std::size_t found = 0; !secret.empty() && (found = message.find(secret, found)) != std::string::npos;)
    message.replace(found, secret.size(), "…");
  return message;
}

// A document, or what a call of the driver wrote into one.
class Document {
 public:
  explicit Document(const MongoDriver& driver) : driver_(driver) { driver_.bson_init(&bson_); }
  ~Document() { driver_.bson_destroy(&bson_); }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  Result<> read(const std::string& json) {
    bson_error_t error;
    driver_.bson_destroy(&bson_);
    if (driver_.bson_init_from_json(&bson_, json.data(), static_cast<ssize_t>(json.size()), &error))
      return {};
    driver_.bson_init(&bson_);
    return fail(ErrorKind::internal, std::string("no document for MongoDB: ") + error.message);
  }
  nlohmann::json json() const {
    char* text = driver_.bson_as_relaxed_extended_json(&bson_, nullptr);
    auto parsed = nlohmann::json::parse(text == nullptr ? "" : text, nullptr, false);
    driver_.bson_free(text);
    return parsed;
  }
  bson_t* get() { return &bson_; }
  void clear() { driver_.bson_destroy(&bson_); }  // for a call that makes it anew

 private:
  const MongoDriver& driver_;
  bson_t bson_{};
};

}  // namespace

struct MongoClient::Pool {
  const MongoDriver& driver;
  mongoc_client_pool_t* pool = nullptr;

  explicit Pool(const MongoDriver& loaded) : driver(loaded) {}
  ~Pool() {
    if (pool != nullptr) driver.mongoc_client_pool_destroy(pool);
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  class Client {
   public:
    explicit Client(const Pool& pool) : pool_(pool), client_(pool.driver.mongoc_client_pool_pop(pool.pool)) {}
    ~Client() { pool_.driver.mongoc_client_pool_push(pool_.pool, client_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    mongoc_client_t* get() const { return client_; }

   private:
    const Pool& pool_;
    mongoc_client_t* client_;
  };
};

namespace {

// A server that steps down, or ends, says so as if it refused.
bool is_passing(const bson_error_t& error) {
  constexpr std::array<std::uint32_t, 14> kPassing = {6,   7,     50,    89,    91,    112,   189,
                                                      262, 10058, 10107, 11600, 11602, 13435, 13436};
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
  const MongoDriver& driver = *TRY(MongoDriver::load());
  bson_error_t error;
  std::unique_ptr<mongoc_uri_t, decltype(driver.mongoc_uri_destroy)> uri(
      driver.mongoc_uri_new_with_error(url.c_str(), &error), driver.mongoc_uri_destroy);
  if (!uri)
    return fail(ErrorKind::usage, "the URL of MongoDB is not right: " + without_password(error.message, url));
  const char* database = driver.mongoc_uri_get_database(uri.get());
  if (database == nullptr || *database == '\0')
    return fail(ErrorKind::usage,
                "the URL of MongoDB names no database; write it like mongodb://host:27017/sluice.");
  const std::pair<const char*, std::int32_t> standards[] = {
      {MONGOC_URI_SERVERSELECTIONTIMEOUTMS, kSelectionMs},
      {MONGOC_URI_CONNECTTIMEOUTMS, kConnectMs},
      {MONGOC_URI_SOCKETTIMEOUTMS, kSocketMs}};
  for (const auto& [option, standard] : standards)
    if (!driver.mongoc_uri_has_option(uri.get(), option))
      driver.mongoc_uri_set_option_as_int32(uri.get(), option, standard);
  // Or a server that is away for a moment is told of at once.
  driver.mongoc_uri_set_option_as_bool(uri.get(), MONGOC_URI_SERVERSELECTIONTRYONCE, false);
  std::string place;
  for (const mongoc_host_list_t* host = driver.mongoc_uri_get_hosts(uri.get()); host != nullptr;
       host = host->next)
    place += (place.empty() ? "" : ",") + std::string(host->host_and_port);
  if (place.empty()) place = "the hosts of its SRV record";

  auto pool = std::make_unique<Pool>(driver);
  pool->pool = driver.mongoc_client_pool_new_with_error(uri.get(), &error);
  if (pool->pool == nullptr)
    return fail(ErrorKind::usage, "the URL of MongoDB is not right: " + without_password(error.message, url));
  driver.mongoc_client_pool_set_error_api(pool->pool, MONGOC_ERROR_API_VERSION_2);
  driver.mongoc_client_pool_set_appname(pool->pool, "sluice");
  driver.mongoc_client_pool_max_size(pool->pool, kMostConnections);
  return std::unique_ptr<MongoClient>(new MongoClient(std::move(pool), database, place + "/" + database));
}

MongoClient::MongoClient(std::unique_ptr<Pool> pool, std::string database, std::string place)
    : pool_(std::move(pool)), database_(std::move(database)), place_(std::move(place)) {}
MongoClient::~MongoClient() = default;

Result<nlohmann::json> MongoClient::read(const std::string& command) {
  const MongoDriver& driver = pool_->driver;
  Document asked(driver), answer(driver);
  TRY(asked.read(command));
  const Pool::Client client(*pool_);
  bson_error_t error;
  answer.clear();
  // Whatever the URL prefers: a secondary may not have what was acknowledged.
  const std::unique_ptr<mongoc_read_prefs_t, decltype(driver.mongoc_read_prefs_destroy)> primary(
      driver.mongoc_read_prefs_new(MONGOC_READ_PRIMARY), driver.mongoc_read_prefs_destroy);
  if (!driver.mongoc_client_read_command_with_opts(client.get(), database_.c_str(), asked.get(),
                                                   primary.get(), nullptr, answer.get(), &error))
    return failed(place_, error);
  return checked(place_, answer.json());
}

Result<nlohmann::json> MongoClient::write(const std::string& command) {
  const MongoDriver& driver = pool_->driver;
  Document asked(driver), options(driver), answer(driver);
  TRY(asked.read(command));
  TRY(options.read(R"({"writeConcern":{"w":"majority","j":true,"wtimeout":15000}})"));
  const Pool::Client client(*pool_);
  bson_error_t error;
  answer.clear();
  if (!driver.mongoc_client_write_command_with_opts(client.get(), database_.c_str(), asked.get(),
                                                    options.get(), answer.get(), &error))
    return failed(place_, error);
  return checked(place_, answer.json());
}

}  // namespace sluice
