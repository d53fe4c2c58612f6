#include "pipeline/webhook_spec.h"

#include <algorithm>
#include <array>

#include "base/nearest.h"
#include "pipeline/config_values.h"
#include "pipeline/secrets.h"
#include "pipeline/spec_keys.h"

namespace sluice {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 5> kWebhookEvents = {"job.started", "rows.processed", "job.completed",
                                                            "job.failed", "job.cancelled"};
constexpr std::size_t kMostWebhooks = 20;
constexpr std::size_t kUrlBytes = 2000;

// What stands in the file: the value may have been replaced by a secret.
const std::string& as_written(const ConfigNode& node) {
  return node.written.empty() ? node.text : node.written;
}

// ${NAME} or ${file:PATH}, and nothing around it.
bool is_one_reference(std::string_view text) {
  return text.starts_with("${") && text.ends_with('}') && text.size() > 3 &&
         text.find('}') == text.size() - 1;
}

// What a sender of pipelines may have a node look up: what its operator has named for this.
bool is_for_webhooks(std::string_view reference) {
  return reference.starts_with("${WEBHOOK_") || reference.starts_with("${SLUICE_WEBHOOK_");
}

// Never says the value itself: it may hold a secret.
Result<std::string> read_url(const ConfigNode& node, const std::string& key, SpecOrigin origin) {
  auto wrong = [&](std::string_view what) { return fail_at(node.place, key + ": " + std::string(what)); };
  constexpr std::string_view kRight = "expected an address such as https://example.org/hook";
  if (node.kind != ConfigNode::Kind::string || node.text.empty()) return wrong(kRight);
  std::string_view text = node.text;
  if (text.size() > kUrlBytes) return wrong("an address has at most 2000 characters");
  for (char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '\\')
      return wrong("an address has no blanks, control characters or backslashes; write a blank as %20");
  if (origin == SpecOrigin::sent && names_secret(text))
    return wrong("${…} is replaced only in pipeline files on the server; write the address itself");
  if (text.starts_with("${")) return as_written(node);  // the frozen form of a whole address that is a secret
  std::size_t scheme = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
  if (scheme == 0) return wrong(kRight);
  std::string_view authority = text.substr(scheme, text.find_first_of("/?#", scheme) - scheme);
  if (authority.empty() || authority.front() == ':') return wrong(kRight);
  if (authority.find('@') != std::string_view::npos)
    return wrong("a user name or password in the address is not sent; the signature tells who sends");
  if (text.find('#') != std::string_view::npos) return wrong("the part after # is never sent; leave it out");
  return as_written(node);
}

Result<std::string> read_secret(const ConfigNode& node, const std::string& key, SpecOrigin origin) {
  const std::string& written = as_written(node);
  if (!node.is_scalar() || !is_one_reference(written))
    return fail_at(node.place,
                   key +
                       ": write it as ${NAME} (an environment variable) or ${file:PATH}; a secret "
                       "that stands here itself would be stored with every job and shown with "
                       "the pipeline");
  if (origin == SpecOrigin::sent && !is_for_webhooks(written))
    return fail_at(node.place,
                   key +
                       ": a pipeline that is sent may name variables of the server that begin with "
                       "WEBHOOK_ or SLUICE_WEBHOOK_, as in ${WEBHOOK_SECRET}");
  if (node.text.empty())
    return fail_at(node.place,
                   key + ": " + written + " is empty; set it to the secret, or leave the key out");
  return written;
}

Result<std::vector<std::string>> read_events(const ConfigNode& node, const std::string& key) {
  std::vector<std::string> events;
  auto read = [&](const ConfigNode& item) -> Result<> {
    std::string_view event = kWebhookEvents[TRY(read_choice(item, key, kWebhookEvents))];
    if (std::ranges::find(events, event) == events.end()) events.emplace_back(event);
    return {};
  };
  if (node.kind == ConfigNode::Kind::list)
    for (const ConfigNode& item : node.items) TRY(read(item));
  else
    TRY(read(node));
  if (events.empty())
    return wrong_value(node, key, "at least one event, as in [job.completed]; without the key, every end");
  return events;
}

Result<WebhookSpec> read_webhook(const ConfigNode& node, const std::string& path, SpecOrigin origin) {
  constexpr std::array<std::string_view, 3> kKeys = {"url", "events", "secret"};
  WebhookSpec webhook;
  webhook.events = {"job.completed", "job.failed", "job.cancelled"};
  if (node.kind != ConfigNode::Kind::map)
    return fail_at(node.place, path + ": expected a mapping such as {url: https://example.org/hook}");
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const ConfigNode& item = node.items[i];
    const std::string key = path + "." + node.keys[i];
    if (auto known = std::ranges::find(kKeys, node.keys[i]); known == kKeys.end())
      return fail_at(node.key_places[i], "unknown key '" + node.keys[i] + "' in " + path + "; " +
                                             suggest_known(node.keys[i], kKeys));
    if (item.kind == ConfigNode::Kind::null) continue;
    if (node.keys[i] == "url") webhook.url = TRY(read_url(item, key, origin));
    if (node.keys[i] == "events") webhook.events = TRY(read_events(item, key));
    if (node.keys[i] == "secret") webhook.secret = TRY(read_secret(item, key, origin));
  }
  if (webhook.url.empty())
    return fail_at(node.place, path + ": there is no url; write `url: https://example.org/hook`");
  return webhook;
}

