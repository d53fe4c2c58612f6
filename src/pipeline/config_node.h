// ConfigNode: a YAML or JSON document as a tree in which every value knows its place, so that an error can
// say file:line:column. Used by whoever reads a pipeline file; free functions, any thread. Scalars are typed
// by YAML 1.2's core schema, with one exception that keeps data whole: digits that are no JSON number (0123,
// 1_000) are text.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace sluice {

struct Place {
  std::shared_ptr<const std::string> source;  // file name, or "--set source.encoding"
  int line = 0, column = 0;                   // 1-based; 0: unknown

  std::string text() const;  // "people.yaml:7:3", "--set source.encoding", "" where nothing is known
};

struct ConfigNode {
  enum class Kind : unsigned char { null, boolean, number, string, list, map };

  Kind kind = Kind::null;
  bool quoted = false;            // a string that stood in quotes
  std::string text;               // scalars, as written, secrets replaced where they are to be
  std::string written;            // what stood there, where a secret was replaced; "" otherwise
  std::vector<std::string> keys;  // map: as many as items
  std::vector<Place> key_places;  // map: likewise
  std::vector<ConfigNode> items;  // list and map
  Place place;

  bool is_scalar() const { return kind != Kind::list && kind != Kind::map; }
  const ConfigNode* find(std::string_view key) const;
  ConfigNode& member(std::string_view key);  // made (null) where it is not there
};

std::string_view name_of(ConfigNode::Kind kind);  // for messages: "a list", "text" …

inline constexpr std::size_t kConfigBytes = 4 << 20;  // a larger file is no pipeline file
inline constexpr std::size_t kConfigNodes = 200'000;  // aliases expanded: stops a "billion laughs" document
inline constexpr int kConfigDepth = 100;

// `source`: the file name for messages. ${VAR} and ${file:PATH} in text values are replaced where `secrets`
// says so.
enum class Secrets : bool { keep, replace };
Result<ConfigNode> read_yaml(std::string_view yaml, const std::string& source, Secrets secrets);
ConfigNode config_node_of(const nlohmann::json& json);
nlohmann::json to_json(const ConfigNode& node);

// `--set a.b.c=value`: puts a YAML value at a key path. Numbers in the path are places in a list, from 0.
Result<> set_config_value(ConfigNode& root, std::string_view path, const std::string& value);

// "people.yaml:7:3: " + what, as a usage error.
std::unexpected<Error> fail_at(const Place& place, std::string_view what);

}  // namespace sluice
