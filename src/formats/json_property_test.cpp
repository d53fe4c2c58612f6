// Random documents whose rows are known because they were made from them: read whole, in chunks of every size
// and from every place between two rows, they must give these rows. And documents with random faults: what is
// taken without complaint must be JSON by nlohmann's reading, too.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "formats/json_detect.h"
#include "formats/json_format.h"
#include "formats/json_test_support.h"
#include "formats/ndjson_format.h"

namespace sluice {
namespace {

using json_test::PlainRow;
using json_test::Reading;

class Author {
 public:
  explicit Author(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool one_in(std::size_t n) { return below(n) == 0; }

  std::string space(bool lines) {
    std::string text;
    while (one_in(3)) text += lines ? " \t\n\r"[below(4)] : " \t"[below(2)];
    if (lines && one_in(20)) text += "\r\n";
    if (one_in(60)) text.append(below(80), ' ');
    return text;
  }

  // A text as JSON writes it; what it means is added to `meaning`.
  std::string text(std::string& meaning) {
    static const std::pair<const char*, const char*> kPieces[] = {
        {"a", "a"},
        {"\\\"", "\""},
        {"\\\\", "\\"},
        {"\\\\\\\"", "\\\""},
        {"\\/", "/"},
        {"/", "/"},
        {"\\n", "\n"},
        {"\\u000a", "\n"},
        {"\\u00E9", "é"},
        {"é", "é"},
        {"\\ud83d\\uDE00", "😀"},
        {"😀", "😀"},
        {"[", "["},
        {"]", "]"},
        {"{", "{"},
        {"}", "}"},
        {",", ","},
        {":", ":"},
        {"\\u005C", "\\"},
        {"\\u0022", "\""},
        {" ", " "},
        {"long long text without anything in it ", "long long text without anything in it "}};
    std::string written = "\"";
    for (std::size_t n = one_in(10) ? below(40) : below(5); n > 0; --n) {
      const auto& [as_written, meant] = kPieces[below(std::size(kPieces))];
      written += as_written;
      meaning += meant;
    }
    return written + "\"";
  }

  // A value as written; its cell's text is added to `cell`.
  CellKind value(std::string& written, std::string& cell, bool lines, int depth = 0) {
    static const char* kNumbers[] = {
        "0", "-0", "1", "-12.50", "1e5", "1E+00", "123456789012345678901234567890", "0.1e-7"};
    const std::size_t begin = written.size();
    switch (below(depth > 3 ? 5 : 7)) {
      case 0: written += "null"; return CellKind::null;
      case 1: written += cell = one_in(2) ? "true" : "false"; return CellKind::boolean;
      case 2:
      case 3: written += cell = kNumbers[below(std::size(kNumbers))]; return CellKind::number;
      case 4: written += text(cell); return CellKind::string;
      default: break;
    }
    const bool object = one_in(2);
    written += (object ? "{" : "[") + space(lines);
    for (std::size_t n = below(4), i = 0; i < n; ++i) {
      std::string ignored;
      if (i > 0) written += space(lines) + "," + space(lines);
      if (object) written += text(ignored) + space(lines) + ":" + space(lines);
      value(written, ignored, lines, depth + 1);
    }
    written += space(lines) + (object ? "}" : "]");
    cell = written.substr(begin);
    return CellKind::json;
  }

  // A row as written; its cells sorted by name in `row`.
  std::string object(PlainRow& row, bool lines) {
    static const char* kNames[] = {"id", "name", "\\u0069d2", "x y", "", "\\\"", "[", "}", ",", "é"};
    static const char* kMeant[] = {"id", "name", "id2", "x y", "", "\"", "[", "}", ",", "é"};
    std::string written = "{" + space(lines);
    bool first = true;
    std::size_t start = below(2) == 0 ? 0 : below(10);
    for (std::size_t i = start; i < std::size(kNames); i += 1 + below(3)) {
      if (!first) written += space(lines) + "," + space(lines);
      first = false;
      written += '"' + std::string(kNames[i]) + '"' + space(lines) + ":" + space(lines);
      json_test::PlainCell cell{.name = kMeant[i]};
      cell.kind = value(written, cell.text, lines);
      row.cells.push_back(std::move(cell));
    }
    written += space(lines) + "}";
    row.raw = written;
    return written;
  }

 private:
  std::mt19937 random_;
};

std::uint64_t line_at(std::string_view text, std::size_t at) {
  std::uint64_t line = 1;
  for (std::size_t i = 0; i < at; ++i)
    if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'))) ++line;
  return line;
}

// Cells in an order of their own, as the order of the columns depends on the batch.
std::string shown(std::vector<PlainRow> rows, std::size_t from = 0) {
  std::string said;
  for (std::size_t i = from; i < rows.size(); ++i) {
    std::sort(rows[i].cells.begin(), rows[i].cells.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    said += rows[i].shown() + " raw " + rows[i].raw + "\n";
  }
  return said;
}

ReadPlan plan_of(std::string_view text, FormatKind kind) {
  ReadPlan plan;
  plan.format = kind;
  auto found = detect_json(text, true, kind, {}, "");
  if (!found) return plan;
  plan.first_row = found->first_row;
  plan.columns = found->columns;
  plan.rows_are_arrays = found->rows_are_arrays;
  return plan;
}

void check_everywhere(const std::string& text, const std::vector<PlainRow>& expected, const ReadPlan& plan,
                      const RowFormat& format, unsigned seed) {
  const std::string wanted = shown(expected);
  for (std::size_t target = 1; target <= text.size() + 1; target += 1 + target / 8) {
    Reading got = json_test::read_all(format, plan, text, target, plan.first_row, 1 + target % 5 * 100);
    ASSERT_EQ(got.error, "") << "seed " << seed << " target " << target << "\n" << text;
    ASSERT_EQ(shown(got.rows), wanted) << "seed " << seed << " target " << target << "\n" << text;
    ASSERT_EQ(got.counted_rows, expected.size()) << "seed " << seed;
    if (target != 1) continue;
    for (const Position& at : got.positions) {
      Reading rest = json_test::read_all(format, plan, text, 100, at);
      ASSERT_EQ(rest.error, "") << "seed " << seed << " from byte " << at.offset << "\n" << text;
      ASSERT_EQ(shown(rest.rows), shown(expected, at.row - 1))
          << "seed " << seed << " from byte " << at.offset << "\n"
          << text;
    }
  }
}

TEST(JsonProperty, ArraysInChunksOfEverySize) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Author author(seed);
    std::vector<PlainRow> rows(author.below(12));
    std::vector<std::size_t> begins;
    std::string text = (seed % 7 == 0 ? "\xEF\xBB\xBF" : "") + author.space(true) + "[";
    for (PlainRow& row : rows) {
      text += author.space(true);
      begins.push_back(text.size());
      row.number = begins.size();
      text += author.object(row, true) + author.space(true) + (&row == &rows.back() ? "" : ",");
    }
    text += author.space(true) + "]" + author.space(true);
    for (PlainRow& row : rows) row.line = line_at(text, begins[row.number - 1]);
    ReadPlan plan = plan_of(text, FormatKind::json);
    plan.row_bytes = 5000;
    auto format = make_json_format(plan);
    ASSERT_NO_FATAL_FAILURE(check_everywhere(text, rows, plan, *format, seed));
  }
}

TEST(JsonProperty, LinesInChunksOfEverySize) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Author author(seed);
    std::vector<PlainRow> rows(author.below(12));
    std::string text = seed % 7 == 0 ? "\xEF\xBB\xBF" : "";
    std::uint64_t line = 1;
    auto end_line = [&] {
      text += std::array{"\n", "\r\n", "\r"}[author.below(3)];
      // An LF behind a CR is the same line end.
      line = line_at(text, text.size());
    };
    for (PlainRow& row : rows) {
      while (author.one_in(4)) {
        text += author.space(false);
        end_line();
      }
      text += author.space(false);
      row.number = static_cast<std::uint64_t>(&row - rows.data()) + 1;
      row.line = line;
      text += author.object(row, false) + author.space(false);
      if (&row != &rows.back() || author.one_in(2)) end_line();
    }
    ReadPlan plan = plan_of(text, FormatKind::ndjson);
    plan.row_bytes = 5000;
    auto format = make_ndjson_format(plan);
    ASSERT_NO_FATAL_FAILURE(check_everywhere(text, rows, plan, *format, seed));
  }
}

