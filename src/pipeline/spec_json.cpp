// PipelineSpec → JSON (the frozen form, read back by pipeline_from_json through the same tables as a file)
// and → YAML for people, which leaves out what is as by default.
#include <cstdio>

#include "pipeline/pipeline_spec.h"
#include "pipeline/yaml_text.h"

namespace sluice {

namespace {

using Json = nlohmann::ordered_json;

// Collects members; with `everything` also those that are as by default.
class Members {
 public:
  explicit Members(bool everything) : everything_(everything) {}
  template <class T>
  void add(const char* key, const T& value, bool is_default) {
    if (everything_ || !is_default) json_[key] = value;
  }
  template <class T>
  void add(const char* key, const std::optional<T>& value) {
    if (value) json_[key] = *value;
  }
  bool everything() const { return everything_; }
  bool empty() const { return json_.empty(); }
  Json take() { return std::move(json_); }

 private:
  bool everything_;
  Json json_ = Json::object();
};

void add_character(Members& members, const char* key, const std::optional<char>& value) {
  if (value) members.add(key, std::string(1, *value), false);
}

Json dialect_json(const Dialect& dialect) {
  Members members(false);
  add_character(members, "delimiter", dialect.delimiter);
  members.add("lineTerminator", dialect.line_terminator);
  if (dialect.quoting && !*dialect.quoting) members.add("quoteChar", nullptr, false);
  add_character(members, "quoteChar", dialect.quote_char);
  members.add("doubleQuote", dialect.double_quote);
  add_character(members, "escapeChar", dialect.escape_char);
  members.add("nullSequence", dialect.null_sequence);
  members.add("skipInitialSpace", dialect.skip_initial_space);
  members.add("header", dialect.header);
  members.add("headerRows", dialect.header_rows, dialect.header_rows.empty());
  members.add("headerJoin", dialect.header_join);
  members.add("commentRows", dialect.comment_rows, dialect.comment_rows.empty());
  add_character(members, "commentChar", dialect.comment_char);
  members.add("property", dialect.property);
  members.add("itemType", dialect.item_type);
  members.add("sheetName", dialect.sheet.name);
  members.add("sheetNumber", dialect.sheet.number);
  members.add("itemKeys", dialect.item_keys, dialect.item_keys.empty());
  return members.take();
}

Json source_json(const SourceSpec& source, bool everything) {
  constexpr const char* kFormats[] = {"auto", "csv", "tsv", "json", "ndjson", "xlsx"};
  Members members(everything);
  members.add("format", kFormats[static_cast<int>(source.format)], source.format == SourceFormat::automatic);
  Json dialect = dialect_json(source.dialect);
  bool open = dialect.empty();
  members.add("dialect", open ? Json("auto") : dialect, open);
  members.add("encoding", source.encoding, source.encoding == "auto");
  members.add("sheet", source.sheet.name);
  members.add("sheet", source.sheet.number);
  members.add("pointer", source.pointer, source.pointer.empty());
  return members.take();
}

Json transform_json(const std::vector<StepSpec>& steps) {
  Json list = Json::array();
  for (const StepSpec& step : steps) {
    Json entry = Json::object();
    entry[step.name] = Json::parse(step.argument.dump());
    list.push_back(std::move(entry));
  }
  return list;
}

std::string duration_text(std::chrono::milliseconds duration) {
  bool whole = duration.count() % 1000 == 0;
  return whole ? std::to_string(duration.count() / 1000) + "s" : std::to_string(duration.count()) + "ms";
}

Json retry_json(const RetrySpec& retry, bool everything) {
  Members members(everything), backoff(everything);
  members.add("attempts", retry.attempts, retry.attempts == 5);
  backoff.add("type", retry.backoff_type, retry.backoff_type == "exponential");
  backoff.add("delay", duration_text(retry.delay), retry.delay == std::chrono::milliseconds(1000));
  backoff.add("jitter", retry.jitter, retry.jitter == 0.5);
  bool usual = backoff.empty();
  members.add("backoff", backoff.take(), usual);
  return members.take();
}

Json max_rejects_json(const MaxRejects& limit) {
  if (limit.count) return *limit.count;
  if (limit.share) {
    char text[32];
    std::snprintf(text, sizeof text, "%.10g%%", *limit.share * 100);  // 7%, not 7.000000000000001%
    return text;
  }
  return "none";
}

Json batch_json(const PipelineSpec& spec) {
  Members members(false);
  members.add("rows", spec.batch_rows);
  members.add("bytes", spec.batch_bytes);
  return members.take();
}

Json spec_json(const PipelineSpec& spec, bool everything) {
  constexpr const char* kDuplicates[] = {"touch", "update", "skip"};
  constexpr const char* kExtra[] = {"reject", "keep", "drop"};
  Members members(everything);
  members.add("name", spec.name, false);
  Json source = source_json(spec.source, everything), batch = batch_json(spec),
       retry = retry_json(spec.retry, everything);
  members.add("source", source, source.empty());
  members.add("transform", transform_json(spec.transform), spec.transform.empty());
  if (spec.schema) members.add("schema", Json::parse(to_json(*spec.schema).dump()), false);
  if (spec.identity == IdentityKind::key) members.add("identity", spec.key_fields, false);
  if (spec.identity == IdentityKind::position) members.add("identity", "position", false);
  if (spec.identity == IdentityKind::content) members.add("identity", "content", true);
  if (spec.on_duplicate)
    members.add("on_duplicate", kDuplicates[static_cast<int>(*spec.on_duplicate)], false);
  members.add("normalise", spec.normalise, spec.normalise);
  members.add("extra_fields", kExtra[static_cast<int>(spec.extra_fields)],
              spec.extra_fields == ExtraFields::reject);
  bool reject_short = spec.missing_cells == MissingCells::reject;
  members.add("missing_cells", reject_short ? "reject" : "null", reject_short);
  if (!spec.table.empty()) members.add("table", spec.table, false);
  Json aggregates = Json::array();
  for (const AggregateSpec& aggregate : spec.aggregates) aggregates.push_back(to_json(aggregate));
  members.add("aggregates", aggregates, aggregates.empty());
  members.add("batch", batch, batch.empty());
  members.add("retry", retry, retry.empty());
  if (spec.concurrency) members.add("concurrency", *spec.concurrency, false);
  bool any = !spec.max_rejects.count && !spec.max_rejects.share;
  members.add("max_rejects", max_rejects_json(spec.max_rejects), any);
  members.add("keep_raw", spec.keep_raw, spec.keep_raw);
  if (everything && !spec.webhooks.empty()) {
    Json webhooks = Json::array();
    for (const WebhookSpec& webhook : spec.webhooks) webhooks.push_back(to_json(webhook));
    members.add("webhooks", webhooks, false);
  }
  return members.take();
}

}  // namespace

nlohmann::json to_json(const PipelineSpec& spec) {
  return nlohmann::json::parse(spec_json(spec, true).dump());
}

// References to secrets stay references, which the rest of the text must not have.
std::string to_yaml(const PipelineSpec& spec) {
  return yaml_text(spec_json(spec, false)) + webhooks_yaml(spec.webhooks);
}

}  // namespace sluice
