#include "server/http_message.h"

#include <algorithm>

namespace sluice {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

void Headers::set(std::string_view name, std::string value) {
  std::erase_if(list_, [&](const auto& header) { return same_name(header.first, name); });
  list_.emplace_back(name, std::move(value));
}

std::string_view Headers::get(std::string_view name) const {
  for (const auto& [own, value] : list_) {
    if (same_name(own, name)) return value;
  }
  return "";
}

bool Headers::has(std::string_view name) const {
  return std::ranges::any_of(list_, [&](const auto& header) { return same_name(header.first, name); });
}

std::optional<std::string> Request::asked(const std::string& name) const {
  auto found = query.find(name);
  if (found == query.end()) return std::nullopt;
  return found->second;
}

Response json_response(int status, std::string json) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(json);
  return response;
}

}  // namespace sluice
