// JSON → YAML that people like to read and edit. Text is quoted wherever some YAML reader could take it for
// something else ("no", "0123", "a: b"), so that it reads back the same everywhere.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace sluice {

std::string yaml_text(const nlohmann::ordered_json& json);  // a mapping; ends with a line end

}  // namespace sluice
