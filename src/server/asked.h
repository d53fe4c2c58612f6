// What a query asks for, read and checked: every error names the parameter and what would be right. Any
// thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "server/http_message.h"

namespace sluice {

// A parameter that is none of these is an error that names the nearest: a filter with a slip of the pen would
// match everything. "where" stands for every where[FIELD].
Result<> check_asked(const Request& request, std::initializer_list<std::string_view> known);

Result<bool> asked_flag(const Request& request, const std::string& name);  // true, false; missing is false
Result<std::optional<std::uint64_t>> asked_number(const Request& request, const std::string& name);
// RFC 3339 with its offset, given back in UTC as the tables have it; "" where it is missing.
Result<std::string> asked_time(const Request& request, const std::string& name);
// where[FIELD]=VALUE, in the order of the fields.
std::vector<std::pair<std::string, std::string>> asked_fields(const Request& request);

// A page of a list.
inline constexpr std::size_t kPageItems = 100, kMostPageItems = 1000;
struct Page {
  std::size_t limit = kPageItems;
  std::string after;  // what the cursor holds; "": from the beginning
};
// `list`: which list the cursor has to be of.
Result<Page> asked_page(const Request& request, std::string_view list);
std::string cursor_of(std::string_view list, std::string_view after);
// The page's `after` where it is a number; none at the beginning.
Result<std::optional<std::int64_t>> number_after(const Page& page);

}  // namespace sluice
