// split: {field: name, into: [first, last], separator: " "}, or pattern: (RE2) in place of separator:. The
// parts are trimmed; the last column takes the rest, columns without a part stay empty. The split column goes
// away, unless `keep: true` is given or it is one of `into`. `exact: true`: another number of parts makes the
// row a reject.
#include <re2/re2.h>

#include <algorithm>

#include "pipeline/steps.h"
#include "pipeline/utf8.h"

namespace sluice {

namespace {

struct SplitRule {
  std::string field, separator = " ";
  std::shared_ptr<const RE2> pattern;
  std::vector<std::string> into;
  bool keep = false, exact = false;
};

// Where the next separator stands in `text`: begin and end, or text.size() twice.
std::pair<std::size_t, std::size_t> find_separator(const SplitRule& rule, std::string_view text) {
  if (!rule.pattern) {
    std::size_t at = text.find(rule.separator);
    if (at == std::string_view::npos) return {text.size(), text.size()};
    std::size_t end = at + rule.separator.size();
    // Several blanks between two words are one separator.
    if (rule.separator == " ")
      while (end < text.size() && text[end] == ' ') ++end;
    return {at, end};
  }
  re2::StringPiece found, whole(text.data(), text.size());
  std::size_t from = 0;
  while (rule.pattern->Match(whole, from, text.size(), RE2::UNANCHORED, &found, 1)) {
    auto at = static_cast<std::size_t>(found.data() - text.data());
    if (!found.empty()) return {at, at + found.size()};
    from = at + 1;  // an empty match separates nothing
    if (from > text.size()) break;
  }
  return {text.size(), text.size()};
}

class SplitStep final : public Step {
 public:
  explicit SplitStep(std::shared_ptr<const SplitRule> rule) : rule_(std::move(rule)) {}

  Result<std::unique_ptr<BoundStep>> bind(ColumnMap& columns) const override {
    TRY(columns.need(std::span(&rule_->field, 1)));
    auto from = columns.find(rule_->field);
    if (!from) return nullptr;
    auto bound = std::make_unique<Bound>();
    bound->rule = rule_;
    bound->from = *from;
    bool into_itself = std::find(rule_->into.begin(), rule_->into.end(), rule_->field) != rule_->into.end();
    if (!rule_->keep || into_itself) columns.remove(rule_->field);
    for (const std::string& name : rule_->into) {
      auto there = columns.find(name);
      if (there && columns.fixed())
        return fail(ErrorKind::usage, "there is a column '" + name + "' already; drop or rename it first");
      bound->into.push_back(there ? *there : columns.create(name));
    }
    return bound;
  }

 private:
  struct Bound final : BoundStep {
    void apply(StepRow& row) const override {
      const Cell whole = row.cells[from];
      if (whole.is_null()) return;
      if (!is_text(whole)) return fail(row, "it is not text.");
      for (std::size_t i = 0; i < into.size(); ++i)
        if (!row.cells[into[i]].is_null()) return fail(row, "the row has a '" + rule->into[i] + "' as well.");
      std::string_view text = whole.text();
      std::size_t count = 0;
      for (; count < into.size() && !text.empty(); ++count) {
        bool last = count + 1 == into.size();
        auto [end, next] =
            last && !rule->exact ? std::pair(text.size(), text.size()) : find_separator(*rule, text);
        std::string_view part = trim_white_space(text.substr(0, end));
        if (!part.empty()) row.cells[into[count]] = Cell::string(part);
        if (last && rule->exact && end < text.size()) ++count;  // there is more
        text.remove_prefix(next);
      }
      if (rule->exact && count != into.size())
        fail(row, "'" + shown_value(whole.text(), 60) + "' does not have " + std::to_string(into.size()) +
                      " parts.");
    }
    void fail(StepRow& row, std::string what) const {
      row.fail("split", rule->field, from, std::move(what));
      row.failed.insert(row.failed.end(), into.begin(), into.end());
    }
    std::shared_ptr<const SplitRule> rule;
    Slot from = 0;
    std::vector<Slot> into;
  };
  std::shared_ptr<const SplitRule> rule_;
};

Result<bool> flag_of(const nlohmann::json& argument, const char* key) {
  auto found = argument.find(key);
  if (found == argument.end()) return false;
  if (!found->is_boolean()) return wrong_argument(std::string(key) + ": true or false", *found);
  return found->get<bool>();
}

}  // namespace

Result<std::unique_ptr<Step>> compile_split(const nlohmann::json& argument, const StepContext&) {
  constexpr std::string_view kKnown[] = {"field", "into", "separator", "pattern", "keep", "exact"};
  TRY(check_members(argument, kKnown));
  auto rule = std::make_shared<SplitRule>();
  auto field = argument.find("field");
  if (field == argument.end() || !field->is_string())
    return fail(ErrorKind::usage, "`field:` is missing: which column?");
  rule->field = field->get<std::string>();
  if (!argument.contains("into"))
    return fail(ErrorKind::usage, "`into:` is missing: the names of the new columns");
  rule->into = TRY(column_list(argument.at("into")));
  for (std::size_t i = 0; i < rule->into.size(); ++i)
    if (std::find(rule->into.begin(), rule->into.begin() + static_cast<std::ptrdiff_t>(i), rule->into[i]) !=
        rule->into.begin() + static_cast<std::ptrdiff_t>(i))
      return fail(ErrorKind::usage, "into: '" + rule->into[i] + "' stands twice");
  rule->keep = TRY(flag_of(argument, "keep"));
  rule->exact = TRY(flag_of(argument, "exact"));
  if (auto separator = argument.find("separator"); separator != argument.end()) {
    if (!separator->is_string() || separator->get_ref<const std::string&>().empty())
      return wrong_argument("a separator in quotes", *separator);
    rule->separator = separator->get<std::string>();
  }
  if (auto pattern = argument.find("pattern"); pattern != argument.end()) {
    if (argument.contains("separator"))
      return fail(ErrorKind::usage, "separator: and pattern: exclude each other");
    if (!pattern->is_string()) return wrong_argument("a regular expression in quotes", *pattern);
    auto compiled = std::make_shared<const RE2>(pattern->get<std::string>(), RE2::Quiet);
    if (!compiled->ok()) return fail(ErrorKind::usage, "pattern: " + compiled->error());
    rule->pattern = std::move(compiled);
  }
  return std::make_unique<SplitStep>(std::move(rule));
}

}  // namespace sluice
