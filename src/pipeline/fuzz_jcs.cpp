// Any bytes as a JSON value: what comes out has to be JSON that is its own canonical form and means the same.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "pipeline/jcs.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string once, twice, number;
  if (!sluice::append_jcs_json(once, text)) {
    if (!once.empty()) std::abort();
    return 0;
  }
  if (!sluice::append_jcs_json(twice, once) || twice != once) std::abort();
  if (!nlohmann::json::accept(text) && text.find_first_of("eE") == std::string_view::npos && size < 300)
    std::abort();
  if (!nlohmann::json::accept(once)) std::abort();
  sluice::append_jcs_number(number, text);
  return 0;
}
