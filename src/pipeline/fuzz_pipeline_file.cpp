// Fuzzes the pipeline file: any text is read or refused; what was read freezes, reads back the same and
// compiles.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "pipeline/pipeline.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  std::string text(reinterpret_cast<const char*>(data), size);
  if (text.find("file:") != std::string::npos) return 0;  // would read files of this machine
  auto spec = parse_pipeline(text, "fuzz.yaml");
  if (!spec) {
    if (spec.error().message.empty()) std::abort();
    return 0;
  }
  nlohmann::json frozen = to_json(*spec);
  auto again = pipeline_from_json(frozen);
  if (!again || to_json(*again) != frozen) std::abort();
  auto from_yaml = parse_pipeline(to_yaml(*spec), "again.yaml");
  if (!from_yaml || to_json(*from_yaml) != frozen) std::abort();
  (void)Pipeline::compile(*spec, {});
  return 0;
}
