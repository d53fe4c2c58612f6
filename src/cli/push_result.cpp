#include "cli/push_result.h"

#include <cmath>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "base/size_text.h"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

double rows_per_second(const PushResult& result) {
  return result.seconds > 0 ? static_cast<double>(result.sent.rows) / result.seconds : 0;
}

std::string line(std::uint64_t count, const std::string& what) {
  const std::string number = count_text(count);
  return std::string(number.size() < 14 ? 14 - number.size() : 0, ' ') + number + " " + what + "\n";
}

}  // namespace

std::string json_text(const PushResult& result) {
  Json json;
  json["pushId"] = text_or_null(result.push_id);
  json["to"] = result.to;
  json["file"] = result.file;
  json["status"] = result.status;
  json["rows"] = {{"read", result.read},
                  {"sent", result.sent.rows},
                  {"skipped", result.skipped},
                  {"resumed", result.resumed}};
  json["batches"] = result.sent.batches;
  json["retries"] = result.sent.retries;
  json["jobs"] = {{"first", text_or_null(result.first_job)}, {"last", text_or_null(result.last_job)}};
  json["rejectsFile"] = text_or_null(result.rejects_file);
  json["journal"] = text_or_null(result.journal);
  if (!result.error.empty()) json["error"] = result.error;
  json["seconds"] = std::round(result.seconds * 1000) / 1000;
  json["rowsPerSecond"] = static_cast<std::uint64_t>(rows_per_second(result));
  json["peakRssBytes"] = peak_rss_bytes();
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string people_text(const PushResult& result) {
  if (result.nothing_left)
    return result.file + " was pushed to " + result.to + " already, all of its " +
           count_text(result.resumed) +
           " good rows; nothing was sent.\n  --restart pushes it once more, under a new id.\n";
  std::string text = result.file + ": " + result.status + ", to " + result.to + "\n";
  char speed[64];
  std::snprintf(speed, sizeof speed, result.seconds < 10 ? " in %.2f s (" : " in %.1f s (", result.seconds);
  text += line(result.read, "rows read");
  text +=
      line(result.sent.rows,
           "sent in " + count_text(result.sent.batches) + (result.sent.batches == 1 ? " batch" : " batches") +
               speed + count_text(static_cast<std::uint64_t>(rows_per_second(result))) + " rows/s)");
  if (result.resumed != 0) text += line(result.resumed, "sent before, by earlier runs of this push");
  if (result.sent.retries != 0) text += line(result.sent.retries, "retries");
  text += line(result.skipped, "skipped");
  for (const RejectReason& group : result.groups)
    text += "      " + count_text(group.rows) + " × " + group.code +
            (group.field.empty() ? "" : " in " + group.field) + ", such as: " + group.message + "\n";
  if (!result.rejects_file.empty()) text += "  The skipped rows and why: " + result.rejects_file + "\n";
  text += "  Push " + result.push_id + "; what was sent of it: " + result.journal + "\n";
  return text;
}

}  // namespace sluice
