// ${VAR} and ${file:PATH} in text of a configuration: replaced from the environment or from a file, so that a
// secret need not stand in the file. "$${" stands for "${" itself; anything else with a $ stays as it is.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

// Errors (usage) name the variable or the file, never a value. A file's trailing line end is taken off.
Result<std::string> replace_secrets(std::string_view text);
// Is there something that replace_secrets would replace?
bool names_secret(std::string_view text);

}  // namespace sluice
