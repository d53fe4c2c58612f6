#include "server/openapi.h"

#include <cstdio>
#include <cstdlib>

#include "pipeline/config_node.h"

namespace sluice {

extern const std::string_view kOpenapiYaml;  // made of openapi.yaml by the build

namespace {

Json ordered(const ConfigNode& node) {
  if (node.is_scalar()) return Json(to_json(node));
  Json json = node.kind == ConfigNode::Kind::map ? Json::object() : Json::array();
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (node.kind == ConfigNode::Kind::map)
      json[node.keys[i]] = ordered(node.items[i]);
    else
      json.push_back(ordered(node.items[i]));
  }
  return json;
}

Json read_document() {
  Result<ConfigNode> root = read_yaml(kOpenapiYaml, "openapi.yaml", Secrets::keep);
  if (root) return ordered(*root);
  // It is a part of the program, and a test reads it.
  std::fprintf(stderr, "sluice: %s\n", root.error().message.c_str());
  std::abort();
}

}  // namespace

const Json& openapi_document() {
  static const Json document = read_document();
  return document;
}

}  // namespace sluice
