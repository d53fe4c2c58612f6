#include "adapters/group_documents_mongo.h"

#include <algorithm>
#include <charconv>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "adapters/mongo_client.h"
#include "base/decimal.h"
#include "base/log.h"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDuplicateKey = 11000;
constexpr std::size_t kBytesTogether = 4 << 20;  // of one command; MongoDB takes 48 MB
constexpr std::size_t kDigitsOfDecimal128 = 34;
constexpr const char* kMarks = "sluice";  // the collection that says whose copy this is

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// 12 → a 64-bit integer, 1.5 → Decimal128: both hold exactly what the text says.
Json number_of(const std::string& digits) {
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
  if (error == std::errc() && end == digits.data() + digits.size()) return {{"$numberLong", digits}};
  const auto count = std::ranges::count_if(digits, [](char c) { return c >= '0' && c <= '9'; });
  if (static_cast<std::size_t>(count) <= kDigitsOfDecimal128) return {{"$numberDecimal", digits}};
  return digits;
}

// A value as the store has it, JSON. A number that no double holds stands there in quotes: `is_number` tells
// it from text.
Json value_of(const std::string& json, bool is_number) {
  if (is_number && json.size() > 2 && json.front() == '"') return number_of(json.substr(1, json.size() - 2));
  if (!json.empty() && (json.front() == '-' || (json.front() >= '0' && json.front() <= '9')))
    return number_of(json);
  return Json::parse(json, nullptr, false);
}

std::string field_name(std::string name) {
  std::ranges::replace(name, '.', '_');
  if (name.starts_with('$')) name.front() = '_';
  if (name == "_id" || name == "_sluice" || name == "updatedAt" || name == "deletedAt" || name == "rows")
    name += '_';
  return name;
}

struct Write {
  std::string update;      // an element of the command's "updates"
  std::string once_there;  // the same for a document that is there
};

class MongoDocuments final : public GroupDocuments {
 public:
  explicit MongoDocuments(std::unique_ptr<MongoClient> client) : client_(std::move(client)) {}

  Result<bool> belongs_to(const std::string& store) override {
    const auto answer = TRY(client_->read(text_of({{"find", kMarks},
                                                   {"filter", {{"_id", "copy of aggregates"}}},
                                                   {"limit", 1},
                                                   {"singleBatch", true}})));
    const auto& batch = answer.at("cursor").at("firstBatch");
    if (batch.empty()) return false;
    if (batch.at(0).value("store", "") == store) return true;
    return fail(ErrorKind::conflict,
                "MongoDB (" + client_->place() +
                    ") holds the aggregates of another store. Give each store a database of "
                    "its own, or, where that one is no more, drop this one's collections.");
  }

  Result<> give_to(const std::string& store) override {
    const Json update = {{"q", {{"_id", "copy of aggregates"}}},
                         {"u", {{"$setOnInsert", {{"store", store}}}}},
                         {"upsert", true}};
    auto written = TRY(client_->write(text_of({{"update", kMarks}, {"updates", Json::array({update})}})));
    if (written.contains("writeErrors"))
      return fail(ErrorKind::unavailable, "MongoDB (" + client_->place() + "): two began at once", true);
    return {};
  }

  Result<> put(const ChangedAggregate& aggregate, std::span<const ChangedGroup> groups) override {
    TRY(index(aggregate));
    std::vector<Write> together;
    std::size_t bytes = 0;
    for (const ChangedGroup& group : groups) {
      together.push_back(write_of(aggregate, group));
      bytes += together.back().update.size();
      if (bytes < kBytesTogether) continue;
      TRY(write(aggregate.spec.name, together));
      together.clear();
      bytes = 0;
    }
    return together.empty() ? Result<>() : write(aggregate.spec.name, together);
  }

