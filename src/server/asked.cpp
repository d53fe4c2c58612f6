#include "server/asked.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "base/nearest.h"

namespace sluice {
namespace {

constexpr std::string_view kWhere = "where[";

// base64url without padding: stands in a URL as it is.
std::string encoded(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(size));
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

std::optional<std::string> decoded(std::string text) {
  constexpr std::size_t kLongest = 4096;
  if (text.empty() || text.size() > kLongest) return std::nullopt;
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  const std::size_t padding = (4 - text.size() % 4) % 4;
  if (padding == 3) return std::nullopt;
  text.append(padding, '=');
  std::string out(text.size() / 4 * 3, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

template <class T>
std::optional<T> number_in(std::string_view text) {
  T number{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

}  // namespace

Result<> check_asked(const Request& request, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : request.query) {
    const bool field = name.starts_with(kWhere) && name.ends_with(']') && name.size() > kWhere.size() + 1;
    const std::string_view word = field ? std::string_view("where") : std::string_view(name);
    if (std::ranges::find(known, word) != known.end()) {
      if (field || request.query.count(name) == 1) continue;
      return fail(ErrorKind::usage, "the query has '" + name + "' more than once.");
    }
    const std::vector<std::string_view> words(known);
    const std::string shown = name.substr(0, 100);
    return fail(ErrorKind::usage, words.empty()
                                      ? "there is nothing to ask for in the query here, as '" + shown + "'."
                                      : "the query has '" + shown + "': " + suggest_known(shown, words));
  }
  return {};
}

Result<bool> asked_flag(const Request& request, const std::string& name) {
  const std::optional<std::string> value = request.asked(name);
  if (!value || *value == "false") return false;
  if (*value == "true") return true;
  return fail(ErrorKind::usage, name + " has to be true or false.");
}

Result<std::optional<std::uint64_t>> asked_number(const Request& request, const std::string& name) {
  const std::optional<std::string> value = request.asked(name);
  if (!value) return std::optional<std::uint64_t>();
  const auto number = number_in<std::uint64_t>(*value);
  // The databases' whole numbers end there.
  if (!number || *number > INT64_MAX) return fail(ErrorKind::usage, name + " has to be a whole number.");
  return number;
}

Result<std::string> asked_time(const Request& request, const std::string& name) {
  const std::optional<std::string> value = request.asked(name);
  if (!value) return std::string();
  const auto time = parse_rfc3339(*value);
  if (!time)
    return fail(ErrorKind::usage, name +
                                      " has to be a time with its offset, as in 2026-03-01T06:00:00Z "
                                      "(a + in a query is written %2B).");
  return rfc3339(*time);
}

std::vector<std::pair<std::string, std::string>> asked_fields(const Request& request) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& [name, value] : request.query)
    if (name.starts_with(kWhere) && name.ends_with(']'))
      fields.emplace_back(name.substr(kWhere.size(), name.size() - kWhere.size() - 1), value);
  return fields;
}

Result<Page> asked_page(const Request& request, std::string_view list) {
  Page page;
  if (auto limit = TRY(asked_number(request, "limit"))) {
    if (*limit < 1 || *limit > kMostPageItems)
      return fail(ErrorKind::usage, "limit has to be from 1 to " + std::to_string(kMostPageItems) + ".");
    page.limit = *limit;
  }
  const std::optional<std::string> cursor = request.asked("cursor");
  if (!cursor) return page;
  const std::string head = std::string(list) + ":";
  const auto text = decoded(*cursor);
  if (!text || !text->starts_with(head))
    return fail(ErrorKind::usage,
                "the cursor is none of this list; take the one that its last answer has as 'next'.");
  page.after = text->substr(head.size());
  return page;
}

std::string cursor_of(std::string_view list, std::string_view after) {
  return encoded(std::string(list) + ":" + std::string(after));
}

Result<std::optional<std::int64_t>> number_after(const Page& page) {
  if (page.after.empty()) return std::optional<std::int64_t>();
  const auto number = number_in<std::int64_t>(page.after);
  if (!number || *number < 0) return fail(ErrorKind::usage, "the cursor is none of this list.");
  return number;
}

}  // namespace sluice
