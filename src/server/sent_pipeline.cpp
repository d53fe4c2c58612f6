#include "server/sent_pipeline.h"

#include <charconv>

#include "base/sha256.h"
#include "pipeline/config_node.h"
#include "pipeline/pipeline.h"
#include "pipeline/pipeline_spec.h"
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

Result<> check(const ConfigNode& root, const std::string& text, const std::string& source,
               const std::string& name) {
  TRY(check_secrets(root, false));
  const PipelineSpec spec = TRY(parse_kept_pipeline(text, source));
  if (spec.name != name) {
    const ConfigNode* own = root.find("name");
    return fail_at(own ? own->place : root.place, "name: it says '" + spec.name + "', and its address '" +
                                                      name + "': they have to be the same");
  }
  TRY(Pipeline::compile(spec, {}));
  return {};
}

}  // namespace

Result<KeptPipeline> read_sent_pipeline(const Request& request, const std::string& name) {
  const std::string source = name + ".yaml";
  std::string text = request.body;
  const bool says_json = header_value(request.headers.get("Content-Type")) == "application/json";
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
  if (Result<> checked = check(*root, text, source, name); !checked)
    return invalid(source, checked.error().message);
  return KeptPipeline{.name = name, .text = std::move(text)};
}

std::string etag_of(const std::string& text) {
  constexpr std::size_t kDigits = 32;
  return "\"" + to_hex(Sha256().of(text)).substr(0, kDigits) + "\"";
}

}  // namespace sluice
