#include "cli/result_text.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "base/size_text.h"

namespace sluice {
namespace {

double rows_per_second(const FileResult& result) {
  const std::uint64_t rows = result.counts.read - std::min(result.rows_before, result.counts.read);
  return result.seconds > 0 ? static_cast<double>(rows) / result.seconds : 0;
}

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, seconds < 10 ? "%.2f s" : "%.1f s", seconds);
  return text;
}

std::string count_line(std::uint64_t count, const std::string& what) {
  std::string number = count_text(count);
  return std::string(number.size() < 14 ? 14 - number.size() : 0, ' ') + number + " " + what + "\n";
}

}  // namespace

std::uint64_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::vector<std::pair<std::string, std::string>> columns_of(const JobPlan& plan) {
  std::vector<std::pair<std::string, std::string>> columns;
  if (plan.pipeline.schema) {
    for (const Field& field : plan.pipeline.schema->fields)
      columns.emplace_back(field.name, std::string(name_of(field.type)));
  } else {
    for (const std::string& name : plan.read.columns) columns.emplace_back(name, "string");
  }
  return columns;
}

std::string json_text(const FileResult& result) {
  nlohmann::ordered_json json;
  json["jobId"] =
      result.job_id.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(result.job_id);
  json["pipeline"] = result.pipeline;
  json["status"] = result.status;
  json["source"] = result.source;
  json["bytes"] = result.bytes;
  json["rows"] = {{"read", result.counts.read},
                  {"inserted", result.counts.inserted},
                  {"updated", result.counts.updated},
                  {"duplicate", result.counts.duplicate},
                  {"rejected", result.counts.rejected}};
  if (result.validated) {
    json["rows"]["inserted"] = 0;
    json["rows"]["updated"] = json["rows"]["duplicate"] = 0;
    json["rows"]["valid"] = result.counts.read - result.counts.rejected;
  }
  json["columns"] = nlohmann::ordered_json::array();
  for (const auto& [name, type] : result.columns) json["columns"].push_back({{"name", name}, {"type", type}});
  json["rejectsFile"] = result.rejects_file.empty() ? nlohmann::ordered_json(nullptr)
                                                    : nlohmann::ordered_json(result.rejects_file);
  if (!result.error.empty()) json["error"] = result.error;
  json["seconds"] = std::round(result.seconds * 1000) / 1000;
  json["rowsPerSecond"] = static_cast<std::uint64_t>(rows_per_second(result));
  json["peakRssBytes"] = peak_rss_bytes();
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string json_of_failure(const std::string& source, const std::string& error) {
  nlohmann::ordered_json json = {
      {"jobId", nullptr}, {"status", "FAILED"}, {"source", source}, {"error", error}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string json_of_open_job(const std::string& source, const std::string& job_id, const std::string& error) {
  nlohmann::ordered_json json = {
      {"jobId", job_id}, {"status", "PROCESSING"}, {"source", source}, {"error", error}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string people_text(const FileResult& result) {
  const RowCounts& counts = result.counts;
  std::string text = result.source + ": ";
  if (result.validated)
    text += "checked as pipeline '" + result.pipeline + "', nothing was written\n";
  else
    text += result.status + ", pipeline '" + result.pipeline + "' into " + result.store + "\n";
  std::string speed = count_text(static_cast<std::uint64_t>(rows_per_second(result))) + " rows/s)";
  text += count_line(counts.read, result.rows_before == 0
                                      ? "rows read in " + seconds_text(result.seconds) + " (" + speed
                                      : "rows read, " + count_text(counts.read - result.rows_before) +
                                            " of them now in " + seconds_text(result.seconds) + " (" + speed);
  if (result.validated) {
    text += count_line(counts.read - counts.rejected, "good");
  } else {
    text += count_line(counts.inserted, "inserted");
    if (counts.updated != 0) text += count_line(counts.updated, "updated");
    text += count_line(counts.duplicate, "duplicate (stored already)");
  }
  text += count_line(counts.rejected, "rejected");
  for (const RejectReason& group : result.groups)
    text += "      " + count_text(group.rows) + " × " + group.code +
            (group.field.empty() ? "" : " in " + group.field) + ", such as: " + group.message + "\n";
  if (!result.rejects_file.empty()) text += "  The rejected rows and why: " + result.rejects_file + "\n";
  if (!result.job_id.empty()) text += "  Job " + result.job_id + "\n";
  return text;
}

void RejectGroups::add(const RejectedRow& row) {
  for (const Issue& issue : row.issues) {
    std::string code(name_of(issue.code));
    auto same = [&](const RejectReason& group) { return group.code == code && group.field == issue.field; };
    auto found = std::ranges::find_if(groups_, same);
    if (found != groups_.end())
      ++found->rows;
    else if (groups_.size() < kMostGroups)
      groups_.push_back({code, issue.field, issue.message, 1});
  }
}

std::vector<RejectReason> RejectGroups::most_frequent(std::size_t count) const {
  std::vector<RejectReason> groups = groups_;
  std::ranges::stable_sort(groups, std::greater(), &RejectReason::rows);
  if (groups.size() > count) groups.resize(count);
  return groups;
}

}  // namespace sluice
