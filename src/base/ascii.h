// ASCII characters told apart, whatever the locale. Thread-safe.
#pragma once

namespace sluice {

constexpr bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }
constexpr bool is_letter(char c) { return static_cast<unsigned char>((c | 0x20) - 'a') < 26; }

}  // namespace sluice
