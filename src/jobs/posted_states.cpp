#include "jobs/posted_states.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/nearest.h"
#include "pipeline/utf8.h"

namespace sluice {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t kShownBytes = 40;  // of what somebody sent

std::unexpected<Error> no_states(const std::string& what) {
  return fail(ErrorKind::usage, what + R"( Send {"states": [{"name": "Texas", "population": 1}, …]}.)");
}

// What was sent, as it was written, for a message.
std::string shown(std::string_view json) {
  while (!json.empty() &&
         (json.back() == ' ' || json.back() == '\n' || json.back() == '\r' || json.back() == '\t'))
    json.remove_suffix(1);
  const std::string_view cut = cut_utf8(json, kShownBytes);
  return std::string(cut) + (cut.size() < json.size() ? "…" : "");
}

// All of a value, as it was written. False where the JSON is broken.
bool whole_text(ondemand::value& value, std::string_view& text) {
  ondemand::json_type type{};
  ondemand::array array;
  ondemand::object object;
  if (value.type().get(type)) return false;
  if (type == ondemand::json_type::array) return !value.get_array().get(array) && !array.raw_json().get(text);
  if (type == ondemand::json_type::object)
    return !value.get_object().get(object) && !object.raw_json().get(text);
  text = value.raw_json_token();
  return true;
}

// Why the body as a whole is no JSON object.
std::unexpected<Error> no_object(const std::string& body, simdjson::error_code error) {
  if (body.starts_with("\xEF\xBB\xBF"))
    return no_states("the body begins with a byte order mark, which JSON has none of.");
  if (error == simdjson::UTF8_ERROR) return no_states("the body is no valid UTF-8.");
  if (error == simdjson::UNCLOSED_STRING) return no_states("a text in the body has no closing \".");
  if (error == simdjson::UNESCAPED_CHARS)
    return no_states("a text in the body has a control character, such as a tab or an end of line, in it.");
  const std::size_t begin = body.find_first_not_of(" \n\r\t");
  if (begin == std::string::npos) return no_states("the body is empty.");
  if (body[begin] == '{' && body[body.find_last_not_of(" \n\r\t")] != '}')
    return no_states("the body begins with { and does not end with }: it is cut off, or more comes after.");
  return no_states("the body is no JSON object.");
}

// What is wrong with a text, as it was written, that cannot be read.
std::string fault_of_escapes(std::string_view json) {
  for (std::size_t i = 0; i + 1 < json.size(); ++i) {
    if (json[i] != '\\') continue;
    const char escaped = json[++i];
    if (std::string_view("\"\\/bfnrtu").find(escaped) == std::string_view::npos)
      return "a \\ in it comes before none of \" \\ / b f n r t u";
    const std::string_view digits = json.substr(i + 1, 4);
    if (escaped == 'u' &&
        (digits.size() < 4 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos))
      return "a \\u in it comes before no four hexadecimal digits";
  }
  return "a character in it is half of a pair";
}

class StatesReader {
 public:
  Result<PostedStates> read(const std::string& body) {
    thread_local ondemand::parser parser;
    const simdjson::padded_string padded(body);
    ondemand::document document;
    ondemand::object object;
    simdjson::error_code error = parser.iterate(padded).get(document);
    if (!error) error = document.get_object().get(object);
    if (error) return no_object(body, error);
    posted_.rows.format = SourceFormat::ndjson;
    posted_.rows.json.reserve(body.size());
    bool any = false;
    for (auto member : object) {
      std::string_view name;
      ondemand::array array;
      if (member.unescaped_key().get(name)) return broken(any ? "after the array" : "before the array");
      if (name != "states" || any)
        return no_states("the body has '" + shown(name) +
                         (any && name == "states" ? "' twice." : "', which is none of its members."));
      any = true;
      if (member.value().get_array().get(array)) return no_states("\"states\" is no array.");
      TRY(read_elements(array));
    }
    if (!any) return no_states("the body has no \"states\".");
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
      return no_states("something comes after the object.");
    if (posted_.rows.count == 0) return no_states("\"states\" is empty.");
    return std::move(posted_);
  }

 private:
  static std::unexpected<Error> broken(const std::string& where) {
    return no_states(where + " the JSON is broken.");
  }

