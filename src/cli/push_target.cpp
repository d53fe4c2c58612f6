#include "cli/push_target.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/decimal.h"
#include "base/url_text.h"
#include "jobs/posted_states.h"
#include "pipeline/utf8.h"

namespace sluice {
namespace {

using Pair = std::pair<std::string, std::string>;

Result<std::vector<Pair>> pairs_of(const std::vector<std::string>& texts, const char* option,
                                   const char* example) {
  std::vector<Pair> pairs;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(ErrorKind::usage,
                  std::string(option) +
                      " takes NAME=" + (option == std::string_view("--map") ? "COLUMN" : "VALUE") +
                      ", as in " + option + " " + example + "; '" + text + "' is not that.");
    pairs.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return pairs;
}

// A number, true or false where it reads as one, else text. Rows are sent in their canonical form, where a
// number is what every reader takes for the same.
Result<nlohmann::json> value_of(const std::string& name, const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  if (!is_json_number(text)) return text;
  std::string scratch;
  const auto canonical = canonical_decimal(text, scratch);
  if (canonical && is_exact_json_number(*canonical)) return nlohmann::json::parse(*canonical);
  return fail(ErrorKind::usage,
              "--const " + name + "=" + text +
                  " has more digits than programs that read JSON numbers keep: it would arrive as another "
                  "number. As text it arrives as it is: in a pipeline (-p), by the step default: {" +
                  name + ": \"" + text + "\"}.");
}

// A line of CSV: "last, first",phone.
Result<std::vector<std::string>> columns_in(std::string_view list) {
  std::vector<std::string> columns;
  for (std::string_view rest = list;;) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    std::string column;
    if (rest.starts_with('"')) {
      std::size_t at = 1;
      for (; at < rest.size() && (rest[at] != '"' || rest.substr(at).starts_with("\"\"")); ++at) {
        column += rest[at];
        if (rest[at] == '"') ++at;  // one of two
      }
      const std::size_t comma = std::min(rest.find(',', at), rest.size());
      if (at == rest.size() || !trim_white_space(rest.substr(at + 1, comma - at - 1)).empty())
        return fail(
            ErrorKind::usage,
            "--require takes columns with commas between them, and one with a comma in it in quotes, as "
            "in --require '\"last, first\",phone'; '" +
                std::string(list) + "' is not that.");
      rest.remove_prefix(comma);
    } else {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      column = trim_white_space(rest.substr(0, comma));
      rest.remove_prefix(comma);
    }
    columns.push_back(std::move(column));
    if (rest.empty()) return columns;
    rest.remove_prefix(1);
  }
}

Result<> check_states(const std::vector<Pair>& all) {
  for (const auto& [name, from] : all)
    if (name != "name" && name != "population")
      return fail(ErrorKind::usage, "an element of /states/batch has a name and a population, and no '" +
                                        name + "': leave it out.");
  for (const char* name : {"name", "population"})
    if (std::ranges::find(all, name, &Pair::first) == all.end())
      return fail(ErrorKind::usage,
                  std::string("an element of /states/batch has a name and a population: ") +
                      "say which column is the name, and count each row as one or sum up "
                      "a column, as in --map name=state --const population=1. There is no " +
                      name + " yet.");
  return {};
}

}  // namespace

std::string push_address(std::string_view url) {
  std::string address(url);
  const std::size_t slashes = address.find("://");
  if (slashes == std::string::npos) return without_secrets(address);
  const std::size_t host = slashes + 3;
  if (const auto password = password_in(address)) {
    address.erase(host, password->end + 1 - host);
  } else {
    const std::size_t at = address.substr(0, address.find_first_of("/?#", host)).rfind('@');
    if (at != std::string::npos && at >= host) address.erase(host, at + 1 - host);
  }
  return without_secrets(address);
}

