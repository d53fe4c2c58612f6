// Values of a configuration, read and checked one by one: sizes, durations, counts, choices. Every error says
// the place, the key, what is wrong with the value and what would be right. Free functions, any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/dialect.h"
#include "pipeline/config_node.h"

namespace sluice {

// `key`: its path for messages, "retry.backoff.delay".
Result<std::string> read_text(const ConfigNode& node, std::string_view key);  // any scalar but null
Result<bool> read_bool(const ConfigNode& node, std::string_view key);         // also yes, no, on, off
Result<std::uint64_t> read_count(const ConfigNode& node, std::string_view key);
Result<double> read_share(const ConfigNode& node, std::string_view key);        // 0 … 1, or "5%"
Result<std::uint64_t> read_size(const ConfigNode& node, std::string_view key);  // 200, "64KiB", "100GB"
Result<std::chrono::milliseconds> read_duration(const ConfigNode& node,
                                                std::string_view key);  // "250ms", "1.5s", "2m", "1h"
Result<std::vector<std::string>> read_texts(const ConfigNode& node, std::string_view key);  // a list, or one
// A sheet of a workbook: a number is its place, from 1; text, also of digits in quotes, is its name.
Result<SheetChoice> read_sheet_choice(const ConfigNode& node, std::string_view key);
// The index of the value among `known`.
Result<std::size_t> read_choice(const ConfigNode& node, std::string_view key,
                                std::span<const std::string_view> known);

std::unexpected<Error> wrong_value(const ConfigNode& node, std::string_view key, std::string_view expected);

}  // namespace sluice
