// Reading a pipeline file: text → tree with places → overrides → PipelineSpec by the tables of spec_keys.h,
// then what concerns several keys at once.
#include "pipeline/pipeline_spec.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "pipeline/config_node.h"
#include "pipeline/spec_keys.h"
#include "pipeline/steps.h"

namespace sluice {

namespace {

std::string directory_of(const std::string& path) {
  std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorKind::usage, path + ": cannot be opened: " + std::strerror(errno));
  std::string text;
  text.resize(kConfigBytes + 1);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.gcount() == 0 && !file.eof()))
    return fail(ErrorKind::usage, path + ": cannot be read (is it a folder?)");
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

// ---------------------------------------------------------------- schema

// The place of the value that an error of the schema means: its message holds a JSON pointer.
Place place_meant(const ConfigNode& schema, std::string_view message) {
  const ConfigNode* at = &schema;
  std::size_t begin = message.find('/');
  while (begin != std::string_view::npos && begin < message.size() && message[begin] == '/') {
    std::size_t end = message.find_first_of("/ :,;'\")", begin + 1);
    std::string_view part = message.substr(begin + 1, end == std::string_view::npos ? end : end - begin - 1);
    const ConfigNode* next = nullptr;
    if (at->kind == ConfigNode::Kind::map) next = at->find(part);
    if (at->kind == ConfigNode::Kind::list && !part.empty() && part.size() < 7 &&
        part.find_first_not_of("0123456789") == std::string_view::npos) {
      std::size_t index = std::stoul(std::string(part));
      if (index < at->items.size()) next = &at->items[index];
    }
    if (next == nullptr) break;
    at = next;
    begin = end;
  }
  return at->place.line > 0 ? at->place : schema.place;
}

Result<TableSchema> schema_of(const ConfigNode& node) {
  if (node.find("fields") == nullptr && node.find("resources") != nullptr)
    return fail_at(
        node.place,
        "this is a data package, which may describe many files; put the `schema` of the resource you "
        "mean into a file of its own and name that");
  auto schema = parse_table_schema(to_json(node));
  if (!schema) return fail_at(place_meant(node, schema.error().message), "schema: " + schema.error().message);
  return schema;
}

Result<ConfigNode> read_schema_file(const std::string& path) {
  std::string text = TRY(read_file(path));
  std::size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first != std::string::npos && text[first] == '{') {  // JSON may be laid out as YAML may not (tabs)
    auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_discarded()) {
      ConfigNode node = config_node_of(json);
      auto placed = read_yaml(text, path, Secrets::keep);  // for the places
      if (placed && to_json(*placed) == json) return std::move(*placed);
      node.place = {std::make_shared<const std::string>(path), 0, 0};
      return node;
    }
  }
  return read_yaml(text, path, Secrets::keep);
}

// ---------------------------------------------------------------- several keys at once

Result<> check_on_duplicate(const PipelineSpec& spec, const Place& place) {
  if (!spec.on_duplicate) return {};
  if (spec.identity == IdentityKind::key && *spec.on_duplicate == OnDuplicate::touch)
    return fail_at(
        place, "on_duplicate: touch is for identity: content; with a key use update (the default) or skip");
  if (spec.identity != IdentityKind::key && *spec.on_duplicate == OnDuplicate::update)
    return fail_at(
        place, "on_duplicate: update needs a key; set identity to a list of fields, or use touch or skip");
  return {};
}

// Names for the columns of a file without a header: those of the schema, unless the steps count on column_N.
void name_schema_columns(PipelineSpec& spec) {
  spec.source.schema_fields.clear();
  if (!spec.schema) return;
  for (const StepSpec& step : spec.transform)
    if (step.argument.dump().find("\"column_") != std::string::npos) return;
  for (const Field& field : spec.schema->fields) spec.source.schema_fields.push_back(field.name);
}

