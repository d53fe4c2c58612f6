#include "pipeline/yaml_text.h"

#include <algorithm>
#include <string_view>

namespace sluice {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLineWidth = 100;  // what is shorter stands in one line

bool is_reserved(std::string_view text) {
  std::string word;
  for (char c : text) word += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  for (std::string_view reserved : {"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
    if (word == reserved) return true;
  return false;
}

// Plain only where no version of YAML sees anything but text: letters first, then harmless characters.
std::string scalar_text(const std::string& text) {
  auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  bool plain = !text.empty() && is_letter(text.front()) && text.back() != ' ' && !is_reserved(text);
  for (char c : text)
    plain = plain && (is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '/' || c == ' ');
  if (plain) return text;
  std::string quoted = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  // What would be taken for a secret has to be marked as text.
  std::string out;
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    if (quoted[i] == '$' && quoted.compare(i, 2, "${") == 0) out += '$';
    out += quoted[i];
  }
  return out;
}

std::string flow(const Json& json) {
  std::string out;
  if (json.is_object()) {
    for (const auto& [key, value] : json.items())
      out += (out.empty() ? "" : ", ") + scalar_text(key) + ": " + flow(value);
    return "{" + out + "}";
  }
  if (json.is_array()) {
    for (const auto& item : json) out += (out.empty() ? "" : ", ") + flow(item);
    return "[" + out + "]";
  }
  return json.is_string() ? scalar_text(json.get<std::string>()) : json.dump();
}

// The members of a published descriptor in the order people read them.
std::vector<std::string> ordered_keys(const Json& json) {
  std::vector<std::string> keys;
  for (const char* first : {"name", "title", "type", "format"})
    if (json.contains(first)) keys.emplace_back(first);
  for (const auto& [key, value] : json.items())
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  return keys;
}

Json reordered(const Json& json) {
  if (json.is_array()) {
    Json list = Json::array();
    for (const auto& item : json) list.push_back(reordered(item));
    return list;
  }
  if (!json.is_object()) return json;
  Json map = Json::object();
  for (const std::string& key : ordered_keys(json)) map[key] = reordered(json.at(key));
  return map;
}

void block(std::string& out, const Json& json, std::size_t indent);

void member_value(std::string& out, const Json& value, std::size_t indent) {
  std::string line = flow(value);
  bool is_list_of_maps = value.is_array() && !value.empty() && value.front().is_object();
  bool nested = value.is_structured() && !value.empty() &&
                (is_list_of_maps || line.size() + indent > kLineWidth || (value.is_object() && indent == 0));
  if (!nested) {
    out += " " + line + "\n";
    return;
  }
  out += "\n";
  block(out, value, indent + 2);
}

void block(std::string& out, const Json& json, std::size_t indent) {
  std::string margin(indent, ' ');
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      out += margin + scalar_text(key) + ":";
      member_value(out, value, indent);
    }
    return;
  }
  for (const auto& item : json) {
    std::string line = flow(item);
    bool one_key = item.is_object() && item.size() == 1;
    if (one_key && line.size() + indent <= kLineWidth + 2)
      line = line.substr(1, line.size() - 2);  // - step: argument
    if (!item.is_structured() || line.size() + indent <= kLineWidth) {
      out += margin + "- " + line + "\n";
      continue;
    }
    std::string nested;
    block(nested, item, indent + 2);
    out += margin + "- " + nested.substr(indent + 2);
  }
}

}  // namespace

std::string yaml_text(const nlohmann::ordered_json& json) {
  std::string out;
  block(out, reordered(json), 0);
  return out;
}

}  // namespace sluice
