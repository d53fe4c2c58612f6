// The target of a request line taken apart: path, query, percent-encoding. Bytes from outside; pure
// functions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

enum class PlusSign { itself, blank };  // in a path; in a query

// None where a % is not followed by two hexadecimal digits, or the bytes are no UTF-8 text without controls.
std::optional<std::string> percent_decoded(std::string_view text, PlusSign plus);

struct RequestTarget {
  std::string path;  // as sent, without the query: for Routes::find
  std::string decoded_path;
  std::multimap<std::string, std::string> query;  // decoded
  std::string authority;                          // of "http://host:port/path"; else ""
};

// "/path?query", "http://host/path?query" (as a proxy sends it) or "*". Errors (usage) are sentences for the
// client.
Result<RequestTarget> parse_target(std::string_view target);

}  // namespace sluice
