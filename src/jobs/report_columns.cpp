#include "jobs/report_columns.h"

#include <nlohmann/json.hpp>
#include <unordered_set>

namespace sluice {

Result<Columns> report_columns(QueryStore& queries, const std::string& job_id, const JobPlan& plan) {
  if (!plan.read.columns.empty()) return plan.read.columns;
  constexpr std::size_t kMostColumns = 500;  // further ones stand together in sluice_more
  Columns columns;
  std::unordered_set<std::string> known;
  TRY(queries.each_reject(job_id, [&](const StoredReject& reject) {
    auto raw = nlohmann::ordered_json::parse(reject.row.raw, nullptr, false);
    if (!raw.is_object()) return true;
    for (const auto& [name, value] : raw.items())
      if (known.insert(name).second) columns.push_back(name);
    return columns.size() < kMostColumns;
  }));
  return columns;
}

}  // namespace sluice
