// Pipeline: what happens to a row between parse and commit: normalise, transform, validate, identify.
// Compiled once per job; immutable; bound to the columns of a batch, because names become slots there.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pipeline/pipeline_spec.h"
#include "rows/prepared.h"
#include "rows/row_batch.h"

namespace sluice {

// The pipeline bound to one list of columns: renames, drops and key order cost nothing per row any more.
// Immutable; used from any thread at once.
class BoundPipeline {
 public:
  virtual ~BoundPipeline() = default;
  // Takes every row of the batch the whole way. Rows that fail at any step are rejects; their raw form is the
  // row as read, without the fields that the pipeline drops.
  virtual PreparedBatch prepare(RowBatch batch) const = 0;
  // The row as it was read, as RejectedRow::raw ("" with keep_raw: false).
  virtual std::string raw_of(const RowBatch& batch, std::size_t row) const = 0;
};

struct JobIdentity {
  std::array<std::uint8_t, 16> root_job_id{};  // the UUID's bytes, for identity: position
};

// What a row with too many cells is asked, as the end of its sentence; for a sheet it is another question.
inline constexpr std::string_view kDelimiterHint = "; is a value with a delimiter in it not quoted?";

class Pipeline {
 public:
  // Compiles steps, rules and patterns. Errors (usage) name the step or field and, where it came from a file,
  // its place.
  static Result<std::unique_ptr<Pipeline>> compile(const PipelineSpec& spec, const JobIdentity& job);
  virtual ~Pipeline() = default;

  // Thread-safe; the last few bindings are kept, so that batches with equal columns share one.
  // Errors (usage): a step or the identity names a column that is not there — for columns that are fixed for
  // the whole input (`fixed`); where rows are objects an absent name is only a missing cell.
  virtual Result<std::shared_ptr<const BoundPipeline>> bind(const SharedColumns& columns, bool fixed) = 0;

  // What the store has to know: target table with its columns, unique constraints, identity, on_duplicate.
  virtual WriteSpec write_spec() const = 0;
};

}  // namespace sluice
