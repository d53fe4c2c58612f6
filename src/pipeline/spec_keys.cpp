#include "pipeline/spec_keys.h"

#include <array>
#include <vector>

#include "base/nearest.h"
#include "pipeline/config_values.h"

namespace sluice {

namespace {

using Node = const ConfigNode&;
using Reading = SpecReading&;

constexpr std::size_t kNameBytes = 200;

Result<> read_name(Node node, Reading reading) {
  std::string name = TRY(read_text(node, "name"));
  bool fits = !name.empty() && name.size() <= kNameBytes && name.front() != ' ' && name.back() != ' ';
  for (char c : name)
    fits = fits && static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '/' && c != '\\';
  if (!fits)
    return wrong_value(node, "name",
                       "1 to 200 bytes without slashes, control characters or blanks at the ends");
  reading.spec.name = std::move(name);
  return {};
}

// ---------------------------------------------------------------- source

Result<> read_format(Node node, Reading reading) {
  constexpr std::array<std::string_view, 6> kFormats = {"auto", "csv", "tsv", "json", "ndjson", "xlsx"};
  reading.spec.source.format = static_cast<SourceFormat>(TRY(read_choice(node, "source.format", kFormats)));
  return {};
}

Result<> read_dialect(Node node, Reading reading) {
  reading.spec.source.dialect = {};
  if (node.is_scalar() && node.text == "auto") return {};
  if (node.kind != ConfigNode::Kind::map)
    return wrong_value(node, "source.dialect", "auto, or a mapping such as {delimiter: \";\"}");
  return read_section(node, "source.dialect", dialect_keys(), reading);
}

Result<> read_encoding(Node node, Reading reading) {
  reading.spec.source.encoding = TRY(read_text(node, "source.encoding"));
  if (node.text.empty())
    return wrong_value(node, "source.encoding", "auto or the name of an encoding such as windows-1252");
  return {};
}

Result<> read_pointer(Node node, Reading reading) {
  if (!node.text.empty() && node.text.front() != '/')
    return wrong_value(node, "source.pointer",
                       "\"\" or a JSON pointer that begins with a slash, such as /data/rows");
  reading.spec.source.pointer = TRY(read_text(node, "source.pointer"));
  return {};
}

Result<> read_sheet(Node node, Reading reading) {
  reading.spec.source.sheet = TRY(read_sheet_choice(node, "source.sheet"));
  return {};
}

constexpr SpecKey kSourceKeys[] = {
    {"format", "auto", "auto, csv, tsv, json, ndjson or xlsx; .gz and .zst are seen through", read_format},
    {"dialect", "auto", "auto, or a Frictionless Table Dialect as published", read_dialect, dialect_keys},
    {"encoding", "auto", "auto, or a name: utf-8, utf-16le, windows-1252, latin-1 …", read_encoding},
    {"sheet", "the one with data", "workbooks: the sheet's name, or its number from 1", read_sheet},
    {"pointer", "\"\"", "JSON: RFC 6901 pointer to the array of rows", read_pointer},
};
std::span<const SpecKey> source_keys() { return kSourceKeys; }

Result<> read_source(Node node, Reading reading) {
  return read_section(node, "source", kSourceKeys, reading);
}

// ---------------------------------------------------------------- identity and rules

Result<> read_identity(Node node, Reading reading) {
  PipelineSpec& spec = reading.spec;
  spec.key_fields.clear();
  if (node.kind == ConfigNode::Kind::list) {
    spec.identity = IdentityKind::key;
    spec.key_fields = TRY(read_texts(node, "identity"));
    if (spec.key_fields.empty()) return wrong_value(node, "identity", "at least one field, as in [id]");
    for (std::size_t i = 0; i < spec.key_fields.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (spec.key_fields[i] == spec.key_fields[j])
          return fail_at(node.items[i].place,
                         "identity: the field '" + spec.key_fields[i] + "' stands twice");
    return {};
  }
  if (node.is_scalar() && node.text == "content") return spec.identity = IdentityKind::content, Result<>();
  if (node.is_scalar() && node.text == "position") return spec.identity = IdentityKind::position, Result<>();
  return wrong_value(node, "identity", "content, position, or a list of fields such as [id]");
}

Result<> read_on_duplicate(Node node, Reading reading) {
  constexpr std::array<std::string_view, 3> kActions = {"touch", "update", "skip"};
  reading.spec.on_duplicate = static_cast<OnDuplicate>(TRY(read_choice(node, "on_duplicate", kActions)));
  return {};
}

Result<> read_normalise(Node node, Reading reading) {
  reading.spec.normalise = TRY(read_bool(node, "normalise"));
  return {};
}

Result<> read_extra_fields(Node node, Reading reading) {
  constexpr std::array<std::string_view, 3> kChoices = {"reject", "keep", "drop"};
  reading.spec.extra_fields = static_cast<ExtraFields>(TRY(read_choice(node, "extra_fields", kChoices)));
  return {};
}

Result<> read_missing_cells(Node node, Reading reading) {
  if (node.kind == ConfigNode::Kind::null) {
    reading.spec.missing_cells = MissingCells::null;
    return {};
  }
  constexpr std::array<std::string_view, 2> kChoices = {"reject", "null"};
  reading.spec.missing_cells = static_cast<MissingCells>(TRY(read_choice(node, "missing_cells", kChoices)));
  return {};
}

Result<> read_table(Node node, Reading reading) {
  std::string table = TRY(read_text(node, "table"));
  bool fits = !table.empty() && table.size() <= 63 && !(table[0] >= '0' && table[0] <= '9');
  for (char c : table)
    fits = fits && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_');
  if (!fits)
    return wrong_value(node, "table", "a table name of letters, digits and _ (at most 63, no digit first)");
  reading.spec.table = std::move(table);
  return {};
}

Result<> read_keep_raw(Node node, Reading reading) {
  reading.spec.keep_raw = TRY(read_bool(node, "keep_raw"));
  return {};
}

Result<> read_max_rejects(Node node, Reading reading) {
  MaxRejects& limit = reading.spec.max_rejects;
  limit = {};
  if (node.is_scalar() && node.text == "none") return {};
  if (node.is_scalar() && node.text.ends_with('%')) {
    limit.share = TRY(read_share(node, "max_rejects"));
    return {};
  }
  auto count = read_count(node, "max_rejects");
  if (!count)
    return wrong_value(node, "max_rejects", "none, a count such as 100, or a percentage such as 5%");
  limit.count = *count;
  return {};
}

// ---------------------------------------------------------------- batch and retry

bool is_auto(Node node) { return node.is_scalar() && node.text == "auto"; }

Result<> read_batch_rows(Node node, Reading reading) {
  reading.spec.batch_rows.reset();
  if (is_auto(node)) return {};
  auto rows = read_count(node, "batch.rows");
  if (!rows || *rows == 0) return wrong_value(node, "batch.rows", "auto or a number of rows such as 200");
  reading.spec.batch_rows = *rows;
  return {};
}

Result<> read_batch_bytes(Node node, Reading reading) {
  reading.spec.batch_bytes.reset();
  if (is_auto(node)) return {};
  auto bytes = read_size(node, "batch.bytes");
  if (!bytes || *bytes == 0) return wrong_value(node, "batch.bytes", "auto or a size such as 4MiB");
  reading.spec.batch_bytes = *bytes;
  return {};
}

constexpr SpecKey kBatchKeys[] = {
    {"rows", "auto", "rows per transaction", read_batch_rows},
    {"bytes", "auto", "bytes per transaction", read_batch_bytes},
};
std::span<const SpecKey> batch_keys() { return kBatchKeys; }
Result<> read_batch(Node node, Reading reading) { return read_section(node, "batch", kBatchKeys, reading); }

Result<> read_attempts(Node node, Reading reading) {
  std::uint64_t attempts = TRY(read_count(node, "retry.attempts"));
  if (attempts == 0 || attempts > 1'000'000)
    return wrong_value(node, "retry.attempts", "a number from 1 to 1000000");
  reading.spec.retry.attempts = static_cast<std::uint32_t>(attempts);
  return {};
}

Result<> read_backoff_type(Node node, Reading reading) {
  constexpr std::array<std::string_view, 2> kTypes = {"exponential", "fixed"};
  reading.spec.retry.backoff_type = kTypes[TRY(read_choice(node, "retry.backoff.type", kTypes))];
  return {};
}

Result<> read_backoff_delay(Node node, Reading reading) {
  reading.spec.retry.delay = TRY(read_duration(node, "retry.backoff.delay"));
  return {};
}

Result<> read_backoff_jitter(Node node, Reading reading) {
  reading.spec.retry.jitter = TRY(read_share(node, "retry.backoff.jitter"));
  return {};
}

constexpr SpecKey kBackoffKeys[] = {
    {"type", "exponential", "exponential or fixed", read_backoff_type},
    {"delay", "1s", "the first wait, as in 250ms, 1s, 5m", read_backoff_delay},
    {"jitter", "0.5", "share of the wait that is random, 0 to 1", read_backoff_jitter},
};
std::span<const SpecKey> backoff_keys() { return kBackoffKeys; }
Result<> read_backoff(Node node, Reading reading) {
  return read_section(node, "retry.backoff", kBackoffKeys, reading);
}

constexpr SpecKey kRetryKeys[] = {
    {"attempts", "5", "how often a failed split is tried", read_attempts},
    {"backoff", "{}", "how long to wait between attempts", read_backoff, backoff_keys},
};
std::span<const SpecKey> retry_keys() { return kRetryKeys; }
Result<> read_retry(Node node, Reading reading) { return read_section(node, "retry", kRetryKeys, reading); }

Result<> read_concurrency(Node node, Reading reading) {
  reading.spec.concurrency.reset();
  if (is_auto(node)) return {};
  auto splits = read_count(node, "concurrency");
  if (!splits || *splits == 0 || *splits > 1'000'000)
    return wrong_value(node, "concurrency", "auto or a number of splits such as 4");
  reading.spec.concurrency = static_cast<std::uint32_t>(*splits);
  return {};
}

constexpr SpecKey kPipelineKeys[] = {
    {"name", "", "the pipeline's name; the only key that must be there", read_name},
    {"source", "{}", "how to read the input", read_source, source_keys},
    {"transform", "[]", "steps, in order, each with one key", read_transform_key},
    {"schema", "none", "a Frictionless Table Schema: a file beside this one, or inline", read_schema_key},
    {"identity", "content", "content, position, or a list of fields", read_identity},
    {"on_duplicate", "touch; update for a key", "touch or skip; for a key update or skip", read_on_duplicate},
    {"normalise", "true", "trim, missing values, canonical forms", read_normalise},
    {"extra_fields", "reject", "reject, keep (into metadata) or drop", read_extra_fields},
    {"missing_cells", "reject", "reject, or null: a short row is filled up", read_missing_cells, nullptr,
     true},
    {"table", "null", "null, or the table that rows go to, with typed columns from the schema", read_table},
    {"aggregates", "[]", "what rows are counted and summed up to: a list of {name, by, measures}",
     read_aggregates_key},
    {"batch", "{}", "what goes into one transaction", read_batch, batch_keys},
    {"retry", "{}", "what happens when a split fails", read_retry, retry_keys},
    {"concurrency", "auto", "splits at once, on all nodes together: auto or a number", read_concurrency},
    {"max_rejects", "none", "none, a count or a percentage: past it the job fails", read_max_rejects},
    {"keep_raw", "true", "false: rejects keep no raw row", read_keep_raw},
    {"webhooks", "[]", "who is told what happens to jobs: a list of {url, events, secret}",
     read_webhooks_key},
};

}  // namespace

std::span<const SpecKey> pipeline_keys() { return kPipelineKeys; }

Result<> read_section(const ConfigNode& node, std::string_view path, std::span<const SpecKey> keys,
                      SpecReading& reading) {
  std::string where = path.empty() ? "the pipeline" : std::string(path);
  if (node.kind != ConfigNode::Kind::map) return wrong_value(node, where, "a mapping (key: value)");
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const SpecKey* found = nullptr;
    for (const SpecKey& key : keys)
      if (key.name == node.keys[i]) found = &key;
    if (found == nullptr) {
      std::vector<std::string_view> known;
      for (const SpecKey& key : keys) known.push_back(key.name);
      return fail_at(node.key_places[i], "unknown key '" + node.keys[i] + "' in " + where + "; " +
                                             suggest_known(node.keys[i], known));
    }
    if (node.items[i].kind == ConfigNode::Kind::null && !found->null_counts) continue;  // the default
    if (found->fallback == "auto" && node.items[i].is_scalar() && node.items[i].text == "auto") continue;
    TRY(found->read(node.items[i], reading));
  }
  return {};
}

}  // namespace sluice
