// Binding a compiled pipeline to the columns of a batch: steps run over the names, fields find their slots,
// and what cannot fit a file with these columns is said once, before the first row.
#include <algorithm>

#include "base/nearest.h"
#include "pipeline/bound_pipeline.h"
#include "pipeline/jcs.h"
#include "pipeline/utf8.h"

namespace sluice {

namespace {

class Binder {
 public:
  Binder(std::shared_ptr<const CompiledPipeline> compiled, const SharedColumns& columns, bool fixed)
      : spec_(compiled->spec), map_(*columns, fixed) {
    layout_.compiled = std::move(compiled);
    layout_.columns = columns;
    layout_.fixed = fixed;
    layout_.input_width = columns->size();
  }

  Result<std::shared_ptr<const BoundPipeline>> bind() {
    TRY(bind_steps());
    layout_.absent_slot = static_cast<Slot>(map_.width());
    for (std::size_t slot = 0; slot < layout_.input_width; ++slot)
      layout_.dropped.push_back(map_.is_dropped(static_cast<Slot>(slot)));
    if (spec_.schema) {
      TRY(check_fields_match());
      TRY(bind_fields());
      bind_extra();
    }
    bind_members();
    TRY(bind_key());
    TRY(check_aggregates());
    bind_summed();
    bind_unique();
    bind_missing_values();
    return std::make_shared<const BoundRows>(std::move(layout_));
  }

 private:
  Result<> bind_steps() {
    for (const auto& step : layout_.compiled->steps) {
      auto bound = step.step->bind(map_);
      if (!bound) {
        std::string where = "transform." + step.name + (step.place.empty() ? "" : " (" + step.place + ")");
        return std::unexpected(std::move(bound).error().during(where));
      }
      if (*bound) layout_.steps.push_back(std::move(*bound));
    }
    return {};
  }

  bool in_schema(std::string_view name) const { return spec_.schema->find(name) != nullptr; }

  Error does_not_fit(const std::string& what) const {
    return Error{ErrorKind::usage, "the schema does not fit the file: " + what};
  }

  // v2 `fieldsMatch`, where the descriptor declares it.
  Result<> check_fields_match() {
    if (!spec_.schema->fields_match) return {};
    using enum TableSchema::FieldsMatch;
    const auto match = *spec_.schema->fields_match;
    const bool all_there = match == exact || match == equal || match == subset;
    const bool none_more = match == exact || match == equal || match == superset;
    if (!map_.fixed()) {
      layout_.absent_is_missing_cell = all_there;
      return {};
    }
    std::size_t found = 0;
    for (const Field& field : spec_.schema->fields) {
      if (map_.find(field.name))
        ++found;
      else if (all_there)
        return std::unexpected(does_not_fit(map_.unknown_column(field.name).message + " (fieldsMatch)"));
    }
    if (match == partial && found == 0)
      return std::unexpected(
          does_not_fit("none of its fields is a column of the file (fieldsMatch: partial)"));
    for (const auto& [name, slot] : map_.names())
      if (none_more && spec_.extra_fields == ExtraFields::reject && !in_schema(name))
        return std::unexpected(
            does_not_fit("the column '" + name +
                         "' is not in the schema (fieldsMatch); drop it, or say extra_fields: keep or drop"));
    if (match == exact) return check_order();
    return {};
  }

  Result<> check_order() {
    std::vector<std::string> known;
    for (const auto& [name, slot] : map_.names())
      if (in_schema(name)) known.push_back(name);
    for (std::size_t i = 0; i < known.size(); ++i)
      if (known[i] != spec_.schema->fields[i].name)
        return std::unexpected(does_not_fit("column " + std::to_string(i + 1) + " is '" + known[i] +
                                            "' where the schema has '" + spec_.schema->fields[i].name +
                                            "' (fieldsMatch: exact; equal allows any order)"));
    return {};
  }

  Result<> bind_fields() {
    for (std::size_t i = 0; i < spec_.schema->fields.size(); ++i) {
      const Field& field = layout_.compiled->rules[i]->field();
      auto slot = map_.find(field.name);
      // A mistake of the whole file is one error that names it, not a million rejects.
      if (!slot && map_.fixed() && field.constraints.required)
        return std::unexpected(does_not_fit(
            "the field '" + field.name + "' is required, but " + map_.unknown_column(field.name).message +
            " Rename the column with `transform: [{rename: {…}}]`, or correct the schema."));
      BoundField bound;
      bound.rule = layout_.compiled->rules[i].get();
      bound.slot = slot.value_or(layout_.absent_slot);
      bound.checked = slot || field.constraints.required || layout_.absent_is_missing_cell;
      layout_.fields.push_back(bound);
    }
    return {};
  }

