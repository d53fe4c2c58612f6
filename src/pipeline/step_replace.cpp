// replace: {fields: [phone], pattern: "[^0-9]", with: ""}, or text: in place of pattern:. Every occurrence,
// in text cells; `with` may use \1 … \9 for the groups of a pattern (RE2). A cell that ends up empty is null.
#include <re2/re2.h>

#include "pipeline/steps.h"

namespace sluice {

namespace {

void set_text(Cell& cell, const std::string& text, StepRow& row) {
  cell = text.empty() ? Cell::null() : Cell::string(row.arena.copy(text));
}

Result<std::string> text_member(const nlohmann::json& argument, const char* key) {
  auto found = argument.find(key);
  if (found == argument.end() || found->is_null()) return std::string();
  if (found->is_number()) return found->dump();
  if (!found->is_string()) return wrong_argument(std::string(key) + ": text in quotes", *found);
  return found->get<std::string>();
}

std::unique_ptr<Step> replace_text(std::vector<std::string> columns, std::string text, std::string with) {
  return step_on_cells(std::move(columns), [text, with](Cell& cell, Slot, const std::string&, StepRow& row) {
    if (!is_text(cell)) return;
    std::string_view rest = cell.text();
    std::size_t at = rest.find(text);
    if (at == std::string_view::npos) return;
    row.scratch.clear();
    for (; at != std::string_view::npos; at = rest.find(text)) {
      row.scratch.append(rest.substr(0, at)).append(with);
      rest.remove_prefix(at + text.size());
    }
    row.scratch.append(rest);
    set_text(cell, row.scratch, row);
  });
}

std::unique_ptr<Step> replace_pattern(std::vector<std::string> columns, std::shared_ptr<const RE2> pattern,
                                      std::string with) {
  return step_on_cells(std::move(columns),
                       [pattern, with](Cell& cell, Slot, const std::string&, StepRow& row) {
                         if (!is_text(cell)) return;
                         row.scratch.assign(cell.text());
                         if (RE2::GlobalReplace(&row.scratch, *pattern, with) > 0)
                           set_text(cell, row.scratch, row);
                       });
}

}  // namespace

Result<std::unique_ptr<Step>> compile_replace(const nlohmann::json& argument, const StepContext&) {
  constexpr std::string_view kKnown[] = {"fields", "field", "pattern", "text", "with"};
  TRY(check_members(argument, kKnown));
  auto columns = TRY(fields_of(argument));
  if (argument.contains("pattern") == argument.contains("text"))
    return fail(ErrorKind::usage,
                "give either `text:` or `pattern:` (a regular expression): what is replaced?");
  if (!argument.contains("with"))
    return fail(ErrorKind::usage, "`with:` is missing: what comes in its place? (\"\" for nothing)");
  std::string with = TRY(text_member(argument, "with"));
  if (argument.contains("text")) {
    std::string text = TRY(text_member(argument, "text"));
    if (text.empty()) return wrong_argument("text to look for", argument.at("text"));
    return replace_text(std::move(columns), std::move(text), std::move(with));
  }
  auto pattern = std::make_shared<const RE2>(TRY(text_member(argument, "pattern")), RE2::Quiet);
  if (!pattern->ok()) return fail(ErrorKind::usage, "pattern: " + pattern->error());
  std::string problem;
  if (!pattern->CheckRewriteString(with, &problem)) return fail(ErrorKind::usage, "with: " + problem);
  return replace_pattern(std::move(columns), std::move(pattern), std::move(with));
}

}  // namespace sluice
