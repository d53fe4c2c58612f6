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

}  // namespace sluice
