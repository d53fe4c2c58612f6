#include "pipeline/pipeline.h"

#include <algorithm>
#include <mutex>

#include "base/nearest.h"
#include "pipeline/compiled.h"

namespace sluice {

namespace {

constexpr std::size_t kBindings =
    16;  // JSON rows of one input seldom alternate between more lists of columns

ColumnType column_type(FieldType type, const std::string& format) {
  switch (type) {
    case FieldType::integer:
    case FieldType::year: return ColumnType::integer;
    case FieldType::number: return ColumnType::number;
    case FieldType::boolean: return ColumnType::boolean;
    case FieldType::date: return ColumnType::date;
    case FieldType::time: return ColumnType::time;
    case FieldType::datetime: return ColumnType::datetime;
    case FieldType::object:
    case FieldType::array:
    case FieldType::list:
    case FieldType::geojson: return ColumnType::json;
    case FieldType::geopoint: return format == "default" ? ColumnType::text : ColumnType::json;
    default: return ColumnType::text;
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " + ") + name;
  return text;
}

// The schema's say on further and absent fields, where it has one (v2).
ExtraFields extra_fields_of(const PipelineSpec& spec) {
  if (!spec.schema || !spec.schema->fields_match) return spec.extra_fields;
  using enum TableSchema::FieldsMatch;
  bool more_allowed = *spec.schema->fields_match == subset || *spec.schema->fields_match == partial;
  // The descriptor allows further fields; what it allows must not vanish in silence, so it is kept.
  if (more_allowed && spec.extra_fields == ExtraFields::reject) return ExtraFields::keep;
  return spec.extra_fields;
}

class PipelineBase final : public Pipeline {
 public:
  explicit PipelineBase(std::shared_ptr<const CompiledPipeline> compiled) : compiled_(std::move(compiled)) {}

  Result<std::shared_ptr<const BoundPipeline>> bind(const SharedColumns& columns, bool fixed) override {
    std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < bindings_.size(); ++i) {
      const Binding& binding = bindings_[i];
      if (binding.fixed != fixed || (binding.columns != columns && *binding.columns != *columns)) continue;
      if (i != 0)
        std::rotate(bindings_.begin(), bindings_.begin() + static_cast<std::ptrdiff_t>(i),
                    bindings_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      return bindings_.front().bound;
    }
    auto bound = TRY(bind_pipeline(compiled_, columns, fixed));
    if (bindings_.size() == kBindings) bindings_.pop_back();
    bindings_.insert(bindings_.begin(), Binding{columns, fixed, bound});
    return bound;
  }

  WriteSpec write_spec() const override {
    const PipelineSpec& spec = compiled_->spec;
    WriteSpec write;
    write.pipeline = spec.name;
    write.identity = spec.identity;
    OnDuplicate usual = spec.identity == IdentityKind::key ? OnDuplicate::update : OnDuplicate::touch;
    write.on_duplicate = spec.on_duplicate.value_or(usual);
    write.key_fields = spec.key_fields;
    write.target.name = spec.table;
    if (!spec.table.empty())
      for (const Field& field : spec.schema->fields)
        write.target.columns.push_back({field.name, column_type(field.type, field.format)});
    write.aggregates = spec.aggregates;
    for (const auto& fields : compiled_->unique_fields) write.unique_constraints.push_back(joined(fields));
    write.max_rejects = spec.max_rejects.count;
    return write;
  }

