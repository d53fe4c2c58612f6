#include "pipeline/secrets.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace sluice {

namespace {

constexpr std::size_t kSecretBytes = 1 << 20;

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (char c : name) {
    bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (!letter) return false;
  }
  return true;
}

Result<std::string> read_secret_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content(kSecretBytes + 1, '\0');
  if (file) file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (file.bad() || (!file && !file.eof()) || !file.is_open())
    return fail(ErrorKind::usage, "${file:" + path + "}: the file cannot be read");
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() > kSecretBytes)
    return fail(ErrorKind::usage, "${file:" + path + "}: the file is larger than 1 MiB");
  while (!content.empty() && (content.back() == '\n' || content.back() == '\r')) content.pop_back();
  return content;
}

}  // namespace

Result<std::string> replace_secrets(std::string_view text) {
  std::string out;
  while (true) {
    std::size_t at = text.find("${");
    if (at == std::string_view::npos) break;
    out += text.substr(0, at);
    if (at > 0 && text[at - 1] == '$') {  // $${ : the text ${
      out += "{";
      text.remove_prefix(at + 2);
      continue;
    }
    std::size_t end = text.find('}', at);
    std::string_view inside =
        end == std::string_view::npos ? std::string_view() : text.substr(at + 2, end - at - 2);
    if (inside.starts_with("file:") && inside.size() > 5) {
      out += TRY(read_secret_file(std::string(inside.substr(5))));
    } else if (is_variable_name(inside)) {
      const char* value = std::getenv(std::string(inside).c_str());
      if (value == nullptr)
        return fail(ErrorKind::usage, "the environment variable " + std::string(inside) +
                                          " is not set (it stands here as ${" + std::string(inside) +
                                          "}; write $${ for the text ${)");
      out += value;
    } else {
      out += "${";
      text.remove_prefix(at + 2);
      continue;
    }
    text.remove_prefix(end + 1);
  }
  out += text;
  return out;
}

bool names_secret(std::string_view text) {
  for (std::size_t at = text.find("${"); at != std::string_view::npos; at = text.find("${", at + 2)) {
    if (at > 0 && text[at - 1] == '$') continue;
    const std::size_t end = text.find('}', at);
    if (end == std::string_view::npos) return false;
    const std::string_view inside = text.substr(at + 2, end - at - 2);
    if ((inside.starts_with("file:") && inside.size() > 5) || is_variable_name(inside)) return true;
  }
  return false;
}

}  // namespace sluice
