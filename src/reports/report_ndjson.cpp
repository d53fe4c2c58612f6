// The NDJSON report: one object a row, the row's own members in their order and as they were written.
#include <simdjson.h>

#include <nlohmann/json.hpp>

#include "reports/report_cells.h"
#include "reports/writers.h"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json error_of(const Issue& issue) {
  return {{"field", text_or_null(issue.field)},
          {"fieldNumber", issue.field_number == 0 ? Json() : Json(issue.field_number)},
          {"code", name_of(issue.code)},
          {"constraint", text_or_null(issue.constraint)},
          {"value", issue.value},
          {"message", issue.message},
          {"suggestion", text_or_null(issue.suggestion)}};
}

// The object on one line; "" where it is none.
std::string dense_object(const std::string& raw) {
  thread_local simdjson::ondemand::parser parser;
  simdjson::padded_string padded(raw);
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  std::string_view text;
  if (parser.iterate(padded).get(document) || document.get_object().get(object) ||
      object.raw_json().get(text))
    return "";
  std::string dense(raw.size() + simdjson::SIMDJSON_PADDING, '\0');
  std::size_t size = 0;
  if (simdjson::minify(text.data(), text.size(), dense.data(), size)) return "";
  dense.resize(size);
  return dense;
}

// JSON holds a NUL by itself; only bytes that are no text have to be made visible.
std::string with_valid_bytes(const std::string& text) {
  return simdjson::validate_utf8(text) ? text : visible_text(text);
}

class NdjsonReport final : public ReportWriter {
 public:
  explicit NdjsonReport(std::unique_ptr<ReportSink> sink) : sink_(std::move(sink)) {}

  Result<> row(const std::string& job_id, const RejectedRow& row) override {
    return sink_->write(report_row_json(job_id, row) + "\n");
  }
  Result<> finish() override { return sink_->finish(); }

 private:
  std::unique_ptr<ReportSink> sink_;
};

}  // namespace

std::string report_row_json(const std::string& job_id, const RejectedRow& row) {
  Json json = {
      {"jobId", job_id}, {"rowNumber", row.row_number}, {"line", row.line == 0 ? Json() : Json(row.line)}};
  json["errors"] = Json::array();
  for (const Issue& issue : row.issues) json["errors"].push_back(error_of(issue));
  std::string object;
  if (std::optional<std::string> text = raw_text(row.raw)) {
    if (!row.raw.empty()) json["raw"] = *text;
  } else if (object = dense_object(row.raw); object.empty()) {
    json["raw"] = row.raw;
  }
  for (Json* text : {&json["jobId"], json.contains("raw") ? &json["raw"] : nullptr})
    if (text != nullptr) *text = with_valid_bytes(text->get<std::string>());
  std::string line = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (!object.empty()) {
    line.pop_back();  // the row as it was written; through a parser its numbers would suffer
    line.append(",\"row\":").append(object).append("}");
  }
  return line;
}

OpenedReport open_ndjson_report(std::unique_ptr<ReportSink> sink, const Columns&) {
  return std::make_unique<NdjsonReport>(std::move(sink));
}

}  // namespace sluice
