#include "pipeline/config_node.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "base/decimal.h"
#include "pipeline/secrets.h"
#include "pipeline/utf8.h"

namespace sluice {

namespace {

ConfigNode::Kind kind_of_plain(std::string_view text) {
  using enum ConfigNode::Kind;
  for (std::string_view word : {"", "~", "null", "Null", "NULL"})
    if (text == word) return null;
  for (std::string_view word : {"true", "True", "TRUE", "false", "False", "FALSE"})
    if (text == word) return boolean;
  return is_json_number(text) ? number : string;
}

class Converter {
 public:
  Converter(std::shared_ptr<const std::string> source, Secrets secrets)
      : source_(std::move(source)), secrets_(secrets) {}

  Result<ConfigNode> convert(const YAML::Node& yaml, int depth) {
    ConfigNode node;
    node.place = place_of(yaml.Mark());
    if (depth > kConfigDepth) return fail_at(node.place, "this is nested too deeply");
    if (++count_ > kConfigNodes)
      return fail_at(node.place, "the file has too many values (are aliases expanded over and over?)");
    switch (yaml.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null: break;
      case YAML::NodeType::Scalar: TRY(scalar(yaml, node)); break;
      case YAML::NodeType::Sequence:
        node.kind = ConfigNode::Kind::list;
        for (const auto& item : yaml) node.items.push_back(TRY(convert(item, depth + 1)));
        break;
      case YAML::NodeType::Map:
        node.kind = ConfigNode::Kind::map;
        for (const auto& member : yaml) TRY(add_member(node, member.first, member.second, depth));
        break;
    }
    return node;
  }

 private:
  Place place_of(const YAML::Mark& mark) const {
    if (mark.is_null()) return {source_, 0, 0};
    return {source_, mark.line + 1, mark.column + 1};
  }

  Result<> scalar(const YAML::Node& yaml, ConfigNode& node) {
    node.text = yaml.Scalar();
    node.quoted = yaml.Tag() == "!" || yaml.Tag() == "tag:yaml.org,2002:str";
    node.kind = node.quoted ? ConfigNode::Kind::string : kind_of_plain(node.text);
    if (secrets_ == Secrets::replace && node.kind == ConfigNode::Kind::string) {
      auto replaced = replace_secrets(node.text);
      if (!replaced) return fail_at(node.place, replaced.error().message);
      if (*replaced != node.text) node.written = std::exchange(node.text, std::move(*replaced));
    }
    // An escape ("\ud800") or the environment may have brought in what is no text.
    if (!is_valid_utf8(node.text)) return fail_at(node.place, "this value is not valid UTF-8 text");
    return {};
  }

  Result<> add_member(ConfigNode& node, const YAML::Node& key, const YAML::Node& value, int depth) {
    Place place = place_of(key.Mark());
    if (!key.IsScalar() && !key.IsNull()) return fail_at(place, "a key has to be a plain name or text");
    std::string name = key.IsNull() ? "null" : key.Scalar();
    if (!is_valid_utf8(name)) return fail_at(place, "this key is not valid UTF-8 text");
    if (node.find(name) != nullptr) return fail_at(place, "the key '" + name + "' stands twice");
    ConfigNode item = TRY(convert(value, depth + 1));
    if (item.place.line == 0) item.place = place;
    node.keys.push_back(std::move(name));
    node.key_places.push_back(std::move(place));
    node.items.push_back(std::move(item));
    return {};
  }

  std::shared_ptr<const std::string> source_;
  Secrets secrets_;
  std::size_t count_ = 0;
};

// Reads a document without doing anything about it.
class NoEvents final : public YAML::EventHandler {
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}
};

// YAML allows none of them but tab and line ends; yaml-cpp makes something else of some.
bool has_control_characters(std::string_view yaml) {
  for (char c : yaml)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
      return true;
  return false;
}

// yaml-cpp reads nested flow collections by recursion; a file that is all brackets must not reach it.
bool is_nested_too_deeply(std::string_view yaml) {
  int depth = 0, deepest = 0;
  for (char c : yaml) {
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if ((c == ']' || c == '}') && depth > 0) --depth;
  }
  return deepest > 1000;
}

}  // namespace

