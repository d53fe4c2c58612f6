#include "jobs/owner.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>

namespace sluice {
namespace {

// The kernel's boot and the process's start time in it: a process id alone is used again.
std::optional<std::string> start_of(long pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  std::size_t at = text.rfind(')');  // the command's name may hold blanks and brackets
  if (at == std::string::npos) return std::nullopt;
  constexpr int kStartTimeField = 22, kFieldAfterName = 3;
  for (int field = kFieldAfterName - 1; field < kStartTimeField; ++field) {
    at = text.find(' ', at + 1);
    if (at == std::string::npos) return std::nullopt;
  }
  return text.substr(at + 1, text.find(' ', at + 1) - at - 1);
}

std::string host() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  std::string text = std::string(name.data()) + "-" + boot.substr(0, 8);
  // Owners are parts of blob keys, too, which take no other characters.
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return !std::isalnum(c) && c != '-'; }, '-');
  return text;
}

}  // namespace

std::string this_process() {
  long pid = getpid();
  return host() + "/" + std::to_string(pid) + "/" + start_of(pid).value_or("0");
}

bool is_dead(const std::string& owner) {
  std::size_t first = owner.find('/'), second = owner.find('/', first + 1);
  if (second == std::string::npos || owner.substr(0, first) != host()) return false;
  long pid = 0;
  const char* begin = owner.data() + first + 1;
  if (std::from_chars(begin, owner.data() + second, pid).ec != std::errc() || pid <= 0) return false;
  const std::size_t third = std::min(owner.find('/', second + 1), owner.size());
  return start_of(pid).value_or("") != owner.substr(second + 1, third - second - 1);
}

}  // namespace sluice
