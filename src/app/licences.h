// What others wrote and is part of this program, with the licences that have to go with it.
#pragma once

#include <string>

namespace sluice {

std::string licences();

}  // namespace sluice
