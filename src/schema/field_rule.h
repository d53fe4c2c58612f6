// FieldRule: one field of a schema, compiled: turns a cell into the field's logical value and checks it.
// Immutable; used from any thread at once. What a call needs besides comes from outside (arena, RowChecks).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "rows/cell.h"
#include "rows/issue.h"
#include "schema/table_schema.h"

namespace sluice {

enum class Normalise : bool { no, yes };

class FieldRule {
 public:
  // Errors: a pattern RE2 does not take, a minimum that is no value of the type … (usage).
  static Result<std::unique_ptr<FieldRule>> compile(const Field& field, const TableSchema& schema,
                                                    Normalise normalise);
  virtual ~FieldRule() = default;

  // Casts, normalises in place and checks the constraints that concern one cell. The new text, where one is
  // needed, lives in `arena`. False: `issues` has got at least one more entry, whose field_number the caller
  // sets. A null cell passes unless required. The cell afterwards:
  //   integer, number, year: number, canonical decimal      boolean: boolean
  //   date, time, datetime, yearmonth, duration: string, ISO 8601 (with Normalise::no as it was written)
  //   string and its formats: string (email lower-cased)    object, array, list, geojson: json
  //   geopoint: string "lon,lat", or json for the array and object formats
  //   any: as it was
  virtual bool check(Cell& cell, Arena& arena, std::vector<Issue>& issues) const = 0;

  virtual const Field& field() const = 0;
};

}  // namespace sluice
