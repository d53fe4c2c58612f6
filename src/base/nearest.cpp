#include "base/nearest.h"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

namespace sluice {
namespace {

std::size_t distance(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = std::exchange(last, row);
  }
  return last[b.size()];
}

template <class Text>
std::string nearest_of(std::string_view word, std::span<const Text> candidates) {
  std::string best;
  std::size_t best_distance = SIZE_MAX;
  for (std::string_view candidate : candidates) {
    std::size_t d = distance(word, candidate);
    if (d < best_distance && d <= std::max<std::size_t>(1, candidate.size() / 3)) {
      best_distance = d;
      best = candidate;
    }
  }
  return best;
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string_view> candidates) {
  return nearest_of(word, candidates);
}
std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  return nearest_of(word, candidates);
}

std::string suggest_known(std::string_view word, std::span<const std::string_view> known) {
  std::string text;
  if (std::string meant = nearest(word, known); !meant.empty()) text = "did you mean '" + meant + "'? ";
  text += text.empty() ? "known: " : "Known: ";  // it goes on after a semicolon
  for (std::size_t i = 0; i < known.size(); ++i) text.append(i ? ", " : "").append(known[i]);
  return text + ".";
}

}  // namespace sluice
