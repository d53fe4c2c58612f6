#include "cli/push_target.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/url_text.h"

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

// A number, true or false where it reads as one, else text.
nlohmann::json value_of(const std::string& text) {
  nlohmann::json value = nlohmann::json::parse(text, nullptr, false);
  return value.is_number() || value.is_boolean() ? value : nlohmann::json(text);
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
  for (const auto& [name, value] : constants) filled[name] = value_of(value);
  for (const std::string& column : columns.require) require(column);
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
                       {"name": "population", "type": "integer", "constraints": {"minimum": 0}}]})")));
  return {};
}

}  // namespace sluice
