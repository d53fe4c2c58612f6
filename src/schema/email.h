// E-mail addresses as people mean them: local@domain.tld, dots and plus signs and letters of any script,
// nothing quoted, no address literals, at least two labels in the domain. Linear, no allocation.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

bool is_email(std::string_view text);
// The same, a character at a time: for the rarer addresses, and what the quick way is checked against.
bool is_email_by_character(std::string_view text);
// A valid address that was evidently meant (blanks taken out, "," for ".", "mailto:" …), or "".
std::string mend_email(std::string_view text);

}  // namespace sluice
