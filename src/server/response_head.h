// The head of an answer as bytes, with the headers that every answer has. Called by the transport.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "server/http_message.h"

namespace sluice {

enum class BodyFraming : std::uint8_t { none, length, chunked, until_close };
enum class After : std::uint8_t { keep, close };  // the connection

struct HeadOptions {
  BodyFraming framing = BodyFraming::length;
  std::uint64_t length = 0;
  After after = After::keep;
};

std::string response_head(const Response& response, const Request& request, const HeadOptions& options);
// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(std::int64_t seconds_since_1970);
std::string_view reason_of(int status);  // "Not Found"

}  // namespace sluice
