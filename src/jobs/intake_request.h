// What other programs put into an intake queue (docs/redis.md): a JSON object that names a pipeline and
// either a file in the blob store or rows. Any thread.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "jobs/posted_rows.h"

namespace sluice {

struct IntakeOrder {
  std::string tenant = "default";
  std::string pipeline;   // "" : by the file's name
  std::string file_name;  // "" : by the blob
  std::string metadata;   // a JSON object; "" : none
  std::int32_t priority = 0;
  std::string blob;  // a URL; "" : there are rows
  std::optional<PostedRows> rows;
};

// Usage errors, for whoever has written it: broken JSON, an unknown member with the nearest known one, a
// value of the wrong type, neither or both of "blob" and "rows".
Result<IntakeOrder> intake_order(const std::string& json);

}  // namespace sluice
