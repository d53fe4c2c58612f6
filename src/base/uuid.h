// UUIDv7 (RFC 9562): ids of jobs and the like, which sort by the time they were made. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

using UuidBytes = std::array<std::uint8_t, 16>;

// A new id, greater than every one this process made before, also where the clock goes backwards.
UuidBytes new_uuid_bytes();
std::string new_uuid();  // as text: 0192f0c1-7c3a-7b1e-8f2d-5a6b7c8d9e0f

std::string uuid_text(std::span<const std::uint8_t, 16> bytes);
// Any version of UUID in its usual form (8-4-4-4-12 hexadecimal digits, either case); std::nullopt otherwise.
std::optional<UuidBytes> uuid_bytes(std::string_view text);

}  // namespace sluice
