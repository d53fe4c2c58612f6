// PipelineSpec: a pipeline file (contract, section 4), parsed and checked, every key with its default.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "formats/detect.h"
#include "pipeline/webhook_spec.h"
#include "ports/aggregate_spec.h"
#include "ports/store.h"
#include "schema/table_schema.h"

namespace sluice {

enum class ExtraFields : std::uint8_t { reject, keep, drop };
enum class MissingCells : std::uint8_t { reject, null };

// One entry of `transform:`: the step's name and its argument as JSON, checked by the step itself
// (pipeline/steps.h), with the place in the file for messages.
struct StepSpec {
  std::string name;
  nlohmann::json argument;
  int line = 0, column = 0;  // 1-based; 0: not from a file
};

struct RetrySpec {
  std::uint32_t attempts = 5;
  std::string backoff_type = "exponential";  // or fixed
  std::chrono::milliseconds delay{1000};
  double jitter = 0.5;
};

struct MaxRejects {
  std::optional<std::uint64_t> count;
  std::optional<double> share;  // 0.05 for 5%
};

struct PipelineSpec {
  std::string name;
  SourceSpec source;
  std::vector<StepSpec> transform;
  std::optional<TableSchema> schema;
  IdentityKind identity = IdentityKind::content;
  std::vector<std::string> key_fields;
  std::optional<OnDuplicate> on_duplicate;  // none: touch for content and position, update for a key
  bool normalise = true;
  ExtraFields extra_fields = ExtraFields::reject;
  MissingCells missing_cells = MissingCells::reject;
  std::string table;                                     // "" : JSON documents in ingested_data
  std::vector<AggregateSpec> aggregates;                 // numbers told from text when it is compiled
  std::optional<std::uint64_t> batch_rows, batch_bytes;  // none: auto
  RetrySpec retry;
  std::optional<std::uint32_t>
      concurrency;  // splits at once, on all nodes together; none: as many as there are
  MaxRejects max_rejects;
  bool keep_raw = true;
  std::vector<WebhookSpec> webhooks;
};

// An override from the command line: `--set source.encoding=latin-1`, key path and YAML value.
using Overrides = std::vector<std::pair<std::string, std::string>>;

enum class PipelineFiles : bool { refused, read };

// Reads a pipeline file. Every error says file:line:column, what is wrong, and the nearest known key.
// `schema: people.schema.json` and other files are looked up beside `path`. `${VAR}` is replaced from the
// environment, `${file:PATH}` from a file.
Result<PipelineSpec> load_pipeline(const std::string& path, const Overrides& overrides = {});
Result<PipelineSpec> parse_pipeline(const std::string& yaml, const std::string& path,
                                    const Overrides& overrides = {});
// One that came from a sender, or was inferred from a sender's file, and is kept in the store: `${VAR}` is
// plain text in it, and it names no files, so that nothing of this machine gets into it.
Result<PipelineSpec> parse_kept_pipeline(const std::string& yaml, const std::string& name,
                                         const Overrides& overrides = {});

nlohmann::json to_json(const PipelineSpec& spec);  // the frozen form, complete: files included
Result<PipelineSpec> pipeline_from_json(const nlohmann::json& json);
std::string to_yaml(const PipelineSpec& spec);  // for people: only what differs from the defaults

}  // namespace sluice