 private:
  static Write write_of(const ChangedAggregate& aggregate, const ChangedGroup& changed) {
    const AggregateSpec& spec = aggregate.spec;
    const AggregateGroup& group = changed.group;
    const bool there = group.rows > 0;
    Json set = {
        {"_sluice",
         {{"tenant", aggregate.tenant}, {"version", {{"$numberLong", std::to_string(changed.version)}}}}}};
    Json unset = Json::object();
    Json& values = there ? set : unset;
    for (std::size_t i = 0; i < spec.by.size(); ++i)
      values[field_name(spec.by[i])] = value_of(group.by[i], false);
    for (std::size_t i = 0; i < spec.measures.size(); ++i) {
      const AggregateMeasure& measure = spec.measures[i];
      values[field_name(measure.name)] =
          value_of(group.measures[i], measure.is_number || measure.function == AggregateFunction::sum);
    }
    values["rows"] = {{"$numberLong", std::to_string(group.rows)}};
    values["updatedAt"] = {{"$date", group.updated_at}};
    (there ? unset : set)["deletedAt"] = {{"$date", group.updated_at}};
    const Json older =
        Json::array({{{"_sluice.version", {{"$lt", {{"$numberLong", std::to_string(changed.version)}}}}}},
                     {{"_sluice.version", {{"$exists", false}}}}});
    Json update = {{"q", {{"_id", aggregate.tenant + "/" + changed.hash}, {"$or", older}}},
                   {"u", {{"$set", std::move(set)}, {"$unset", std::move(unset)}}}};
    Write write;
    write.once_there = text_of(update);
    update["upsert"] = true;
    write.update = text_of(update);
    return write;
  }

  Result<nlohmann::json> send(const std::string& collection, const std::string& updates) {
    return client_->write("{\"update\":" + text_of(collection) + ",\"updates\":[" + updates +
                          "],\"ordered\":false}");
  }

  // All at once; and where some were refused, one by one, as not every server says truly which.
  Result<> write(const std::string& collection, const std::vector<Write>& writes) {
    std::string updates;
    for (const Write& write : writes) updates += (updates.empty() ? "" : ",") + write.update;
    if (!TRY(send(collection, updates)).contains("writeErrors")) return {};
    for (const Write& write : writes) TRY(write_one(collection, write));
    return {};
  }

  // That its _id is there already, while the filter finds nothing, says that it is of a later version, or was
  // made at this very moment. The second time nothing is made: either it is older, or all is well.
  Result<> write_one(const std::string& collection, const Write& write) {
    auto answer = TRY(send(collection, write.update));
    if (is_there_already(answer)) answer = TRY(send(collection, write.once_there));
    if (const auto errors = answer.find("writeErrors"); errors != answer.end())
      return fail(ErrorKind::unavailable,
                  "MongoDB (" + client_->place() + ") refused a document of '" + collection +
                      "': " + errors->at(0).value("errmsg", "no reason given"),
                  true);
    return {};
  }
  static bool is_there_already(const nlohmann::json& answer) {
    const auto errors = answer.find("writeErrors");
    return errors != answer.end() && !errors->empty() && errors->at(0).value("code", 0) == kDuplicateKey;
  }

  // For who looks a group up by its fields, and so that what says "no more" goes in time.
  Result<> index(const ChangedAggregate& aggregate) {
    {
      const std::lock_guard lock(mutex_);
      if (indexed_.contains(aggregate.spec.name)) return {};
    }
    Json by = {{"_sluice.tenant", 1}};
    for (const std::string& field : aggregate.spec.by) by[field_name(field)] = 1;
    const Json indexes = {
        {{"key", by}, {"name", "sluice_group"}},
        {{"key", {{"deletedAt", 1}}}, {"name", "sluice_deleted"}, {"expireAfterSeconds", 30 * 24 * 3600}}};
    for (const Json& index : indexes) {
      auto made = client_->write(
          text_of({{"createIndexes", aggregate.spec.name}, {"indexes", Json::array({index})}}));
      if (made) continue;
      if (made.error().retryable) return std::unexpected(std::move(made).error());
      log_warning("aggregates",
                  {{"error", "no index, which documents can do without: " + made.error().message}});
    }
    const std::lock_guard lock(mutex_);
    indexed_.insert(aggregate.spec.name);
    return {};
  }

  const std::unique_ptr<MongoClient> client_;
  std::mutex mutex_;
  std::set<std::string, std::less<>> indexed_;  // collections; guarded by mutex_
};

}  // namespace

Result<std::unique_ptr<GroupDocuments>> open_mongo_documents(const std::string& url) {
  return std::make_unique<MongoDocuments>(TRY(MongoClient::open(url)));
}

}  // namespace sluice
