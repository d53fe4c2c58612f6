// number: [amount], or {fields: [amount], decimal: ",", group: "."}. Text to a number, kept to its last
// digit. `group` may stand between digits before the decimal mark; what is no number makes the row a reject.
#include "base/ascii.h"
#include "base/decimal.h"
#include "pipeline/steps.h"
#include "pipeline/utf8.h"

namespace sluice {

namespace {

// "1.234,50" with decimal "," and group "." → "1234.50". False where a mark stands where none may be: the
// group before the decimal mark has three digits and others two or three (12,34,567), so that 1.50 never
// becomes 150.
bool plain_number(std::string_view text, char decimal, std::string_view group, std::string& out) {
  bool after_mark = false, grouped = false;
  std::size_t digits = 0;  // since the last mark
  out.clear();
  while (!text.empty()) {
    char c = text.front();
    if (c == decimal) {
      if (after_mark || (grouped && digits != 3)) return false;
      after_mark = true;
      out += '.';
      text.remove_prefix(1);
    } else if (!group.empty() && text.starts_with(group)) {
      if (after_mark || digits == 0 || digits > 3 || (grouped && digits < 2)) return false;
      grouped = true;
      digits = 0;
      text.remove_prefix(group.size());
    } else {
      if (c == '.') return false;  // it is neither the mark nor the group here
      if (is_digit(c)) ++digits;
      out += c;
      text.remove_prefix(1);
    }
  }
  return after_mark || !grouped || digits == 3;
}

}  // namespace

Result<std::unique_ptr<Step>> compile_number(const nlohmann::json& argument, const StepContext&) {
  std::vector<std::string> columns;
  std::string decimal = ".", group;
  if (argument.is_object()) {
    constexpr std::string_view kKnown[] = {"fields", "field", "decimal", "group"};
    TRY(check_members(argument, kKnown));
    columns = TRY(fields_of(argument));
    for (auto [key, text] : {std::pair("decimal", &decimal), std::pair("group", &group)}) {
      auto found = argument.find(key);
      if (found == argument.end()) continue;
      if (!found->is_string()) return wrong_argument("a character in quotes", *found);
      *text = found->get<std::string>();
    }
  } else {
    columns = TRY(column_list(argument));
  }
  if (decimal.size() != 1 || (decimal[0] >= '0' && decimal[0] <= '9'))
    return wrong_argument("one character for decimal:", argument);
  if (group == decimal) return fail(ErrorKind::usage, "decimal: and group: cannot be the same");
  if (!group.empty() && group[0] >= '0' && group[0] <= '9')
    return wrong_argument("no digit for group:", argument);
  auto apply = [decimal = decimal[0], group](Cell& cell, Slot slot, const std::string& name, StepRow& row) {
    if (!is_text(cell)) return;
    std::string digits, canonical;
    auto number = plain_number(trim_white_space(cell.text()), decimal, group, digits)
                      ? canonical_decimal(digits, canonical)
                      : std::nullopt;
    if (!number)
      return row.fail("number", name, slot, "'" + shown_value(cell.text(), 60) + "' is not a number.");
    cell = Cell::number(row.arena.copy(*number));
  };
  return step_on_cells(std::move(columns), std::move(apply));
}

}  // namespace sluice