  void bind_extra() {
    std::vector<std::string_view> known;
    for (const Field& field : spec_.schema->fields) known.push_back(field.name);
    for (const auto& [name, slot] : map_.names()) {
      if (in_schema(name)) continue;
      std::string message = "The column '" + name + "' is not in the schema";
      if (std::string meant = nearest(name, known); !meant.empty())
        message += "; did you mean '" + meant + "'?";
      else
        message += ".";
      layout_.extra.push_back({name, std::move(message), slot});
      if (layout_.compiled->extra_fields == ExtraFields::keep) layout_.metadata.push_back({name, slot});
    }
    sort_members(layout_.metadata, layout_.metadata_names);
  }

  void bind_members() {
    for (const auto& [name, slot] : map_.names())
      if (!spec_.schema || in_schema(name)) layout_.members.push_back({name, slot});
    sort_members(layout_.members, layout_.member_names);
  }

  // By name, as RFC 8785 sorts; then the names become keys.
  static void sort_members(std::vector<RowMember>& members, std::vector<std::string>& names) {
    std::sort(members.begin(), members.end(),
              [](const auto& a, const auto& b) { return jcs_less(a.key, b.key); });
    for (RowMember& member : members) {
      names.push_back(member.key);
      member.key = json_key(member.key);
    }
  }

  Result<> bind_key() {
    for (const std::string& name : spec_.key_fields) {
      auto slot = map_.find(name);
      if (!slot && map_.fixed()) return std::unexpected(map_.unknown_column(name).during("identity"));
      layout_.key.push_back(slot.value_or(layout_.absent_slot));
    }
    return {};
  }

  // With a schema their fields were checked against it.
  Result<> check_aggregates() const {
    if (spec_.schema || !map_.fixed()) return {};
    auto check = [&](const AggregateSpec& aggregate, const std::string& name) -> Result<> {
      if (!map_.find(name))
        return std::unexpected(map_.unknown_column(name).during("aggregates: " + aggregate.name));
      return {};
    };
    for (const AggregateSpec& aggregate : spec_.aggregates) {
      for (const std::string& name : aggregate.by) TRY(check(aggregate, name));
      for (const AggregateMeasure& measure : aggregate.measures)
        if (!measure.field.empty()) TRY(check(aggregate, measure.field));
    }
    return {};
  }

  void bind_summed() {
    for (const AggregateSpec& aggregate : spec_.aggregates)
      for (const AggregateMeasure& measure : aggregate.measures) {
        if (measure.function != AggregateFunction::sum) continue;
        const auto slot = map_.find(measure.field);
        if (slot && std::ranges::find(layout_.summed, *slot, &SummedField::slot) == layout_.summed.end())
          layout_.summed.push_back({*slot, measure.field, aggregate.name});
      }
  }

  void bind_unique() {
    for (const auto& fields : layout_.compiled->unique_fields) {
      std::vector<Slot> slots;
      for (const std::string& name : fields) slots.push_back(map_.find(name).value_or(layout_.absent_slot));
      layout_.unique.push_back(std::move(slots));
    }
  }

  // The values that mean "nothing" are looked for before the steps run, in the columns as read; a field's own
  // list belongs to the column that ends up as this field.
  void bind_missing_values() {
    auto& lists = layout_.missing_lists;
    lists.emplace_back(spec_.schema ? spec_.schema->missing_values : std::vector<std::string>{""});
    std::vector<std::size_t> list_of(layout_.input_width, 0), list_of_field(layout_.fields.size(), 0);
    for (std::size_t i = 0; i < layout_.fields.size(); ++i) {
      const Field& field = layout_.fields[i].rule->field();
      if (!field.missing_values) continue;
      list_of_field[i] = lists.size();
      if (layout_.fields[i].slot < layout_.input_width) list_of[layout_.fields[i].slot] = lists.size();
      lists.emplace_back(*field.missing_values);
    }
    for (std::size_t list : list_of) layout_.missing.push_back(&lists[list]);
    if (spec_.normalise) return;
    for (std::size_t i = 0; i < layout_.fields.size(); ++i) {
      FieldType type = layout_.fields[i].rule->field().type;
      if (type != FieldType::string && type != FieldType::any)
        layout_.fields[i].missing = &lists[list_of_field[i]];
    }
  }

  BoundLayout layout_;
  const PipelineSpec& spec_;
  ColumnMap map_;
};

}  // namespace

MissingValues::MissingValues(const std::vector<std::string>& values) : empty_text(false) {
  for (const std::string& value : values) {
    std::string_view trimmed = trim_white_space(value);
    if (trimmed.empty())
      empty_text = true;
    else
      others.emplace_back(trimmed);
  }
}

bool MissingValues::contains(std::string_view text) const {
  if (text.empty()) return empty_text;
  return std::find(others.begin(), others.end(), text) != others.end();
}

Result<std::shared_ptr<const BoundPipeline>> bind_pipeline(std::shared_ptr<const CompiledPipeline> compiled,
                                                           const SharedColumns& columns, bool fixed) {
  return Binder(std::move(compiled), columns, fixed).bind();
}

}  // namespace sluice
