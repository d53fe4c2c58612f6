#include "ports/store.h"

#include <array>

namespace sluice {
namespace {
constexpr std::array<std::string_view, 5> kStatusNames = {"PENDING", "PROCESSING", "COMPLETED", "FAILED",
                                                          "CANCELLED"};
}

std::string_view name_of(JobStatus status) { return kStatusNames[static_cast<std::size_t>(status)]; }

std::optional<JobStatus> job_status_named(std::string_view name) {
  for (std::size_t i = 0; i < kStatusNames.size(); ++i)
    if (kStatusNames[i] == name) return static_cast<JobStatus>(i);
  return std::nullopt;
}

void Members::add(JobStatus status, std::uint64_t jobs, std::uint64_t bytes, const RowCounts& rows) {
  switch (status) {
    case JobStatus::pending: pending += jobs; break;
    case JobStatus::processing: processing += jobs; break;
    case JobStatus::completed: completed += jobs; break;
    case JobStatus::failed: failed += jobs; break;
    case JobStatus::cancelled: cancelled += jobs; break;
  }
  file_bytes += bytes;
  if (status == JobStatus::completed) completed_bytes += bytes;
  counts += rows;
}

}  // namespace sluice
