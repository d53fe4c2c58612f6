#include "reports/report_cells.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "reports/report.h"

namespace sluice {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::array<std::string_view, 9> kReportColumns = {
    "sluice_job",     "sluice_row",        "sluice_line", "sluice_field", "sluice_code",
    "sluice_message", "sluice_suggestion", "sluice_more", "sluice_raw"};
enum ReportColumn : std::size_t { kJob, kRow, kLine, kField, kCode, kMessage, kSuggestion, kMore, kRaw };

std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// A member's value in the layout it was written in, without blanks around it or between its parts.
bool dense_json(ondemand::value& value, ondemand::json_type type, std::string& dense) {
  std::string_view json;
  if (type == ondemand::json_type::object) {
    ondemand::object object;
    if (value.get_object().get(object) || object.raw_json().get(json)) return false;
  } else if (type == ondemand::json_type::array) {
    ondemand::array array;
    if (value.get_array().get(array) || array.raw_json().get(json)) return false;
  } else {
    json = value.raw_json_token();
  }
  dense.resize(json.size() + simdjson::SIMDJSON_PADDING);
  std::size_t size = 0;
  if (simdjson::minify(json.data(), json.size(), dense.data(), size)) return false;
  dense.resize(size);
  return true;
}

template <class Part>
std::string joined(const std::vector<Issue>& issues, Part part) {
  std::string text;
  bool any = false;
  for (const Issue& issue : issues) {
    std::string_view one = part(issue);
    if (&issue != &issues.front()) text += "; ";
    text += one;
    any = any || !one.empty();
  }
  return any ? text : "";
}

}  // namespace

ReportCells::ReportCells(const Columns& columns, std::size_t most_columns) {
  for (const std::string& column : columns) {
    numbered_.push_back(std::nullopt);
    if (header_.size() >= most_columns || is_report_column(column)) continue;
    if (!places_.emplace(column, header_.size()).second) continue;
    numbered_.back() = header_.size();
    header_.push_back(column);
  }
  own_columns_ = header_.size();
  header_.insert(header_.end(), kReportColumns.begin(), kReportColumns.end());
  cells_.resize(header_.size());
}

bool take_apart(const std::string& json, const CellPlaces& places, std::span<std::string> cells,
                std::string& more) {
  thread_local ondemand::parser parser;
  simdjson::padded_string padded(json);
  ondemand::document document;
  ondemand::object members;
  if (parser.iterate(padded).get(document) || document.get_object().get(members)) return false;
  std::vector<bool> seen(cells.size());
  for (simdjson::simdjson_result<ondemand::field> result : members) {
    ondemand::field member;
    std::string_view name, text;
    std::string dense;
    if (std::move(result).get(member) || member.unescaped_key().get(name)) return false;
    auto place = places.find(std::string(name));
    ondemand::value value = member.value();
    ondemand::json_type type;
    if (value.type().get(type)) return false;
    if (place == places.end()) {
      if (!dense_json(value, type, dense)) return false;
      more.append(more.empty() ? "{" : ",").append(json_string(name)).append(":").append(dense);
      continue;
    }
    if (seen[place->second]) return false;
    seen[place->second] = true;
    std::string& cell = cells[place->second];
    if (type == ondemand::json_type::string) {
      if (value.get_string().get(text)) return false;
      cell = text;
    } else if (type != ondemand::json_type::null) {
      if (!dense_json(value, type, dense)) return false;
      cell = dense;
    }
  }
  if (!more.empty()) more += '}';
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

const std::vector<std::string>& ReportCells::lay_out(const std::string& job_id, const RejectedRow& row) {
  for (std::string& cell : cells_) cell.clear();
  auto report = [&](ReportColumn column) -> std::string& { return cells_[own_columns_ + column]; };
  if (std::optional<std::string> text = raw_text(row.raw)) {
    report(kRaw) = *text;
  } else if (!take_apart(row.raw, places_, std::span(cells_).first(own_columns_), report(kMore))) {
    for (std::string& cell : cells_) cell.clear();
    report(kRaw) = row.raw;
  }
  report(kJob) = job_id;
  report(kRow) = std::to_string(row.row_number);
  if (row.line != 0) report(kLine) = std::to_string(row.line);
  report(kField) = joined(row.issues, [](const Issue& issue) -> std::string_view { return issue.field; });
  report(kCode) = joined(row.issues, [](const Issue& issue) { return name_of(issue.code); });
  report(kMessage) = joined(row.issues, [](const Issue& issue) -> std::string_view { return issue.message; });
  report(kSuggestion) =
      joined(row.issues, [](const Issue& issue) -> std::string_view { return issue.suggestion; });
  for (std::string& cell : cells_) cell = visible_text(cell);
  return cells_;
}

std::optional<std::size_t> ReportCells::column_of(const Issue& issue) const {
  // By its place as read first: the field's name may be one that a step of the pipeline gave it.
  if (issue.field_number != 0 && issue.field_number <= numbered_.size())
    return numbered_[issue.field_number - 1];
  auto place = places_.find(issue.field);
  if (place == places_.end()) return std::nullopt;
  return place->second;
}

std::optional<std::string> raw_text(const std::string& raw) {
  std::size_t first = raw.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  if (raw[first] == '{') return std::nullopt;
  if (raw[first] != '"') return raw;
  simdjson::padded_string padded(raw);
  thread_local ondemand::parser parser;
  ondemand::document document;
  std::string_view text;
  if (parser.iterate(padded).get(document) || document.get_string().get(text)) return raw;
  return std::string(text);
}

}  // namespace sluice
