#include "app/licences.h"

#include "adapters/bullmq_scripts.h"

namespace sluice {

std::string licences() {
  return "Sluice is under the Apache License 2.0; the libraries that it links keep their own, which the "
         "packages they come from have with them.\n\nThe Lua scripts of BullMQ " +
         std::string(kBullmqVersion) + " are part of this program:\n\n" + std::string(kBullmqLicence);
}

}  // namespace sluice