// In double quotes, and ${…} not marked as text: it is to be replaced.
std::string quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Result<> read_webhooks_key(const ConfigNode& node, SpecReading& reading) {
  std::vector<WebhookSpec> webhooks;
  if (node.kind != ConfigNode::Kind::list)
    return fail_at(node.place, "webhooks: expected a list, each entry as {url: https://example.org/hook}");
  if (node.items.size() > kMostWebhooks)
    return fail_at(node.place, "webhooks: there are more than 20; let one receiver tell the others");
  for (std::size_t i = 0; i < node.items.size(); ++i)
    webhooks.push_back(TRY(read_webhook(node.items[i], "webhooks." + std::to_string(i), reading.origin)));
  reading.spec.webhooks = std::move(webhooks);
  return {};
}

Json to_json(const WebhookSpec& webhook) {
  Json json = {{"url", webhook.url}, {"events", webhook.events}};
  if (!webhook.secret.empty()) json["secret"] = webhook.secret;
  return json;
}

std::string webhooks_yaml(const std::vector<WebhookSpec>& webhooks) {
  if (webhooks.empty()) return "";
  std::string out = "webhooks:\n";
  for (const WebhookSpec& webhook : webhooks) {
    out += "  - url: " + quoted(webhook.url) + "\n";
    std::string events;
    for (const std::string& event : webhook.events) events += (events.empty() ? "" : ", ") + event;
    out += "    events: [" + events + "]\n";
    if (!webhook.secret.empty()) out += "    secret: " + quoted(webhook.secret) + "\n";
  }
  return out;
}

std::vector<WebhookSpec> webhooks_in_plan(std::string_view plan) {
  std::vector<WebhookSpec> webhooks;
  nlohmann::json json = nlohmann::json::parse(plan, nullptr, false);
  const auto none = nlohmann::json::object();
  auto member = [&](const nlohmann::json& of, const char* name) -> const nlohmann::json& {
    return of.is_object() && of.contains(name) ? of[name] : none;
  };
  const nlohmann::json& request = member(json, "request");
  const nlohmann::json& frozen = member(member(request.empty() ? json : request, "pipeline"), "webhooks");
  if (!frozen.is_array()) return webhooks;
  try {
    for (const auto& entry : frozen)
      webhooks.push_back({entry.value("url", ""), entry.value("events", std::vector<std::string>()),
                          entry.value("secret", "")});
  } catch (const nlohmann::json::exception&) {
    return {};  // no plan of this program's
  }
  return webhooks;
}

}  // namespace sluice