  Result<> read_elements(ondemand::array& array) {
    for (auto item : array) {
      ondemand::value element;
      if (std::move(item).get(element) || !read_element(element))
        return broken("at states[" + std::to_string(posted_.rows.count) + "]");
      ++posted_.rows.count;
    }
    return {};
  }

  void wrong(const char* field, std::string message) {
    if (++posted_.wrong_count > kMostWrongStates) return;
    posted_.wrong.push_back({posted_.rows.count, field, std::move(message)});
  }

  // False where the JSON is broken.
  bool read_element(ondemand::value& element) {
    ondemand::json_type type{};
    std::string_view token;
    if (element.type().get(type)) return false;
    if (type != ondemand::json_type::object) {
      if (!whole_text(element, token)) return false;
      wrong("", "is " + shown(token) + R"(, no object such as {"name": "Texas", "population": 1})");
      return true;
    }
    ondemand::object object;
    if (element.get_object().get(object)) return false;
    name_ = population_ = {};
    bool has_name = false, has_population = false;
    for (auto member : object) {
      std::string_view key;
      ondemand::value value;
      if (member.unescaped_key().get(key) || member.value().get(value)) return false;
      if (key == "name") {
        if (std::exchange(has_name, true)) wrong("name", "is there twice");
        if (!read_name(value)) return false;
      } else if (key == "population") {
        if (std::exchange(has_population, true)) wrong("population", "is there twice");
        if (!read_population(value)) return false;
      } else {
        wrong_member(key);
        if (!whole_text(value, token)) return false;
      }
    }
    if (!has_name) wrong("name", "is missing");
    if (!has_population) wrong("population", "is missing");
    if (posted_.wrong_count != 0) return true;
    std::string& rows = posted_.rows.json;
    rows += "{\"name\":";
    rows += name_;
    rows += ",\"population\":";
    rows += population_;
    rows += "}\n";
    return true;
  }

  void wrong_member(std::string_view key) {
    constexpr std::array<std::string_view, 2> kMembers = {"name", "population"};
    std::string known = suggest_known(key, kMembers);
    if (known.ends_with('.')) known.pop_back();  // others may follow
    wrong("", "has the member '" + shown(key) + "': " + known);
  }

  bool read_name(ondemand::value& value) {
    ondemand::json_type type{};
    std::string_view name;
    if (value.type().get(type)) return false;
    if (type != ondemand::json_type::string) {
      if (!whole_text(value, name)) return false;
      wrong("name", "is " + shown(name) + "; it has to be text");
      return true;
    }
    name_ = value.raw_json_token();
    if (value.get_string().get(name)) {
      wrong("name", "is " + shown(name_) + ", which is no valid text: " + fault_of_escapes(name_));
      return true;
    }
    std::string fault = fault_of_state_name(name);
    if (!fault.empty()) wrong("name", std::move(fault));
    name_ = name_.substr(0, name_.rfind('"') + 1);
    return true;
  }

  bool read_population(ondemand::value& value) {
    std::uint64_t number = 0;
    population_ = value.raw_json_token();
    population_ = population_.substr(0, population_.find_first_not_of("0123456789"));
    const bool whole = !value.get_uint64().get(number);
    if (whole && number <= kMostPopulation) return true;
    std::string_view written = population_;
    if (!whole && !whole_text(value, written)) return false;
    wrong("population", "is " + shown(written) + "; it has to be a whole number from 0 to " +
                            std::to_string(kMostPopulation) + ", in digits alone");
    return true;
  }

  PostedStates posted_;
  std::string_view name_, population_;  // of the element at hand, as they were written
};

}  // namespace

Result<PostedStates> posted_states(const std::string& body) { return StatesReader().read(body); }

std::string fault_of_state_name(std::string_view name) {
  const std::string_view text = trim_white_space(name);
  if (text.empty()) return name.empty() ? "is empty" : "is nothing but white space";
  if (text == "." || text == "..")
    return "is '" + std::string(text) + "', which no address such as /states/Texas can end with";
  if (text.size() > kStateNameBytes) return "is longer than " + std::to_string(kStateNameBytes) + " bytes";
  auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(text, is_control))
    return "has a control character, such as a tab or an end of line, in it";
  return "";
}

}  // namespace sluice
