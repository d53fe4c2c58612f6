#include "server/api_json.h"

#include <optional>
#include <set>
#include <vector>

#include "base/nearest.h"
#include "server/multipart.h"

namespace sluice {

std::string json_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json stored_json(const std::string& text, Json otherwise) {
  if (text.empty()) return otherwise;
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? std::move(otherwise) : json;
}

Response json_answer(int status, const Json& json) { return json_response(status, json_text(json) + "\n"); }

Response list_answer(Json items, const std::string& next) {
  return json_answer(200, {{"items", std::move(items)}, {"next", text_or_null(next)}});
}

Result<> check_json_type(const Request& request) {
  const std::string_view type = request.headers.get("Content-Type");
  if (!type.empty() && header_value(type) != "application/json")
    return refuse({.status = 415,
                   .name = "unsupported-media-type",
                   .title = "The body is of a type that is not taken here",
                   .detail = "This takes application/json, not " + std::string(type.substr(0, 100)) + "."});
  return {};
}

Result<Json> body_object(const Request& request, EmptyBody empty) {
  if (request.body.empty() && empty == EmptyBody::taken) return Json::object();
  TRY(check_json_type(request));
  // Of members that are there twice readers take the one or the other; nobody can mean that.
  std::set<std::string> names;
  std::optional<std::string> twice;
  const Json::parser_callback_t look = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth == 1 && event == Json::parse_event_t::key && !names.insert(parsed.get<std::string>()).second)
      twice = parsed.get<std::string>();
    return true;
  };
  Json body = Json::parse(request.body, look, false);
  if (!body.is_object()) return fail(ErrorKind::usage, "the body has to be a JSON object.");
  if (twice) return fail(ErrorKind::usage, "the body has the member '" + twice->substr(0, 100) + "' twice.");
  return body;
}

Result<> check_members(const Json& body, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : body.items()) {
    bool is_known = false;
    for (std::string_view word : known) is_known = is_known || word == name;
    if (is_known) continue;
    const std::vector<std::string_view> words(known);
    return fail(ErrorKind::usage,
                "the body has a member '" + name.substr(0, 100) + "': " + suggest_known(name, words));
  }
  return {};
}

Result<std::string> text_member(const Json& body, const char* name) {
  auto found = body.find(name);
  if (found == body.end() || found->is_null()) return std::string();
  if (!found->is_string()) return fail(ErrorKind::usage, std::string(name) + " has to be text.");
  return found->get<std::string>();
}

Result<bool> flag_member(const Json& body, const char* name, bool otherwise) {
  auto found = body.find(name);
  if (found == body.end() || found->is_null()) return otherwise;
  if (!found->is_boolean()) return fail(ErrorKind::usage, std::string(name) + " has to be true or false.");
  return found->get<bool>();
}

Result<std::vector<std::string>> texts_member(const Json& body, const char* name) {
  std::vector<std::string> texts;
  auto found = body.find(name);
  if (found == body.end() || found->is_null()) return texts;
  auto wrong = [&] { return fail(ErrorKind::usage, std::string(name) + " has to be a list of texts."); };
  if (!found->is_array()) return wrong();
  for (const Json& item : *found) {
    if (!item.is_string()) return wrong();
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

}  // namespace sluice
