#include "jobs/parsed_pipelines.h"

#include <map>
#include <memory>
#include <mutex>

namespace sluice {
namespace {

// Together a few megabytes; a service with more pipelines in use at once parses them more often.
constexpr std::size_t kMostTexts = 64, kLongestText = 64 << 10;

struct Known {
  std::mutex mutex;  // guards the map; what is in it never changes
  std::map<std::string, std::shared_ptr<const PipelineSpec>> specs;
};

}  // namespace

Result<PipelineSpec> parsed_pipeline(const std::string& text, const std::string& source) {
  if (text.size() > kLongestText) return parse_kept_pipeline(text, source);
  static Known known;
  const std::string key = source + "\n" + text;  // places in it begin with the source
  std::shared_ptr<const PipelineSpec> spec;
  {
    std::lock_guard lock(known.mutex);
    if (const auto found = known.specs.find(key); found != known.specs.end()) spec = found->second;
  }
  if (spec) return *spec;
  spec = std::make_shared<const PipelineSpec>(TRY(parse_kept_pipeline(text, source)));
  std::lock_guard lock(known.mutex);
  if (known.specs.size() >= kMostTexts) known.specs.clear();
  known.specs[key] = spec;
  return *spec;
}

}  // namespace sluice
