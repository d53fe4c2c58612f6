// Lower and upper case as Unicode's root locale has it (STRASSE, no Turkish i), with a fast way for ASCII.
#pragma once

#include <string_view>

#include "base/arena.h"

namespace sluice {

// A view of `text` itself where nothing changes, else of new text in the arena. Valid UTF-8 in and out.
std::string_view lowercase(std::string_view text, Arena& arena);
std::string_view uppercase(std::string_view text, Arena& arena);

}  // namespace sluice
