// What stands in the headers of multipart/form-data: parameters as browsers, curl and libraries write them.
#include <algorithm>
#include <cctype>

#include "server/multipart.h"

namespace sluice {
namespace {

std::string lower(std::string_view text) {
  std::string low(text);
  std::ranges::transform(low, low.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return low;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// What a browser writes for a quote and for line ends, and nothing else: a file may be called "100%25.csv".
std::string unescaped(std::string_view value) {
  std::string out;
  while (!value.empty()) {
    std::string_view code = value.substr(0, 3);
    char c = code == "%22" ? '"' : code == "%0D" ? '\r' : code == "%0A" ? '\n' : '\0';
    out += c != '\0' ? c : value.front();
    value.remove_prefix(c != '\0' ? 3 : 1);
  }
  return out;
}

// RFC 8187: UTF-8'en'%e2%82%ac. Other character sets are not taken.
std::optional<std::string> extended(std::string_view value) {
  if (!lower(value.substr(0, 6)).starts_with("utf-8'")) return std::nullopt;
  std::size_t begin = value.find('\'', 6);
  if (begin == std::string_view::npos) return std::nullopt;
  std::string out;
  for (value.remove_prefix(begin + 1); !value.empty();) {
    bool code = value.size() >= 3 && value[0] == '%' && hex_digit(value[1]) >= 0 && hex_digit(value[2]) >= 0;
    out += code ? static_cast<char>(hex_digit(value[1]) << 4 | hex_digit(value[2])) : value.front();
    value.remove_prefix(code ? 3 : 1);
  }
  return out;
}

// From behind the opening quote to behind the closing one. A backslash is an escape before a quote and before
// a backslash; elsewhere it is one of a path that an old browser sent.
std::string take_quoted(std::string_view& rest) {
  std::string value;
  while (!rest.empty() && rest.front() != '"') {
    if (rest.starts_with("\\\"") || rest.starts_with("\\\\")) rest.remove_prefix(1);
    value += rest.front();
    rest.remove_prefix(1);
  }
  if (!rest.empty()) rest.remove_prefix(1);
  return value;
}

}  // namespace

std::string header_value(std::string_view header) {
  return lower(trimmed(header.substr(0, header.find(';'))));
}

std::optional<std::string> header_parameter(std::string_view header, std::string_view name) {
  std::size_t begin = header.find(';');
  while (begin < header.size()) {
    std::string_view rest = header.substr(begin + 1);
    std::size_t end = rest.find_first_of("=;");
    if (end == std::string_view::npos) return std::nullopt;
    std::string key = lower(trimmed(rest.substr(0, end)));
    rest.remove_prefix(end);
    std::string value;
    if (rest.front() == '=') {
      rest = rest.substr(std::min(rest.find_first_not_of(" \t", 1), rest.size()));
      if (rest.starts_with('"')) {
        rest.remove_prefix(1);
        value = take_quoted(rest);
        rest = rest.substr(std::min(rest.find(';'), rest.size()));
      } else {
        end = std::min(rest.find(';'), rest.size());
        value = trimmed(rest.substr(0, end));
        rest.remove_prefix(end);
      }
    }
    if (key == name) return value;
    begin = header.size() - rest.size();
  }
  return std::nullopt;
}

Result<PartHead> part_head(std::string_view lines, const MultipartLimits& limits) {
  PartHead head;
  bool disposed = false;
  while (!lines.empty() && !lines.starts_with("\r\n")) {
    std::size_t end = lines.find("\r\n");
    while (end != std::string_view::npos && end + 2 < lines.size() &&
           (lines[end + 2] == ' ' || lines[end + 2] == '\t'))
      end = lines.find("\r\n", end + 2);  // a line that goes on
    if (end == std::string_view::npos) return malformed_form("the head of a part does not end");
    std::string line(lines.substr(0, end));
    lines.remove_prefix(end + 2);
    for (std::size_t fold; (fold = line.find("\r\n")) != std::string::npos;) line.erase(fold, 2);
    std::size_t colon = line.find(':');
    bool text = std::ranges::none_of(
        line, [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f'; });
    if (colon == 0 || colon == std::string::npos || !text)
      return malformed_form("a line in the head of a part is no header");
    std::string name = lower(trimmed(std::string_view(line).substr(0, colon)));
    std::string_view value = trimmed(std::string_view(line).substr(colon + 1));
    if (name == "content-type") head.content_type = value;
    if (name == "content-transfer-encoding" && lower(value) != "binary" && lower(value) != "8bit" &&
        lower(value) != "7bit")
      return malformed_form("a part is encoded (Content-Transfer-Encoding: " + lower(value) +
                            "); send the file's bytes as they are");
    if (name != "content-disposition") continue;
    auto field = header_parameter(value, "name");
    if (header_value(value) != "form-data" || !field)
      return malformed_form("a part has a Content-Disposition that is not form-data with a name");
    disposed = true;
    head.name = unescaped(*field);
    auto file_name = header_parameter(value, "filename");
    auto wide = header_parameter(value, "filename*");
    if (file_name) head.file_name = unescaped(*file_name);
    if (wide) wide = extended(*wide);
    if (wide) head.file_name = *wide;
  }
  if (!disposed) return malformed_form("a part has no Content-Disposition: form-data; name=…");
  if (head.name.size() > limits.name_bytes)
    return malformed_form("a field's name is longer than " + std::to_string(limits.name_bytes) + " bytes");
  if (header_value(head.content_type).starts_with("multipart/"))
    return malformed_form(
        "a part holds several (Content-Type: multipart/…); send each file as a part of its own");
  return head;
}

Result<std::string> multipart_boundary(std::string_view content_type) {
  if (header_value(content_type) != "multipart/form-data")
    return fail(ErrorKind::usage, "The Content-Type is not multipart/form-data.");
  auto boundary = header_parameter(content_type, "boundary");
  bool plain = boundary && std::ranges::all_of(*boundary, [](char c) {
                 return std::isalnum(static_cast<unsigned char>(c)) ||
                        std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
               });
  if (!plain || boundary->empty() || boundary->size() > 70 || boundary->back() == ' ')
    return malformed_form(
        "its Content-Type has no boundary of 1 to 70 plain characters; leave the header to what "
        "makes the form");
  return *std::move(boundary);
}

}  // namespace sluice