 private:
  struct Binding {
    SharedColumns columns;
    bool fixed;
    std::shared_ptr<const BoundPipeline> bound;
  };
  std::shared_ptr<const CompiledPipeline> compiled_;
  std::mutex mutex_;
  std::vector<Binding> bindings_;  // guarded by mutex_; the one used last first
};

// What may stand only once in a job: fields with `unique`, the primary key, the uniqueKeys. What is the row's
// identity anyway is looked at before any of these, and need not be looked at twice.
std::vector<std::vector<std::string>> unique_fields_of(const PipelineSpec& spec) {
  std::vector<std::vector<std::string>> all;
  auto sorted = [](std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    return names;
  };
  auto add = [&](const std::vector<std::string>& fields) {
    if (fields.empty()) return;
    if (spec.identity == IdentityKind::key && sorted(fields) == sorted(spec.key_fields)) return;
    for (const auto& known : all)
      if (sorted(known) == sorted(fields)) return;
    all.push_back(fields);
  };
  add(spec.schema->primary_key);
  for (const auto& key : spec.schema->unique_keys) add(key);
  for (const Field& field : spec.schema->fields)
    if (field.constraints.unique) add({field.name});
  return all;
}

Result<> check_names(const PipelineSpec& spec, const std::vector<std::string>& names, std::string_view what) {
  std::vector<std::string_view> known;
  for (const Field& field : spec.schema->fields) known.push_back(field.name);
  for (const std::string& name : names)
    if (spec.schema->find(name) == nullptr)
      return fail(ErrorKind::usage, std::string(what) + ": the schema has no field '" + name + "'; " +
                                        suggest_known(name, known));
  return {};
}

Result<> compile_schema(CompiledPipeline& compiled) {
  const PipelineSpec& spec = compiled.spec;
  Normalise normalise = spec.normalise ? Normalise::yes : Normalise::no;
  for (Field field : spec.schema->fields) {
    // The standard has it that a primary key makes its fields required.
    if (std::ranges::find(spec.schema->primary_key, field.name) != spec.schema->primary_key.end())
      field.constraints.required = true;
    auto rule = FieldRule::compile(field, *spec.schema, normalise);
    if (!rule) return std::unexpected(std::move(rule).error().during("schema"));
    compiled.rules.push_back(std::move(*rule));
  }
  TRY(check_names(spec, spec.key_fields, "identity"));
  TRY(check_names(spec, spec.schema->primary_key, "schema: primaryKey"));
  for (const auto& key : spec.schema->unique_keys) TRY(check_names(spec, key, "schema: uniqueKeys"));
  compiled.unique_fields = unique_fields_of(spec);
  return {};
}

bool is_grouped(FieldType type) {
  using enum FieldType;
  return type != object && type != array && type != list && type != geojson && type != geopoint &&
         type != any;
}
bool is_ordered(FieldType type) {
  using enum FieldType;
  return is_grouped(type) && type != boolean && type != duration;
}
bool is_number(FieldType type) {
  return type == FieldType::number || type == FieldType::integer || type == FieldType::year;
}

// What is summed up is known by its type; without a schema every value is text.
Result<> compile_aggregate(const PipelineSpec& spec, AggregateSpec& aggregate) {
  const std::string where = "aggregates: " + aggregate.name + ": ";
  auto type_of = [&](const std::string& name) {
    const Field* field = spec.schema ? spec.schema->find(name) : nullptr;
    return field ? field->type : FieldType::string;
  };
  auto refuse = [&](const std::string& what, const std::string& field, const char* right) {
    return fail(ErrorKind::usage, where + what + ": '" + field + "' is a field of type " +
                                      std::string(name_of(type_of(field))) +
                                      (spec.schema ? "" : " (there is no schema)") + "; " + right);
  };
  if (spec.schema) TRY(check_names(spec, aggregate.by, where + "by"));
  for (const std::string& field : aggregate.by)
    if (!is_grouped(type_of(field)))
      return refuse("by", field, "rows are grouped by texts, numbers, dates and booleans.");
  for (AggregateMeasure& measure : aggregate.measures) {
    if (measure.function == AggregateFunction::count) continue;
    if (spec.schema) TRY(check_names(spec, {measure.field}, where + measure.name));
    measure.is_number = is_number(type_of(measure.field));
    if (measure.function == AggregateFunction::sum && !measure.is_number)
      return refuse(measure.name, measure.field,
                    "what is summed needs the type integer or number in the schema.");
    if (!is_ordered(type_of(measure.field)))
      return refuse(measure.name, measure.field,
                    "the least and greatest are of texts, numbers, dates and times.");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Pipeline>> Pipeline::compile(const PipelineSpec& spec, const JobIdentity& job) {
  auto compiled = std::make_shared<CompiledPipeline>();
  compiled->spec = spec;
  compiled->job = job;
  compiled->extra_fields = extra_fields_of(spec);
  const StepContext context{compiled->spec.schema ? &*compiled->spec.schema : nullptr};
  for (const StepSpec& step : compiled->spec.transform) {
    std::string place = step.line > 0 ? "line " + std::to_string(step.line) : "";
    auto made = compile_step(step, context);
    if (!made) return std::unexpected(std::move(made).error());
    compiled->steps.push_back({step.name, std::move(place), std::move(*made)});
  }
  if (spec.schema) TRY(compile_schema(*compiled));
  for (AggregateSpec& aggregate : compiled->spec.aggregates)
    TRY(compile_aggregate(compiled->spec, aggregate));
  if (!spec.table.empty() && !spec.schema)
    return fail(ErrorKind::usage, "table: a target table is made from the schema, and there is none");
  return std::make_unique<PipelineBase>(std::move(compiled));
}

}  // namespace sluice
