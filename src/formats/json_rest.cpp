#include "formats/json_rest.h"

#include <algorithm>

#include "base/buffer.h"
#include "formats/json_scanner.h"

namespace sluice {
namespace {

enum class Container : std::uint8_t { unknown, object, array };

// Scans what follows a value in a container up to and including its closing bracket; nullptr: broken.
const char* close_container(JsonScanner& scanner, const char* at, Container container) {
  JsonValue ignored;
  for (;;) {
    at = scanner.skip_space(at);
    if (*at == '}' && container != Container::array) return at + 1;
    if (*at == ']' && container != Container::object) return at + 1;
    if (*at != ',') return scanner.broken(at, "a comma or a closing bracket is expected");
    at = scanner.skip_space(at + 1);
    if (container == Container::unknown) {  // a number in a pointer is an index or a member's name
      JsonValue name;
      const char* behind = *at == '"' ? scanner.string(at, name) : nullptr;
      container =
          behind != nullptr && *scanner.skip_space(behind) == ':' ? Container::object : Container::array;
    }
    if (container == Container::object) {
      if (*at != '"') return scanner.broken(at, "the name of a member in \" is expected");
      at = scanner.string(at, ignored);
      if (at == nullptr) return nullptr;
      at = scanner.skip_space(at);
      if (*at != ':') return scanner.broken(at, "a colon is expected behind the name of a member");
      at = scanner.skip_space(at + 1);
    }
    at = scanner.value(at, ignored);
    if (at == nullptr) return nullptr;
  }
}

bool is_index(std::string_view token) {
  return !token.empty() &&
         std::all_of(token.begin(), token.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<std::string> check_json_rest(std::string_view rest, const std::string& pointer, bool at_end) {
  const Buffer copy(rest);  // the scanner needs zeros behind it
  const char* at = copy.data();
  const char* const end = at + copy.size();
  JsonScanner scanner(JsonScanner::Space::document);
  scanner.begin(end);
  std::string_view tokens = pointer;
  while (!tokens.empty() && at != nullptr) {
    const std::size_t slash = tokens.rfind('/');
    if (slash == std::string_view::npos) break;
    at = close_container(scanner, at,
                         is_index(tokens.substr(slash + 1)) ? Container::unknown : Container::object);
    tokens = tokens.substr(0, slash);
  }
  if (at != nullptr) {
    at = scanner.skip_space(at);
    if (at == end) return std::nullopt;
    at = scanner.broken(at, "the document must end");
  }
  // What is only cut off by the end of what was shown looks broken within its last bytes.
  if (!at_end && scanner.problem_at() + 12 >= end) return std::nullopt;
  return scanner.problem();
}

}  // namespace sluice
