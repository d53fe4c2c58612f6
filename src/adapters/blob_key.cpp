#include "adapters/blob_key.h"

#include <algorithm>

namespace sluice {

bool is_blob_key(std::string_view key) {
  std::size_t begin = 0;
  while (begin <= key.size()) {
    std::size_t end = std::min(key.find('/', begin), key.size());
    std::string_view segment = key.substr(begin, end - begin);
    if (segment.empty() || segment.front() == '.') return false;
    bool plain = std::ranges::all_of(segment, [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
             c == '_' || c == '-';
    });
    if (!plain) return false;
    begin = end + 1;
  }
  return true;
}

Result<> check_blob_key(const std::string& key) {
  if (!is_blob_key(key)) return fail(ErrorKind::usage, "'" + key + "' is no key of a blob");
  return {};
}

}  // namespace sluice