std::optional<Issue> state_fault(std::string_view row) {
  const auto posted = posted_states(R"({"states":[)" + std::string(row) + "]}");
  if (posted && posted->wrong_count == 0) return std::nullopt;
  Issue issue{RejectCode::constraint_error};
  if (!posted) {
    issue.message = posted.error().message;
    return issue;
  }
  const WrongState& wrong = posted->wrong.front();
  issue.field = wrong.field;
  const auto sent = nlohmann::json::parse(row, nullptr, false);
  if (sent.is_object() && sent.contains(wrong.field)) {
    const auto& value = sent[wrong.field];
    issue.value = shown_value(value.is_string() ? value.get<std::string>() : value.dump());
  }
  issue.message = (wrong.field.empty() ? "The row" : "'" + wrong.field + "'") + " " + wrong.message +
                  ": the states service takes no such element.";
  return issue;
}

Result<PushTarget> push_target(const std::string& url, const std::optional<std::string>& wrap) {
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    return fail(ErrorKind::usage, "'" + without_secrets(url) +
                                      "' is no address to post to; write it like "
                                      "--to http://127.0.0.1:8080/v1/pipelines/people/batches.");
  std::string_view path = std::string_view(url).substr(0, url.find_first_of("?#"));
  const std::size_t host = path.find("//") + 2;
  if (path.find('/', host) == std::string_view::npos)
    return fail(ErrorKind::usage, without_secrets(url) +
                                      " is a server, and no path on it. Rows of a pipeline go to "
                                      "/v1/pipelines/NAME/batches there, states to /states/batch.");
  while (path.ends_with('/')) path.remove_suffix(1);
  PushTarget target{.url = url, .states = path.ends_with("/states/batch") && !wrap};
  const std::string member = wrap ? *wrap : target.states ? "states" : "";
  target.opening = member.empty() ? "[" : "{" + nlohmann::json(member).dump() + ":[";
  target.closing = member.empty() ? "]" : "]}";
  return target;
}

Result<> add_columns(PipelineSpec& spec, const PushColumns& columns, const PushTarget& target) {
  const auto map = TRY(pairs_of(columns.map, "--map", "name=state"));
  const auto constants = TRY(pairs_of(columns.constants, "--const", "population=1"));
  std::vector<Pair> all = map;
  all.insert(all.end(), constants.begin(), constants.end());
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (all[i].first == all[k].first)
        return fail(ErrorKind::usage, "'" + all[i].first + "' is given twice: a name has one value.");
  if (target.states) TRY(check_states(all));

  nlohmann::json required = nlohmann::json::array(), selected = nlohmann::json::object(),
                 filled = nlohmann::json::object();
  auto require = [&](const std::string& column) {
    if (!column.empty() && std::ranges::find(required, nlohmann::json(column)) == required.end())
      required.push_back(column);
  };
  for (const auto& [name, from] : map) {
    if (from.empty()) return fail(ErrorKind::usage, "--map " + name + "= names no column of the file.");
    selected[name] = from;
    require(from);
  }
  for (const auto& [name, value] : constants) filled[name] = TRY(value_of(name, value));
  for (const std::string& list : columns.require) {
    const std::vector<std::string> named = TRY(columns_in(list));
    for (const std::string& column : named) require(column);
  }
  if (map.empty() && !constants.empty())
    return fail(ErrorKind::usage,
                "--const goes with --map, which says which columns are sent beside it, as in "
                "--map name=state --const population=1.");

  if (!required.empty()) spec.transform.push_back({"require", required});
  if (!selected.empty()) spec.transform.push_back({"select", selected});
  if (!filled.empty()) spec.transform.push_back({"default", filled});
  if (target.states && !spec.schema)
    spec.schema = TRY(parse_table_schema(nlohmann::json::parse(
        R"({"fields": [{"name": "name", "type": "string"},
                       {"name": "population", "type": "integer", "constraints":
                        {"minimum": 0, "maximum": 9007199254740991}}]})")));
  return {};
}

}  // namespace sluice
