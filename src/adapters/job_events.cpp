#include "adapters/job_events.h"

namespace sluice {

std::string counts_json(const RowCounts& counts) {
  return "{\"read\":" + std::to_string(counts.read) + ",\"inserted\":" + std::to_string(counts.inserted) +
         ",\"updated\":" + std::to_string(counts.updated) +
         ",\"duplicate\":" + std::to_string(counts.duplicate) +
         ",\"rejected\":" + std::to_string(counts.rejected) + "}";
}

std::string rows_processed_json_head(const CommittedRows& rows) {
  return "{\"split\":" + std::to_string(rows.split_number) +
         ",\"firstRow\":" + std::to_string(rows.first_row) + ",\"lastRow\":" + std::to_string(rows.last_row) +
         ",\"rows\":" + counts_json(rows.counts) + ",\"job\":";
}

}  // namespace sluice
