// The known word nearest to a misspelt one, for "did you mean …?" in messages.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sluice {

// The candidate with the smallest Damerau-Levenshtein distance (letter case ignored), or "" where none is
// near enough to be what was meant (more than a third of its letters, at least one, would have to change).
std::string nearest(std::string_view word, std::span<const std::string_view> candidates);
std::string nearest(std::string_view word, std::span<const std::string> candidates);

// "did you mean 'delimiter'? Known: …" or "known: …", to go on after a colon or semicolon and end an error
// about an unknown word.
std::string suggest_known(std::string_view word, std::span<const std::string_view> known);

}  // namespace sluice
