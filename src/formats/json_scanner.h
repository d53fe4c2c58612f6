// JsonScanner: takes JSON text apart, strictly (RFC 8259), without making anything of it: values are views of
// the text as written. Used by the parsers of both JSON formats and by their detection; one thread per
// object. Own code and not simdjson's because a row's numbers must stay the text they were (simdjson's DOM
// refuses 1e400 and 20-digit integers), every byte must be checked (its On-Demand API skips what nobody asks
// for), and an error must name its place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rows/cell.h"

namespace sluice {

inline constexpr std::size_t kJsonDepth = 128;  // levels of nesting in a row, the row itself included

// A value as it stands in the text: a string without its quotes, a number, true or false, an object or array.
struct JsonValue {
  const char* data = nullptr;
  std::uint32_t size = 0;
  CellKind kind = CellKind::missing;
  bool escaped = false;  // string: holds escapes

  std::string_view text() const { return {data, size}; }
};
struct JsonMember {
  JsonValue name, value;
};

class JsonScanner {
 public:
  enum class Space : std::uint8_t {
    document,  // white space may hold line ends
    line,      // NDJSON: a line end is none
  };
  explicit JsonScanner(Space space)
      : space_bits_(std::uint64_t{1} << ' ' | std::uint64_t{1} << '\t' |
                    (space == Space::document ? std::uint64_t{1} << '\n' | std::uint64_t{1} << '\r' : 0)) {}

  // A new text that ends at `end`, where a byte must stand that cannot go on a value: a control character
  // that is no white space (Buffer's padding), for lines also LF or CR; padding must follow (json_blocks.h).
  void begin(const char* end) {
    end_ = end;
    problem_at_ = nullptr;
    unstorable_ = nullptr;
    too_deep_ = false;
  }

  const char* skip_space(const char* at) const {
    while (static_cast<unsigned char>(*at) <= ' ' && (space_bits_ >> *at & 1) != 0) ++at;
    return at;
  }

  // Each expects its value's first byte at `at` and answers the byte behind the value; nullptr: problem().
  const char* value(const char* at, JsonValue& into);
  const char* string(const char* at, JsonValue& into);
  const char* object(const char* at, std::vector<JsonMember>& members);
  const char* array(const char* at, std::vector<JsonValue>& elements);

  // What is wrong and where, after a nullptr: "a comma or } is expected, but there is x".
  std::string problem() const;
  const char* problem_at() const { return problem_at_; }
  // The text ends earlier than begin() said: only problem() asks.
  void end_at(const char* end) { end_ = end; }
  // For those who find something wrong themselves. Returns nullptr.
  const char* broken(const char* at, const char* what);

  // What the text since begin() holds that JSON allows and a store does not: "U+0000 (\u0000)" …; or nullptr.
  const char* unstorable() const { return unstorable_; }
  bool too_deep() const { return too_deep_; }

 private:
  const char* escape(const char* at);
  const char* number(const char* at);
  const char* literal(const char* at, std::string_view word);
  const char* nested(const char* at);
  const char* name_and_colon(const char* at, JsonValue& name);

  std::uint64_t space_bits_;
  const char* end_ = nullptr;
  const char* problem_at_ = nullptr;
  const char* problem_ = nullptr;
  const char* unstorable_ = nullptr;
  bool too_deep_ = false;
  std::vector<char> open_;  // the closing brackets that nested() waits for
};

// The text of a scanned string. `to` has room for text.size() bytes; answers how many were written. Lone
// surrogates become U+FFFD: whoever keeps such text has asked unstorable() first.
std::size_t unescape_json(std::string_view text, char* to);
std::string unescape_json(std::string_view text);

// "an object", "a number" …, for messages.
const char* json_kind_name(const JsonValue& value);

}  // namespace sluice
