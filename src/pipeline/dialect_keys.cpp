// The keys of `source.dialect`: a Frictionless Table Dialect (v2) or CSV Dialect (v1), as published.
#include <array>

#include "pipeline/config_values.h"
#include "pipeline/spec_keys.h"

namespace sluice {

namespace {

using Node = const ConfigNode&;
using Reading = SpecReading&;

std::string path_of(std::string_view key) { return "source.dialect." + std::string(key); }

// One byte, or the way it is written where a real tab is hard to type.
Result<char> read_character(Node node, std::string_view key) {
  if (node.is_scalar() && node.text.size() == 1 && static_cast<unsigned char>(node.text[0]) < 0x80 &&
      node.text[0] != '\n' && node.text[0] != '\r')
    return node.text[0];
  if (node.is_scalar() && (node.text == "\\t" || node.text == "tab")) return '\t';
  return wrong_value(node, path_of(key), "one ASCII character, such as \",\" or \"\\t\" (in quotes)");
}

Result<std::optional<char>> read_optional_character(Node node, std::string_view key) {
  bool none =
      node.kind == ConfigNode::Kind::null || (node.kind == ConfigNode::Kind::string && node.text.empty());
  if (none) return std::nullopt;
  return TRY(read_character(node, key));
}

Result<std::vector<std::uint32_t>> read_row_numbers(Node node, std::string_view key) {
  constexpr std::string_view kExpected = "a list of row numbers, counted from 1, such as [1, 2]";
  std::vector<std::uint32_t> rows;
  if (node.kind != ConfigNode::Kind::list) return wrong_value(node, path_of(key), kExpected);
  for (Node item : node.items) {
    auto row = read_count(item, path_of(key));
    if (!row || *row == 0 || *row > 1'000'000) return wrong_value(item, path_of(key), kExpected);
    rows.push_back(static_cast<std::uint32_t>(*row));
  }
  return rows;
}

Result<> read_delimiter(Node node, Reading reading) {
  reading.spec.source.dialect.delimiter = TRY(read_character(node, "delimiter"));
  return {};
}
Result<> read_line_terminator(Node node, Reading reading) {
  constexpr std::pair<std::string_view, std::string_view> kSpellings[] = {
      {"\n", "\n"}, {"\r\n", "\r\n"}, {"\r", "\r"}, {"\\n", "\n"}, {"\\r\\n", "\r\n"}, {"\\r", "\r"}};
  for (const auto& [written, meant] : kSpellings)
    if (node.is_scalar() && node.text == written) {
      reading.spec.source.dialect.line_terminator = meant;
      return {};
    }
  return wrong_value(node, path_of("lineTerminator"),
                     "\"\\n\", \"\\r\\n\" or \"\\r\" (all three always end a line)");
}
Result<> read_quote_char(Node node, Reading reading) {
  Dialect& dialect = reading.spec.source.dialect;
  dialect.quote_char = TRY(read_optional_character(node, "quoteChar"));
  dialect.quoting = dialect.quote_char.has_value();
  return {};
}
Result<> read_double_quote(Node node, Reading reading) {
  reading.spec.source.dialect.double_quote = TRY(read_bool(node, path_of("doubleQuote")));
  return {};
}
Result<> read_escape_char(Node node, Reading reading) {
  reading.spec.source.dialect.escape_char = TRY(read_optional_character(node, "escapeChar"));
  return {};
}
Result<> read_null_sequence(Node node, Reading reading) {
  reading.spec.source.dialect.null_sequence = TRY(read_text(node, path_of("nullSequence")));
  return {};
}
Result<> read_skip_initial_space(Node node, Reading reading) {
  reading.spec.source.dialect.skip_initial_space = TRY(read_bool(node, path_of("skipInitialSpace")));
  return {};
}
Result<> read_header(Node node, Reading reading) {
  reading.spec.source.dialect.header = TRY(read_bool(node, path_of("header")));
  return {};
}
Result<> read_header_rows(Node node, Reading reading) {
  reading.spec.source.dialect.header_rows = TRY(read_row_numbers(node, "headerRows"));
  return {};
}
Result<> read_header_join(Node node, Reading reading) {
  reading.spec.source.dialect.header_join = TRY(read_text(node, path_of("headerJoin")));
  return {};
}
Result<> read_comment_rows(Node node, Reading reading) {
  reading.spec.source.dialect.comment_rows = TRY(read_row_numbers(node, "commentRows"));
  return {};
}
Result<> read_comment_char(Node node, Reading reading) {
  reading.spec.source.dialect.comment_char = TRY(read_optional_character(node, "commentChar"));
  return {};
}
Result<> read_property(Node node, Reading reading) {
  reading.spec.source.dialect.property = TRY(read_text(node, path_of("property")));
  return {};
}
Result<> read_item_type(Node node, Reading reading) {
  constexpr std::array<std::string_view, 2> kTypes = {"array", "object"};
  reading.spec.source.dialect.item_type = kTypes[TRY(read_choice(node, path_of("itemType"), kTypes))];
  return {};
}
Result<> read_item_keys(Node node, Reading reading) {
  reading.spec.source.dialect.item_keys = TRY(read_texts(node, path_of("itemKeys")));
  return {};
}
// Published keys that change nothing here: names are always compared with their case.
Result<> read_without_effect(Node, Reading) { return {}; }
Result<> read_sheet_number(Node node, Reading reading) {
  auto number = read_count(node, path_of("sheetNumber"));
  constexpr std::uint64_t kMost = 1'000'000;
  if (!number || *number == 0 || *number > kMost)
    return wrong_value(node, path_of("sheetNumber"), "the number of a sheet, counted from 1");
  reading.spec.source.dialect.sheet.number = static_cast<std::uint32_t>(*number);
  return {};
}
Result<> read_sheet_name(Node node, Reading reading) {
  reading.spec.source.dialect.sheet.name = TRY(read_text(node, path_of("sheetName")));
  return {};
}
Result<> refuse_database(Node node, Reading) {
  return fail_at(node.place, "source.dialect.table is for databases, which cannot be a source; take it out");
}

constexpr SpecKey kDialectKeys[] = {
    {"delimiter", "auto", "what stands between cells: one ASCII character", read_delimiter},
    {"lineTerminator", "auto", "LF, CRLF and CR always end a line", read_line_terminator},
    {"quoteChar", "auto", "the quote; null: there are no quotes", read_quote_char, nullptr, true},
    {"doubleQuote", "true", "two quotes inside quotes are one", read_double_quote},
    {"escapeChar", "none", "takes the next character literally", read_escape_char},
    {"nullSequence", "none", "unquoted text that stands for no value", read_null_sequence},
    {"skipInitialSpace", "false", "blanks after a delimiter are skipped", read_skip_initial_space},
    {"header", "auto", "is there a header?", read_header},
    {"headerRows", "auto", "rows that make the header, from 1", read_header_rows},
    {"headerJoin", "\" \"", "joins the rows of a header", read_header_join},
    {"commentRows", "none", "rows to leave out, from 1", read_comment_rows},
    {"commentChar", "none", "a line that begins with it is no row", read_comment_char},
    {"property", "none", "JSON: the member that holds the rows", read_property},
    {"itemType", "auto", "JSON: array or object", read_item_type},
    {"itemKeys", "all", "JSON: the members to take, in this order", read_item_keys},
    {"caseSensitiveHeader", "", "v1; accepted, without effect", read_without_effect},
    {"csvddfVersion", "", "v1; accepted, without effect", read_without_effect},
    {"$schema", "", "v2; accepted, without effect", read_without_effect},
    {"sheetNumber", "the one with data", "workbooks: the sheet, counted from 1", read_sheet_number},
    {"sheetName", "the one with data", "workbooks: the sheet's name", read_sheet_name},
    {"table", "", "databases: not read", refuse_database},
};

}  // namespace

std::span<const SpecKey> dialect_keys() { return kDialectKeys; }

}  // namespace sluice
