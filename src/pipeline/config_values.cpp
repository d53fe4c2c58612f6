#include "pipeline/config_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/nearest.h"
#include "rows/issue.h"

namespace sluice {

namespace {

struct Amount {
  double number = 0;
  std::string unit;  // lower case
};

// "1.5 MiB" → 1.5 and "mib".
std::optional<Amount> read_amount(std::string_view text) {
  Amount amount;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount.number);
  if (error != std::errc() || !std::isfinite(amount.number) || amount.number < 0) return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  for (char c : unit) amount.unit += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return amount;
}

struct Unit {
  std::string_view name;
  double factor;
};

std::optional<double> scaled(std::string_view text, std::span<const Unit> units) {
  auto amount = read_amount(text);
  if (!amount) return std::nullopt;
  for (const Unit& unit : units)
    if (unit.name == amount->unit) return amount->number * unit.factor;
  return std::nullopt;
}

constexpr std::array<Unit, 11> kSizes = {{{"", 1},
                                          {"b", 1},
                                          {"kb", 1e3},
                                          {"mb", 1e6},
                                          {"gb", 1e9},
                                          {"tb", 1e12},
                                          {"kib", 1024.0},
                                          {"mib", 1048576.0},
                                          {"gib", 1073741824.0},
                                          {"tib", 1099511627776.0},
                                          {"k", 1024.0}}};
constexpr std::array<Unit, 6> kDurations = {
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr double kLargest = 9e15;  // exact in a double, and more than any of these values means

}  // namespace

std::unexpected<Error> wrong_value(const ConfigNode& node, std::string_view key, std::string_view expected) {
  std::string got = node.is_scalar() && node.kind != ConfigNode::Kind::null
                        ? "'" + shown_value(node.text, 60) + "'"
                        : std::string(name_of(node.kind));
  return fail_at(node.place, std::string(key) + ": expected " + std::string(expected) + ", not " + got);
}

Result<std::string> read_text(const ConfigNode& node, std::string_view key) {
  if (!node.is_scalar() || node.kind == ConfigNode::Kind::null) return wrong_value(node, key, "text");
  return node.text;
}

Result<bool> read_bool(const ConfigNode& node, std::string_view key) {
  std::string word;
  for (char c : node.text) word += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (node.is_scalar()) {
    if (word == "true" || word == "yes" || word == "on") return true;
    if (word == "false" || word == "no" || word == "off") return false;
  }
  return wrong_value(node, key, "true or false");
}

Result<std::uint64_t> read_count(const ConfigNode& node, std::string_view key) {
  std::uint64_t count = 0;
  const char* end = node.text.data() + node.text.size();
  if (node.is_scalar() && !node.text.empty()) {
    auto [at, error] = std::from_chars(node.text.data(), end, count);
    if (error == std::errc() && at == end && count <= static_cast<std::uint64_t>(kLargest)) return count;
  }
  return wrong_value(node, key, "a whole number such as 1000");
}

Result<SheetChoice> read_sheet_choice(const ConfigNode& node, std::string_view key) {
  constexpr std::uint64_t kMost = 1'000'000;
  SheetChoice choice;
  if (node.kind == ConfigNode::Kind::null) return choice;
  if (node.kind == ConfigNode::Kind::number) {
    auto number = read_count(node, key);
    if (!number || *number == 0 || *number > kMost)
      return wrong_value(node, key,
                         "the number of a sheet, counted from 1, or its name (a name of digits in quotes)");
    choice.number = static_cast<std::uint32_t>(*number);
  } else {
    choice.name = TRY(read_text(node, key));
  }
  return choice;
}

Result<double> read_share(const ConfigNode& node, std::string_view key) {
  constexpr std::array<Unit, 2> kShares = {{{"", 1}, {"%", 0.01}}};
  auto share = node.is_scalar() ? scaled(node.text, kShares) : std::nullopt;
  if (!share || *share > 1) return wrong_value(node, key, "a share from 0 to 1, or a percentage such as 5%");
  return *share;
}

Result<std::uint64_t> read_size(const ConfigNode& node, std::string_view key) {
  auto size = node.is_scalar() ? scaled(node.text, kSizes) : std::nullopt;
  if (!size || *size > kLargest) return wrong_value(node, key, "a size such as 64KiB, 1MiB or 100GB");
  return static_cast<std::uint64_t>(*size);
}

Result<std::chrono::milliseconds> read_duration(const ConfigNode& node, std::string_view key) {
  auto duration = node.is_scalar() ? scaled(node.text, kDurations) : std::nullopt;
  if (!duration || *duration > kLargest)
    return wrong_value(node, key, "a duration with its unit, such as 250ms, 1s or 5m");
  return std::chrono::milliseconds(static_cast<std::int64_t>(*duration));
}

Result<std::vector<std::string>> read_texts(const ConfigNode& node, std::string_view key) {
  std::vector<std::string> texts;
  if (node.kind == ConfigNode::Kind::list) {
    for (const ConfigNode& item : node.items) texts.push_back(TRY(read_text(item, key)));
  } else if (node.is_scalar() && node.kind != ConfigNode::Kind::null) {
    texts.push_back(node.text);
  } else {
    return wrong_value(node, key, "a list of names");
  }
  return texts;
}

Result<std::size_t> read_choice(const ConfigNode& node, std::string_view key,
                                std::span<const std::string_view> known) {
  if (node.is_scalar()) {
    auto found = std::find(known.begin(), known.end(), node.text);
    if (found != known.end()) return static_cast<std::size_t>(found - known.begin());
    if (node.kind != ConfigNode::Kind::null)
      return fail_at(node.place, std::string(key) + ": '" + shown_value(node.text, 60) +
                                     "' is not possible here; " + suggest_known(node.text, known));
  }
  std::string list;
  for (std::string_view word : known) list += (list.empty() ? "" : ", ") + std::string(word);
  return wrong_value(node, key, "one of " + list);
}

}  // namespace sluice