Result<PipelineSpec> read_spec(const ConfigNode& root, const std::string& directory, PipelineFiles files,
                               SpecOrigin origin = SpecOrigin::ours) {
  PipelineSpec spec;
  SpecReading reading{spec, directory, files, origin};
  if (root.kind == ConfigNode::Kind::null)
    return fail_at(root.place, "the pipeline is empty; it needs at least a name, as in `name: people`");
  TRY(read_section(root, "", pipeline_keys(), reading));
  auto place_of = [&](std::string_view key) {
    const ConfigNode* node = root.find(key);
    return node != nullptr ? node->place : root.place;
  };
  if (spec.name.empty())
    return fail_at(root.place, "the pipeline has no name; write `name: people` (a name of your choice)");
  TRY(check_on_duplicate(spec, place_of("on_duplicate")));
  if (!spec.table.empty() && !spec.schema)
    return fail_at(place_of("table"),
                   "table: a target table is made from the schema, and there is none; add `schema:` or leave "
                   "`table:` out to store rows as JSON");
  name_schema_columns(spec);
  return spec;
}

}  // namespace

Result<> read_schema_key(const ConfigNode& node, SpecReading& reading) {
  if (node.kind == ConfigNode::Kind::map) {
    reading.spec.schema = TRY(schema_of(node));
    return {};
  }
  if (node.kind != ConfigNode::Kind::string || node.text.empty())
    return fail_at(
        node.place,
        "schema: expected a file name such as people.schema.json, or the schema itself as a mapping");
  if (node.text.find("://") != std::string::npos)
    return fail_at(
        node.place,
        "schema: '" + node.text +
            "' is an address, which is not fetched; save the file beside the pipeline and name it");
  if (reading.files == PipelineFiles::refused)
    return fail_at(node.place,
                   "schema: a pipeline that is kept in the store names no files; put the schema itself "
                   "here, as a mapping");
  std::string path = node.text.front() == '/' ? node.text : reading.directory + node.text;
  auto file = read_schema_file(path);
  if (!file) return fail_at(node.place, "schema: " + file.error().message);
  if (file->kind != ConfigNode::Kind::map)
    return fail_at(node.place,
                   "schema: " + path + " is no Table Schema: it holds " + std::string(name_of(file->kind)));
  reading.spec.schema = TRY(schema_of(*file));
  return {};
}

Result<> read_transform_key(const ConfigNode& node, SpecReading& reading) {
  reading.spec.transform.clear();
  if (node.kind != ConfigNode::Kind::list)
    return fail_at(node.place,
                   "transform: expected a list of steps, each on its own line: `- lowercase: [email]`");
  for (const ConfigNode& item : node.items) {
    if (item.kind != ConfigNode::Kind::map || item.keys.size() != 1)
      return fail_at(item.place,
                     "transform: each entry is one step with one key, as in `- lowercase: [email]`");
    const Place& place = item.key_places[0];
    StepSpec step{item.keys[0], to_json(item.items[0]), place.line, place.column};
    if (auto compiled = compile_step(step, {}); !compiled) return fail_at(place, compiled.error().message);
    reading.spec.transform.push_back(std::move(step));
  }
  return {};
}

Result<PipelineSpec> parse_pipeline(const std::string& yaml, const std::string& path,
                                    const Overrides& overrides) {
  ConfigNode root = TRY(read_yaml(yaml, path, Secrets::replace));
  for (const auto& [key, value] : overrides) TRY(set_config_value(root, key, value));
  return read_spec(root, directory_of(path), PipelineFiles::read);
}

Result<PipelineSpec> parse_kept_pipeline(const std::string& yaml, const std::string& name,
                                         const Overrides& overrides) {
  ConfigNode root = TRY(read_yaml(yaml, name, Secrets::keep));
  for (const auto& [key, value] : overrides) TRY(set_config_value(root, key, value));
  return read_spec(root, "", PipelineFiles::refused, SpecOrigin::sent);
}

Result<PipelineSpec> load_pipeline(const std::string& path, const Overrides& overrides) {
  return parse_pipeline(TRY(read_file(path)), path, overrides);
}

Result<PipelineSpec> pipeline_from_json(const nlohmann::json& json) {
  return read_spec(config_node_of(json), "", PipelineFiles::refused);
}

}  // namespace sluice