// None where nlohmann cannot say: it stops at a number that no double holds, which is JSON all the same.
std::optional<bool> is_json(const std::string& text) {
  try {
    return !nlohmann::json::parse(text).is_discarded();
  } catch (const nlohmann::json::out_of_range&) {
    return std::nullopt;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

TEST(JsonProperty, WhatIsTakenIsJson) {
  std::size_t refused = 0, taken = 0;
  for (unsigned seed = 1; seed <= 4000; ++seed) {
    Author author(seed);
    std::string text = "[";
    for (std::size_t i = 0, n = 1 + author.below(4); i < n; ++i) {
      PlainRow ignored;
      text += (i == 0 ? "" : ",") + author.object(ignored, true);
    }
    text += "]";
    static constexpr std::string_view kFaults = "{}[],:\"\\ 0e-.tn\n\x01u";
    for (std::size_t n = 1 + author.below(3); n > 0; --n) {
      const std::size_t at = author.below(text.size());
      switch (author.below(4)) {
        case 0: text.erase(at, 1 + author.below(3)); break;
        case 1: text.insert(at, 1, kFaults[author.below(kFaults.size())]); break;
        case 2: text[at] = kFaults[author.below(kFaults.size())]; break;
        default: std::swap(text[at], text[author.below(text.size())]);
      }
      if (text.empty()) text = "[";
    }
    const std::optional<bool> known = is_json(text);
    if (!known) continue;
    const bool accepted = *known;
    auto found = detect_json(text, true, FormatKind::json, {}, "");
    if (!found) {
      ASSERT_FALSE(accepted && text.find_first_not_of(" \t\r\n") == text.find('['))
          << "seed " << seed << ": " << found.error().message << "\n"
          << text;
      ++refused;
      continue;
    }
    const ReadPlan plan = plan_of(text, FormatKind::json);
    auto format = make_json_format(plan);
    std::string first;
    for (std::size_t target : {1u, 7u, 64u, 1000u, 100000u}) {
      Reading got = json_test::read_all(*format, plan, text, target, plan.first_row);
      bool rejected = false;
      for (const PlainRow& row : got.rows) rejected = rejected || row.code == "encoding-error";
      if (!rejected) {
        ASSERT_EQ(got.error.empty(), accepted)
            << "seed " << seed << " target " << target << ": " << got.error << "\n"
            << text;
      }
      const std::string said = shown(got.rows) + got.error;
      if (target == 1) first = said;
      ASSERT_EQ(said, first) << "seed " << seed << " target " << target << "\n" << text;
      ++(got.error.empty() ? taken : refused);
    }
  }
  EXPECT_GT(refused, 1000u);
  EXPECT_GT(taken, 1000u);
}

}  // namespace
}  // namespace sluice
