#include "rows/columns.h"

#include <unordered_map>
#include <unordered_set>

namespace sluice {

Columns unique_columns(const std::vector<std::string>& names) {
  auto is_blank = [](const std::string& name) {
    return name.find_first_not_of(" \t\r\n") == std::string::npos;
  };
  std::unordered_set<std::string> own(names.begin(), names.end()), taken;
  // Where the search for a free number goes on, by name: a header of ten thousand equal cells is data from
  // outside.
  std::unordered_map<std::string, std::size_t> next_number;
  Columns unique;
  for (std::size_t i = 0; i < names.size(); ++i) {
    bool blank = is_blank(names[i]);
    std::string base = blank ? "column_" + std::to_string(i + 1) : names[i];
    std::string name = base;
    // A derived name gives way to a column that bears it by itself.
    auto free = [&](bool derived) { return !taken.contains(name) && !(derived && own.contains(name)); };
    if (!free(blank)) {
      std::size_t& n = next_number.try_emplace(base, 2).first->second;
      do {
        name = base + "_" + std::to_string(n++);
      } while (!free(true));
    }
    taken.insert(name);
    unique.push_back(std::move(name));
  }
  return unique;
}

}  // namespace sluice