std::string Place::text() const {
  if (!source || source->empty()) return "";
  if (line == 0) return *source;
  return *source + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::unexpected<Error> fail_at(const Place& place, std::string_view what) {
  std::string message = place.text();
  if (!message.empty()) message += ": ";
  message += what;
  return fail(ErrorKind::usage, std::move(message));
}

const ConfigNode* ConfigNode::find(std::string_view key) const {
  auto found = std::find(keys.begin(), keys.end(), key);
  return found == keys.end() ? nullptr : &items[static_cast<std::size_t>(found - keys.begin())];
}

ConfigNode& ConfigNode::member(std::string_view key) {
  auto found = std::find(keys.begin(), keys.end(), key);
  if (found != keys.end()) return items[static_cast<std::size_t>(found - keys.begin())];
  keys.emplace_back(key);
  key_places.push_back(place);
  return items.emplace_back();
}

std::string_view name_of(ConfigNode::Kind kind) {
  switch (kind) {
    case ConfigNode::Kind::null: return "nothing";
    case ConfigNode::Kind::boolean: return "true or false";
    case ConfigNode::Kind::number: return "a number";
    case ConfigNode::Kind::string: return "text";
    case ConfigNode::Kind::list: return "a list";
    case ConfigNode::Kind::map: return "a mapping";
  }
  return "";
}

Result<ConfigNode> read_yaml(std::string_view yaml, const std::string& source, Secrets secrets) {
  auto shared = std::make_shared<const std::string>(source);
  Place whole{shared, 0, 0};
  if (yaml.size() > kConfigBytes)
    return fail_at(whole, "the file is larger than 4 MiB; this is no pipeline or schema");
  if (!is_valid_utf8(yaml)) return fail_at(whole, "the file is not UTF-8 text; save it as UTF-8");
  if (has_control_characters(yaml))
    return fail_at(whole, "the file holds control characters; is it a text file in UTF-8?");
  if (is_nested_too_deeply(yaml)) return fail_at(whole, "the file is nested too deeply");
  try {
    std::istringstream stream{std::string(yaml)};
    YAML::Parser parser(stream);
    // LoadAll would do, but goes round for ever on text such as "," (0.7.0).
    NoEvents nobody;
    if (!parser.HandleNextDocument(nobody)) return ConfigNode{.place = whole};
    if (parser)
      return fail_at(
          whole,
          "the file goes on after the end of its YAML document; give one document, without --- in between");
    return Converter(shared, secrets).convert(YAML::Load(std::string(yaml)), 0);
  } catch (const YAML::Exception& error) {
    Place place = error.mark.is_null() ? whole : Place{shared, error.mark.line + 1, error.mark.column + 1};
    return fail_at(place, "this is not valid YAML: " + error.msg);
  } catch (const std::exception& error) {
    return fail_at(whole, std::string("this is not valid YAML: ") + error.what());
  }
}

ConfigNode config_node_of(const nlohmann::json& json) {
  using enum ConfigNode::Kind;
  ConfigNode node;
  if (json.is_array()) {
    node.kind = list;
    for (const auto& item : json) node.items.push_back(config_node_of(item));
  } else if (json.is_object()) {
    node.kind = map;
    for (const auto& [key, value] : json.items()) {
      node.keys.push_back(key);
      node.key_places.emplace_back();
      node.items.push_back(config_node_of(value));
    }
  } else if (json.is_string()) {
    node.kind = string;
    node.quoted = true;
    node.text = json.get<std::string>();
  } else if (!json.is_null()) {
    node.kind = json.is_boolean() ? boolean : number;
    node.text = json.dump();
  }
  return node;
}

nlohmann::json to_json(const ConfigNode& node) {
  switch (node.kind) {
    case ConfigNode::Kind::null: return nullptr;
    case ConfigNode::Kind::boolean: return node.text[0] == 't' || node.text[0] == 'T';
    case ConfigNode::Kind::string: return node.text;
    case ConfigNode::Kind::number: {
      auto number = nlohmann::json::parse(node.text, nullptr, false);
      return number.is_number() ? number : nlohmann::json(node.text);  // 1e999 is more than a double holds
    }
    case ConfigNode::Kind::list: {
      auto list = nlohmann::json::array();
      for (const ConfigNode& item : node.items) list.push_back(to_json(item));
      return list;
    }
    case ConfigNode::Kind::map: {
      auto map = nlohmann::json::object();
      for (std::size_t i = 0; i < node.keys.size(); ++i) map[node.keys[i]] = to_json(node.items[i]);
      return map;
    }
  }
  return nullptr;
}

}  // namespace sluice
