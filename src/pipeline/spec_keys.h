// The keys of a pipeline file: one table per section, from which the reader, its error messages and the
// documentation come. To add a key: a member of PipelineSpec, a line in a table here, a line in to_json.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "pipeline/config_node.h"
#include "pipeline/pipeline_spec.h"

namespace sluice {

// Whose words they are: a sender's may reach for nothing on this machine.
enum class SpecOrigin : bool { ours, sent };

// What a key's reader works on.
struct SpecReading {
  PipelineSpec& spec;
  std::string directory;  // where files named in the pipeline are looked up; "" : the current one
  PipelineFiles files = PipelineFiles::read;
  SpecOrigin origin = SpecOrigin::ours;
};

struct SpecKey {
  std::string_view name;
  std::string_view fallback;  // its default, as it would be written
  std::string_view takes;     // one line for the documentation
  Result<> (*read)(const ConfigNode& node, SpecReading& reading);
  std::span<const SpecKey> (*section)() = nullptr;  // keys below it, where it is a mapping
  bool null_counts = false;                         // a null is a value of its own, not "the default"
};

std::span<const SpecKey> pipeline_keys();  // the top level
std::span<const SpecKey> dialect_keys();   // source.dialect

// Reads a mapping by its table. `path` is "" for the top level, else as in "source.dialect".
Result<> read_section(const ConfigNode& node, std::string_view path, std::span<const SpecKey> keys,
                      SpecReading& reading);

Result<> read_aggregates_key(const ConfigNode& node, SpecReading& reading);
Result<> read_schema_key(const ConfigNode& node, SpecReading& reading);
Result<> read_transform_key(const ConfigNode& node, SpecReading& reading);
Result<> read_webhooks_key(const ConfigNode& node, SpecReading& reading);

}  // namespace sluice
