// The obvious, slow reading of multipart/form-data: the whole body is there, and is cut at what is found.
// Test-only: the property test and the fuzz target hold the scanner against it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/multipart.h"

namespace sluice::testing {

struct WholePart {
  PartHead head;
  std::string data;
  bool ended = false;
};

// None where the body is no form. Knows no limits but those on heads.
inline std::optional<std::vector<WholePart>> read_whole(std::string_view body, const std::string& boundary,
                                                        const MultipartLimits& limits = {}) {
  const std::string text = "\r\n" + std::string(body), delimiter = "\r\n--" + boundary;
  constexpr std::size_t kNone = std::string::npos;
  std::vector<WholePart> parts;
  std::size_t at = text.find(delimiter);
  while (at != kNone) {
    at += delimiter.size();
    if (text.compare(at, 2, "--") == 0) return parts;
    at = text.find_first_not_of(" \t", at);
    if (at == kNone || text.compare(at, 2, "\r\n") != 0) return std::nullopt;
    // The head ends with the first empty line, which may follow at once.
    std::size_t empty_line = text.find("\r\n\r\n", at);
    if (empty_line == kNone) return std::nullopt;
    auto head = part_head(text.substr(at + 2, empty_line + 4 - (at + 2)), limits);
    if (!head) return std::nullopt;
    std::size_t begin = empty_line + 4;
    at = text.find(delimiter, empty_line + 2);
    std::size_t end = at == kNone ? text.size() : at;
    parts.push_back({*head, end > begin ? text.substr(begin, end - begin) : "", true});
  }
  return std::nullopt;
}

// What the scanner says.
class CollectedParts : public MultipartParts {
 public:
  Result<> part_begins(const PartHead& head) override {
    parts.push_back({head, "", false});
    return {};
  }
  Result<> part_data(std::string_view bytes) override {
    parts.back().data += bytes;
    return {};
  }
  Result<> part_ends() override {
    parts.back().ended = true;
    return {};
  }
  std::vector<WholePart> parts;
};

inline std::string shown(const std::optional<std::vector<WholePart>>& parts) {
  if (!parts) return "no form";
  std::string text;
  for (const WholePart& part : *parts)
    text += "[" + part.head.name + "|" + part.head.file_name.value_or("-") + "|" + part.head.content_type +
            "|" + part.data + (part.ended ? "]" : "…");
  return text;
}

}  // namespace sluice::testing
