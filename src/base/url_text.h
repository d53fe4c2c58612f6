// URLs: what stands in them percent-encoded, and what has to be hidden before they are shown. Thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// Where the password of scheme://user:PASSWORD@host/… stands, as its writer meant it: also one with
// characters that should have been percent-encoded. Nothing where there is none.
struct TextRange {
  std::size_t begin = 0, end = 0;
};
std::optional<TextRange> password_in(std::string_view url);

// Called wherever a URL of the configuration reaches a person or a log.
// The URL with *** for that password and for the values of parameters such as password= or token=.
std::string without_secrets(std::string_view url);

// RFC 3986: all but the unreserved characters as %XX, so that it is one segment of a path or one value of a
// query.
std::string percent_encoded(std::string_view text);
// The bytes that stand there; none where a % is not followed by two hexadecimal digits. '+' is itself.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace sluice
