// JSON of the API's answers: members in the order they are written, text that every reader takes. Any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "server/http_message.h"

namespace sluice {

using Json = nlohmann::ordered_json;

std::string json_text(const Json& json);  // bytes that are no UTF-8 are replaced
Json text_or_null(const std::string& text);
// Stored text that is a JSON value; `otherwise` where it is none.
Json stored_json(const std::string& text, Json otherwise);
Response json_answer(int status, const Json& json);
// The list's form: {"items":[…],"next":…}; an empty cursor is null.
Response list_answer(Json items, const std::string& next);

// 415, where the request says that its body is of another type than JSON.
Result<> check_json_type(const Request& request);

// A request's body as a JSON object. `required`: whether it may be empty. Problems: 415, 400.
enum class EmptyBody : bool { refused, taken };
Result<Json> body_object(const Request& request, EmptyBody empty);
// Members of a body, with what they have to be. A member that is none of `known` is an error that names the
// nearest.
Result<> check_members(const Json& body, std::initializer_list<std::string_view> known);
Result<std::string> text_member(const Json& body, const char* name);  // "" where it is missing
Result<bool> flag_member(const Json& body, const char* name, bool otherwise);
Result<std::vector<std::string>> texts_member(const Json& body, const char* name);

}  // namespace sluice
