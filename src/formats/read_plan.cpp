// ReadPlan as JSON, for the job's frozen plan, and the names of its parts. Any thread.
#include "formats/read_plan.h"

#include <simdjson.h>

#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string_view>

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> kFormatNames = {"csv", "json", "ndjson", "xlsx"};
constexpr std::array<std::string_view, 3> kCompressionNames = {"none", "gzip", "zstd"};

// A header may hold bytes that are no UTF-8, which JSON cannot: such text is kept as its byte values.
Json json_of(const std::string& text) {
  if (simdjson::validate_utf8(text)) return text;
  Json bytes = Json::array();
  for (char c : text) bytes.push_back(static_cast<unsigned char>(c));
  return bytes;
}
Json json_of(char c) { return json_of(c == '\0' ? std::string() : std::string(1, c)); }
Json json_of(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const std::string& text : texts) list.push_back(json_of(text));
  return list;
}

std::string text_of(const Json& json) {
  if (!json.is_array()) return json.get<std::string>();
  std::string text;
  for (const Json& byte : json) text.push_back(static_cast<char>(byte.get<unsigned char>()));
  return text;
}
char char_of(const Json& json) {
  std::string text = text_of(json);
  if (text.size() > 1) throw std::runtime_error("one character was expected, not '" + text + "'");
  return text.empty() ? '\0' : text[0];
}
std::vector<std::string> texts_of(const Json& json) {
  std::vector<std::string> texts;
  for (const Json& text : json) texts.push_back(text_of(text));
  return texts;
}

template <class Kind, std::size_t size>
Kind kind_of(const Json& json, const std::array<std::string_view, size>& names) {
  std::string name = json.get<std::string>();
  for (std::size_t at = 0; at < size; ++at) {
    if (names[at] == name) return static_cast<Kind>(at);
  }
  throw std::runtime_error("'" + name + "' is not known");
}

// The members of one object; each is taken once, and none may be left over: a plan that a newer program wrote
// is not to be half understood.
class Members {
 public:
  explicit Members(const Json& json) : json_(json) {}
  const Json& operator[](const char* name) {
    taken_.insert(name);
    return json_.at(name);
  }
  void check_all_taken() const {
    for (const auto& [name, value] : json_.items()) {
      if (!taken_.contains(name)) throw std::runtime_error("the member '" + name + "' is not known");
    }
  }

 private:
  const Json& json_;
  std::set<std::string> taken_;
};

Json json_of(const CsvDialect& dialect) {
  Json json = {{"delimiter", json_of(dialect.delimiter)},
               {"quote", json_of(dialect.quote)},
               {"double_quote", dialect.double_quote},
               {"escape", json_of(dialect.escape)},
               {"comment", json_of(dialect.comment)},
               {"skip_initial_space", dialect.skip_initial_space},
               {"trailing_delimiter", dialect.trailing_delimiter},
               {"null_sequence", nullptr},
               {"comment_rows", dialect.comment_rows}};
  if (dialect.null_sequence) json["null_sequence"] = json_of(*dialect.null_sequence);
  return json;
}

CsvDialect dialect_of(const Json& json) {
  Members members(json);
  CsvDialect dialect;
  dialect.delimiter = char_of(members["delimiter"]);
  dialect.quote = char_of(members["quote"]);
  dialect.double_quote = members["double_quote"].get<bool>();
  dialect.escape = char_of(members["escape"]);
  dialect.comment = char_of(members["comment"]);
  dialect.skip_initial_space = members["skip_initial_space"].get<bool>();
  if (json.contains("trailing_delimiter"))  // plans of before it was known have none
    dialect.trailing_delimiter = members["trailing_delimiter"].get<bool>();
  const Json& null_sequence = members["null_sequence"];
  if (!null_sequence.is_null()) dialect.null_sequence = text_of(null_sequence);
  dialect.comment_rows = members["comment_rows"].get<std::vector<std::uint32_t>>();
  members.check_all_taken();
  return dialect;
}

Position position_of(const Json& json) {
  Members members(json);
  Position position;
  position.offset = members["offset"].get<std::uint64_t>();
  position.row = members["row"].get<std::uint64_t>();
  position.line = members["line"].get<std::uint64_t>();
  members.check_all_taken();
  return position;
}

SheetPlan sheet_of(const Json& json) {
  Members members(json);
  SheetPlan sheet;
  sheet.number = members["number"].get<std::uint32_t>();
  sheet.name = text_of(members["name"]);
  sheet.first_column = members["first_column"].get<std::uint32_t>();
  if (json.contains("more")) sheet.more = texts_of(members["more"]);  // of a report of several sheets only
  members.check_all_taken();
  return sheet;
}

ReadPlan plan_of(const Json& json) {
  Members members(json);
  ReadPlan plan;
  plan.format = kind_of<FormatKind>(members["format"], kFormatNames);
  plan.compression = kind_of<Compression>(members["compression"], kCompressionNames);
  plan.encoding = members["encoding"].get<std::string>();
  plan.csv = dialect_of(members["csv"]);
  if (json.contains("sheet")) plan.sheet = sheet_of(members["sheet"]);  // of a workbook only
  plan.pointer = text_of(members["pointer"]);
  plan.columns = texts_of(members["columns"]);
  plan.rows_are_arrays = members["rows_are_arrays"].get<bool>();
  plan.item_keys = texts_of(members["item_keys"]);
  plan.row_member = text_of(members["row_member"]);
  plan.row_number_member = text_of(members["row_number_member"]);
  plan.row_bytes = members["row_bytes"].get<std::uint64_t>();
  plan.first_row = position_of(members["first_row"]);
  plan.findings = texts_of(members["findings"]);
  members.check_all_taken();
  return plan;
}

}  // namespace

std::string_view name_of(FormatKind kind) { return kFormatNames[static_cast<std::size_t>(kind)]; }
std::string_view name_of(Compression compression) {
  return kCompressionNames[static_cast<std::size_t>(compression)];
}

std::string to_json(const ReadPlan& plan) {
  Json json = {
      {"format", std::string(name_of(plan.format))},
      {"compression", std::string(name_of(plan.compression))},
      {"encoding", plan.encoding},
      {"csv", json_of(plan.csv)},
      {"pointer", json_of(plan.pointer)},
      {"columns", json_of(plan.columns)},
      {"rows_are_arrays", plan.rows_are_arrays},
      {"item_keys", json_of(plan.item_keys)},
      {"row_member", json_of(plan.row_member)},
      {"row_number_member", json_of(plan.row_number_member)},
      {"row_bytes", plan.row_bytes},
      {"first_row",
       {{"offset", plan.first_row.offset}, {"row", plan.first_row.row}, {"line", plan.first_row.line}}},
      {"findings", json_of(plan.findings)}};
  if (plan.format == FormatKind::xlsx)
    json["sheet"] = {{"number", plan.sheet.number},
                     {"name", json_of(plan.sheet.name)},
                     {"first_column", plan.sheet.first_column}};
  if (!plan.sheet.more.empty()) json["sheet"]["more"] = json_of(plan.sheet.more);
  return json.dump();
}

Result<ReadPlan> read_plan_from_json(const std::string& json) {
  try {
    return plan_of(Json::parse(json));
  } catch (const std::exception& error) {
    return fail(ErrorKind::internal, std::string("the stored reading plan cannot be understood (") +
                                         error.what() + "); it was written by another version, or damaged");
  }
}

}  // namespace sluice
