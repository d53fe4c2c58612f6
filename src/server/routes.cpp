#include "server/routes.h"

#include <algorithm>

#include "server/request_target.h"

namespace sluice {

namespace {

// How well a pattern fits, the greater the better: one digit a segment, from the left.
enum class Fit : char { rest = '1', parameter = '2', word = '3' };

std::string_view first_segment(std::string_view path) { return path.substr(0, path.find('/')); }

// Both without the leading slash. None: it does not fit; else the rank, and the parameters.
std::optional<std::string> fit(std::string_view pattern, std::string_view path,
                               std::map<std::string, std::string>& parameters) {
  std::string rank;
  auto take = [&](std::string_view name, std::string_view value) {
    auto decoded = percent_decoded(value, PlusSign::itself);
    if (decoded) parameters.emplace(name, std::move(*decoded));
    return decoded.has_value();
  };
  while (true) {
    auto part = first_segment(pattern), segment = first_segment(path);
    if (part.starts_with('{') && part.ends_with(":rest}")) {
      rank += static_cast<char>(Fit::rest);
      if (!take(part.substr(1, part.size() - 7), path)) return std::nullopt;
      return rank;
    }
    if (part.starts_with('{') && part.ends_with('}')) {
      rank += static_cast<char>(Fit::parameter);
      if (segment.empty() || !take(part.substr(1, part.size() - 2), segment)) return std::nullopt;
    } else {
      rank += static_cast<char>(Fit::word);
      // A word may be percent-encoded as well, though no client does it.
      if (part != segment && percent_decoded(segment, PlusSign::itself) != std::string(part)) {
        return std::nullopt;
      }
    }
    bool pattern_ends = part.size() == pattern.size(), path_ends = segment.size() == path.size();
    if (pattern_ends || path_ends) {
      if (pattern_ends && path_ends) return rank;
      return std::nullopt;
    }
    pattern.remove_prefix(part.size() + 1);
    path.remove_prefix(segment.size() + 1);
  }
}

}  // namespace

Routes::Match Routes::find(std::string_view method, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  std::string best;
  // HEAD has a route of its own, or GET's.
  for (std::string_view wanted : {method, method == "HEAD" ? std::string_view("GET") : std::string_view()}) {
    for (const Route& route : routes_) {
      if (wanted.empty() || route.method != wanted) continue;
      std::map<std::string, std::string> parameters;
      auto rank = fit(std::string_view(route.pattern).substr(1), path.substr(1), parameters);
      if (!rank || *rank <= best) continue;
      best = std::move(*rank);
      match.route = &route;
      match.parameters = std::move(parameters);
    }
    if (match.route != nullptr) return match;
  }
  for (const Route& route : routes_) {
    std::map<std::string, std::string> parameters;
    if (!fit(std::string_view(route.pattern).substr(1), path.substr(1), parameters)) continue;
    match.methods.push_back(route.method);
    if (route.method == "GET") match.methods.emplace_back("HEAD");
  }
  if (!match.methods.empty()) match.methods.emplace_back("OPTIONS");
  std::ranges::sort(match.methods);
  auto repeated = std::ranges::unique(match.methods);
  match.methods.erase(repeated.begin(), repeated.end());
  return match;
}

}  // namespace sluice
