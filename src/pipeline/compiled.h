// What a pipeline is compiled to: steps, rules and settings. Immutable, shared by its bindings. Internal to
// pipeline/.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/pipeline.h"
#include "pipeline/steps.h"
#include "schema/field_rule.h"

namespace sluice {

struct CompiledPipeline {
  PipelineSpec spec;
  JobIdentity job;
  ExtraFields extra_fields = ExtraFields::reject;  // after `fieldsMatch` of the schema had its say
  struct NamedStep {
    std::string name, place;  // "people.yaml:7:3", where known
    std::unique_ptr<Step> step;
  };
  std::vector<NamedStep> steps;
  std::vector<std::unique_ptr<FieldRule>> rules;        // one per field of the schema, in its order
  std::vector<std::vector<std::string>> unique_fields;  // per constraint: its fields
};

// Errors (usage): see Pipeline::bind.
Result<std::shared_ptr<const BoundPipeline>> bind_pipeline(std::shared_ptr<const CompiledPipeline> compiled,
                                                           const SharedColumns& columns, bool fixed);

}  // namespace sluice
