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
constexpr std::size_t kBytesTogether = 4 << 20;  // of one command; MongoDB takes 16 MB
constexpr std::size_t kDigitsOfDecimal128 = 34;
constexpr int kMostExponent = 6000;       // of Decimal128, somewhat less than it has
constexpr const char* kMarks = "sluice";  // the collection that says whose copy this is

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

bool fits_decimal128(const std::string& digits) {
  const std::size_t e = digits.find_first_of("eE");
  int exponent = 0;
  if (e != std::string::npos) {
    const std::size_t from = e + (e + 1 < digits.size() && digits[e + 1] == '+' ? 2 : 1);
    const auto [end, error] = std::from_chars(digits.data() + from, digits.data() + digits.size(), exponent);
    if (error != std::errc() || std::abs(exponent) > kMostExponent) return false;
  }
  const auto count = std::ranges::count_if(digits.substr(0, e), [](char c) { return c >= '0' && c <= '9'; });
  return static_cast<std::size_t>(count) <= kDigitsOfDecimal128;
}

// 12 → a 64-bit integer, 1.5 → Decimal128: both hold exactly what the text says.
Json number_of(const std::string& digits) {
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
  if (error == std::errc() && end == digits.data() + digits.size()) return {{"$numberLong", digits}};
  if (fits_decimal128(digits)) return {{"$numberDecimal", digits}};
  return digits;
}

// A value as the store has it, JSON. A number that no double holds stands there in quotes: `is_number` tells
// it from text.
Json value_of(const std::string& json, bool is_number) {
  if (is_number && json.size() > 2 && json.front() == '"') return number_of(json.substr(1, json.size() - 2));
  if (!json.empty() && (json.front() == '-' || (json.front() >= '0' && json.front() <= '9')))
    return number_of(json);
  Json value = Json::parse(json, nullptr, false);
  return value.is_discarded() ? Json(json) : value;
}

std::string field_name(std::string name) {
  std::ranges::replace(name, '.', '_');
  if (name.starts_with('$')) name.front() = '_';
  return name;
}

// What the fields of `by` and then the measures are called in documents, each other than the others.
std::vector<std::string> field_names(const AggregateSpec& spec) {
  std::vector<std::string> names;
  std::set<std::string, std::less<>> taken = {"_id", "_sluice", "deletedAt", "rows", "updatedAt"};
  auto add = [&](const std::string& wanted) {
    std::string name = field_name(wanted);
    while (!taken.insert(name).second) name += '_';
    names.push_back(std::move(name));
  };
  for (const std::string& field : spec.by) add(field);
  for (const AggregateMeasure& measure : spec.measures) add(measure.name);
  return names;
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
    const auto batch =
        answer.value("cursor", nlohmann::json::object()).value("firstBatch", nlohmann::json::array());
    if (!batch.is_array() || batch.empty()) return false;
    if (batch.front().is_object() && batch.front().value("store", "") == store) return true;
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
    const std::lock_guard lock(mutex_);
    indexed_.clear();  // the database may be another
    return {};
  }

  Result<> put(const ChangedAggregate& aggregate, std::span<const ChangedGroup> groups) override {
    const auto names = field_names(aggregate.spec);
    TRY(index(aggregate, names));
    std::vector<Write> together;
    std::size_t bytes = 0;
    for (const ChangedGroup& group : groups) {
      together.push_back(write_of(aggregate, names, group));
      bytes += together.back().update.size();
      if (bytes < kBytesTogether) continue;
      TRY(write(aggregate.spec.name, together));
      together.clear();
      bytes = 0;
    }
    return together.empty() ? Result<>() : write(aggregate.spec.name, together);
  }

 private:
  static Write write_of(const ChangedAggregate& aggregate, const std::vector<std::string>& names,
                        const ChangedGroup& changed) {
    const AggregateSpec& spec = aggregate.spec;
    const AggregateGroup& group = changed.group;
    const bool there = group.rows > 0;
    Json set = {
        {"_sluice",
         {{"tenant", aggregate.tenant}, {"version", {{"$numberLong", std::to_string(changed.version)}}}}}};
    Json unset = Json::object();
    Json& values = there ? set : unset;
    for (std::size_t i = 0; i < spec.by.size(); ++i) values[names[i]] = value_of(group.by[i], false);
    for (std::size_t i = 0; i < spec.measures.size(); ++i) {
      const AggregateMeasure& measure = spec.measures[i];
      values[names[spec.by.size() + i]] =
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

  // All at once. Documents of a later version answer "duplicate key": the filter finds nothing, and the _id
  // is there. So does one that was made at this very moment; the second time nothing is made: either it is
  // older, or all is well. Where something else was refused, or the server does not account for each, they go
  // one by one.
  Result<> write(const std::string& collection, const std::vector<Write>& writes) {
    const auto answer = TRY(send(collection, all_of(writes, &Write::update)));
    const std::size_t there = count_there(answer);
    if (there == 0 && !answer.contains("writeErrors")) return {};
    if (answer.value("n", std::size_t{0}) + there == writes.size() &&
        !TRY(send(collection, all_of(writes, &Write::once_there))).contains("writeErrors"))
      return {};
    Result<> refused;
    for (const Write& write : writes) {
      auto done = write_one(collection, write);
      if (!done && done.error().retryable) return done;
      if (!done && refused) refused = std::move(done);  // one must not keep the others
    }
    return refused;
  }

  Result<> write_one(const std::string& collection, const Write& write) {
    auto answer = TRY(send(collection, write.update));
    if (count_there(answer) == 1) answer = TRY(send(collection, write.once_there));
    const auto errors = answer.find("writeErrors");
    if (errors == answer.end() || errors->empty()) return {};
    return fail(ErrorKind::unavailable, "MongoDB (" + client_->place() + ") refused a document of '" +
                                            collection +
                                            "': " + errors->front().value("errmsg", "no reason given"));
  }

  static std::string all_of(const std::vector<Write>& writes, std::string Write::* form) {
    std::string updates;
    for (const Write& write : writes) updates += (updates.empty() ? "" : ",") + write.*form;
    return updates;
  }
  static std::size_t count_there(const nlohmann::json& answer) {
    const auto errors = answer.find("writeErrors");
    if (errors == answer.end()) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(
        *errors, [](const nlohmann::json& error) { return error.value("code", 0) == kDuplicateKey; }));
  }

  // For who looks a group up by its fields, and so that what says "no more" goes in time.
  Result<> index(const ChangedAggregate& aggregate, const std::vector<std::string>& names) {
    {
      const std::lock_guard lock(mutex_);
      if (indexed_.contains(aggregate.spec.name)) return {};
    }
    Json by = {{"_sluice.tenant", 1}};
    for (std::size_t i = 0; i < aggregate.spec.by.size(); ++i) by[names[i]] = 1;
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
