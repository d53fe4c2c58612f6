#include "jobs/intake_request.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/nearest.h"
#include "jobs/submit_job.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 7> kMembers = {"pipeline", "blob",     "rows",  "fileName",
                                                      "metadata", "priority", "tenant"};

constexpr std::size_t kMostBytes = 32u << 20, kMostMetadataBytes = 64u << 10;
constexpr int kMostDepth = 100;

std::unexpected<Error> wrong_order(const std::string& what) {
  return fail(ErrorKind::usage, "the job's data: " + what);
}

Result<std::string> text_in(const Json& order, const char* name, const std::string& otherwise) {
  const auto found = order.find(name);
  if (found == order.end()) return otherwise;
  if (!found->is_string()) return wrong_order("\"" + std::string(name) + "\" has to be a text.");
  return found->get<std::string>();
}

Result<> check_members(const Json& order) {
  for (const auto& [name, value] : order.items())
    if (std::ranges::find(kMembers, name) == kMembers.end())
      return wrong_order("there is no member \"" + name.substr(0, 100) + "\"; " +
                         suggest_known(name, kMembers) + ".");
  return {};
}

}  // namespace

Result<IntakeOrder> intake_order(const std::string& json) {
  if (json.size() > kMostBytes)
    return wrong_order("it is longer than 32 MiB. Put the rows into a file, and name that (\"blob\").");
  bool is_deep = false;
  const Json read = Json::parse(
      json,
      [&](int depth, Json::parse_event_t, const Json&) {
        is_deep = is_deep || depth > kMostDepth;
        return !is_deep;
      },
      false);
  if (is_deep) return wrong_order("its values are nested more than " + std::to_string(kMostDepth) + " deep.");
  if (!read.is_object())
    return wrong_order("it has to be an object such as {\"pipeline\": \"people\", \"rows\": [ … ]}.");
  TRY(check_members(read));
  IntakeOrder order;
  order.tenant = TRY(text_in(read, "tenant", order.tenant));
  order.pipeline = TRY(text_in(read, "pipeline", ""));
  order.file_name = TRY(text_in(read, "fileName", ""));
  order.blob = TRY(text_in(read, "blob", ""));
  if (const auto metadata = read.find("metadata"); metadata != read.end()) {
    if (!metadata->is_object()) return wrong_order("\"metadata\" has to be an object.");
    order.metadata = metadata->dump(-1, ' ', false, Json::error_handler_t::replace);
    if (order.metadata.size() > kMostMetadataBytes) return wrong_order("\"metadata\" may have up to 64 KiB.");
  }
  if (const auto priority = read.find("priority"); priority != read.end()) {
    // As a double a number that no integer holds is out of bounds, too.
    if (!priority->is_number_integer() || std::abs(priority->get<double>()) > kMostPriority)
      return wrong_order(std::string("\"priority\" has to be ") + kPriorityRule);
    order.priority = priority->get<std::int32_t>();
  }
  if (order.blob.empty() == !read.contains("rows"))
    return wrong_order("it needs either \"blob\", the URL of a file, or \"rows\", an array.");
  if (!order.blob.empty()) return order;
  if (order.pipeline.empty()) return wrong_order("rows need a \"pipeline\".");
  auto rows = posted_rows(json);
  if (!rows) return wrong_order(rows.error().message);
  order.rows = *std::move(rows);
  return order;
}

}  // namespace sluice
