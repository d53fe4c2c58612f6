// Sizes as people write them: "1MiB", "100GB", "4096".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// Bytes. B, kB/MB/GB/TB are powers of 1000, KiB/MiB/GiB/TiB of 1024, in any letter case; a blank before the
// unit and a decimal fraction are allowed. std::nullopt for anything else.
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string size_text(std::uint64_t bytes);   // "2.6 MB", for people
std::string count_text(std::uint64_t count);  // "1,234,567"

}  // namespace sluice
