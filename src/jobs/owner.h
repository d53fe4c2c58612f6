// Owner: who holds a lease: "host/pid/start" of a process, so that another process on the same host can tell
// a dead owner from a slow one and need not wait for the lease to run out. A process that works on several
// splits at once adds "/slot", because two of its threads must not take one lease.
#pragma once

#include <string>

namespace sluice {

std::string this_process();
// True only where it is certain: an owner on this host whose process is gone. Otherwise the lease decides.
bool is_dead(const std::string& owner);

}  // namespace sluice
