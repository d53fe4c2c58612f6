#include "server/sent_pipeline.h"

#include <charconv>

#include "base/sha256.h"
#include "pipeline/config_node.h"
#include "pipeline/pipeline.h"
#include "pipeline/secrets.h"
#include "pipeline/yaml_text.h"
#include "server/api_json.h"
#include "server/multipart.h"

namespace sluice {
namespace {

// "people.yaml:7:3: what is wrong" taken apart; line and column are null where the message has no place.
Json error_json(const std::string& source, std::string_view message) {
  Json error = {{"line", nullptr}, {"column", nullptr}, {"message", message}};
  if (!message.starts_with(source + ":")) return error;
  const std::string_view rest = message.substr(source.size() + 1);
  int line = 0, column = 0;
  auto [colon, wrong] = std::from_chars(rest.data(), rest.data() + rest.size(), line);
  if (wrong != std::errc() || colon == rest.data() + rest.size() || *colon != ':') return error;
  auto [end, wrong_too] = std::from_chars(colon + 1, rest.data() + rest.size(), column);
  if (wrong_too != std::errc() || !std::string_view(end, rest.data() + rest.size()).starts_with(": "))
    return error;
  error["line"] = line;
  error["column"] = column;
  error["message"] = std::string(end + 2, rest.data() + rest.size());
  return error;
}

std::unexpected<Error> invalid(const std::string& source, const std::string& message) {
  const Json extra = {{"errors", Json::array({error_json(source, message)})}};
  return refuse({.status = 422,
                 .name = "invalid-pipeline",
                 .title = "The pipeline cannot be used as it is",
                 .detail = message,
                 .extra = json_text(extra)});
}

// Variables and files are of the machine that the server runs on. A webhook's secret is the one that is not
// shown to anybody, and is looked up when it is needed.
Result<> check_secrets(const ConfigNode& node, bool is_webhook_secret) {
  if (node.is_scalar() && !is_webhook_secret && names_secret(node.text))
    return fail_at(
        node.place,
        "${…} is not replaced in a pipeline that is sent; it may stand for a webhook's secret, and in "
        "pipeline files on the server");
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const bool is_secret = i < node.keys.size() && node.keys[i] == "secret" && is_webhook_secret;
    const bool below_webhooks = i < node.keys.size() ? node.keys[i] == "webhooks" : is_webhook_secret;
    TRY(check_secrets(node.items[i], is_secret || (below_webhooks && !node.items[i].is_scalar())));
  }
  return {};
}

// What only compiling finds has no place in the text, but names what is there: "schema: Field 'zip': …",
// "aggregates: by_state: …", "transform.date: …". The place of that; the document's where there is none.
Place place_named(const ConfigNode& root, const std::string& message) {
  const std::string head = message.substr(0, message.find_first_of(".:"));
  const ConfigNode* at = root.find(head);
  if (at == nullptr) return root.place;
  const ConfigNode* list = head == "schema" ? at->find("fields") : head == "aggregates" ? at : nullptr;
  if (list == nullptr) return at->place;
  for (const ConfigNode& item : list->items) {
    const ConfigNode* name = item.find("name");
    if (name == nullptr || name->text.empty()) continue;
    if (message.starts_with("schema: Field '" + name->text + "':") ||
        message.starts_with("aggregates: " + name->text + ":"))
      return item.place;
  }
  return at->place;
}

Result<PipelineSpec> read_spec(const ConfigNode& root, const std::string& text, const std::string& source,
                               const std::string& name) {
  TRY(check_secrets(root, false));
  PipelineSpec spec = TRY(parse_kept_pipeline(text, source));
  if (spec.name != name) {
    const ConfigNode* own = root.find("name");
    return fail_at(own ? own->place : root.place, "name: it says '" + spec.name + "', and its address '" +
                                                      name + "': they have to be the same");
  }
  const auto compiled = Pipeline::compile(spec, {});
  if (!compiled) return fail_at(place_named(root, compiled.error().message), compiled.error().message);
  return spec;
}

}  // namespace

Result<SentPipeline> read_sent_pipeline(std::string text, std::string_view content_type,
                                        const std::string& name) {
  const std::string source = name + ".yaml";
  const bool says_json = header_value(content_type) == "application/json";
  Json json = says_json || text.starts_with('{') ? Json::parse(text, nullptr, false) : Json();
  if (says_json && !json.is_object()) return invalid(source, "the body is no JSON object");
  if (json.is_object()) {
    if (!json.contains("name")) json["name"] = name;
    text = yaml_text(json);
  }
  Result<ConfigNode> root = read_yaml(text, source, Secrets::keep);
  if (!root) return invalid(source, root.error().message);
  if (root->kind == ConfigNode::Kind::map && root->find("name") == nullptr) {
    // At the end, so that the places of errors stay what they are to the sender.
    text += (text.ends_with('\n') ? "" : "\n") + yaml_text({{"name", name}});
    root = read_yaml(text, source, Secrets::keep);
    if (!root) return invalid(source, root.error().message);
  }
  Result<PipelineSpec> spec = read_spec(*root, text, source, name);
  if (!spec) return invalid(source, spec.error().message);
  return SentPipeline{.kept = {.name = name, .text = std::move(text)}, .spec = std::move(*spec)};
}

std::string etag_of(const std::string& text) {
  constexpr std::size_t kDigits = 32;
  return "\"" + to_hex(Sha256().of(text)).substr(0, kDigits) + "\"";
}

}  // namespace sluice
