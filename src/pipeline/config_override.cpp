// set_config_value: one `--set key.path=value` of the command line, applied to the tree before it is read.
#include <charconv>

#include "pipeline/config_node.h"
#include "pipeline/utf8.h"

namespace sluice {

namespace {

// A value from the shell: YAML where it is YAML, else the very text (`--set source.dialect.delimiter=,`).
Result<ConfigNode> override_value(const std::string& value, const std::string& source) {
  auto literal = [&] {
    ConfigNode node;
    node.kind = ConfigNode::Kind::string;
    node.text = value;
    return node;
  };
  auto read = read_yaml(value, source, Secrets::replace);
  if (!read) {
    if (!is_valid_utf8(value)) return read;
    // Brackets and quotes mean YAML, and a mistake in it is worth its message.
    bool structured = !value.empty() &&
                      std::string_view("[{\"'$").find(value.front()) != std::string_view::npos &&
                      value.size() > 1;
    if (structured || value.find("${") != std::string::npos) return read;
    return literal();
  }
  bool said_null = value.empty() || value == "~" || value == "null";
  if (read->kind == ConfigNode::Kind::null && !said_null) return literal();  // `#` would be a comment
  return read;
}

void put_place(ConfigNode& node, const Place& place) {
  node.place = place;
  for (Place& key : node.key_places) key = place;
  for (ConfigNode& item : node.items) put_place(item, place);
}

Result<ConfigNode*> step_into(ConfigNode& node, std::string_view part, const Place& place) {
  if (node.kind == ConfigNode::Kind::list) {
    std::size_t index = 0;
    auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
    if (error != std::errc() || end != part.data() + part.size() || index >= node.items.size())
      return fail_at(place, "'" + std::string(part) + "' is no place in a list of " +
                                std::to_string(node.items.size()) + " entries, counted from 0");
    return &node.items[index];
  }
  bool replaceable =
      node.kind == ConfigNode::Kind::null || (node.kind == ConfigNode::Kind::string && node.text == "auto");
  if (node.kind != ConfigNode::Kind::map) {
    if (!replaceable)
      return fail_at(place, "there is no key '" + std::string(part) + "' here: the value above it is " +
                                std::string(name_of(node.kind)));
    node = ConfigNode{.kind = ConfigNode::Kind::map, .place = place};
  }
  const bool known = node.find(part) != nullptr;
  ConfigNode& member = node.member(part);
  if (!known) node.key_places.back() = place;
  return &member;
}

}  // namespace

Result<> set_config_value(ConfigNode& root, std::string_view path, const std::string& value) {
  std::string source = "--set " + std::string(path);
  Place place{std::make_shared<const std::string>(source), 0, 0};
  if (path.empty()) return fail_at(place, "name a key, as in --set source.encoding=latin-1");
  ConfigNode* at = &root;
  for (std::size_t begin = 0; begin <= path.size();) {
    std::size_t end = std::min(path.find('.', begin), path.size());
    std::string_view part = path.substr(begin, end - begin);
    if (part.empty()) return fail_at(place, "the key path has an empty part");
    at = TRY(step_into(*at, part, place));
    begin = end + 1;
  }
  *at = TRY(override_value(value, source));
  put_place(*at, place);
  return {};
}

}  // namespace sluice
