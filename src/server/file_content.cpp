#include "server/file_content.h"

#include <algorithm>
#include <memory>
#include <span>

#include "formats/compression.h"
#include "formats/detect_content.h"
#include "formats/encoding.h"
#include "formats/encoding_detect.h"
#include "server/http_message.h"

namespace sluice {
namespace {

class HeadSource : public ByteSource {
 public:
  explicit HeadSource(std::string_view bytes) : bytes_(bytes) {}
  Result<std::size_t> read(std::span<char> into, std::stop_token) override {
    std::size_t count = bytes_.copy(into.data(), into.size());
    bytes_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view bytes_;
};

std::unexpected<Error> unsupported(const std::string& file_name, const std::string& is) {
  return refuse(
      {.status = 415,
       .name = "unsupported-file",
       .title = "Files of this kind are not read",
       .detail =
           "'" + file_name + "' " + is +
           ". What is read is CSV, TSV, JSON, NDJSON and XLSX, also compressed by gzip or zstd, or packed "
           "into a zip archive."});
}

std::unexpected<Error> empty(const std::string& file_name) {
  return refuse({.status = 400,
                 .name = "empty-file",
                 .title = "The file is empty",
                 .detail = "'" + file_name +
                           "' has no bytes but white space: no header and no rows. Look at "
                           "what made it, and send it again."});
}

// As much as comes out before the end of what is there, or before what cannot be read.
std::string read_some(ByteSource& source) {
  std::string text(kHeadBytes, '\0');
  std::size_t held = 0;
  while (held < text.size()) {
    auto count = source.read(std::span(text).subspan(held), {});
    if (!count || *count == 0) break;
    held += *count;
  }
  text.resize(held);
  return text;
}

std::string decoded(std::string_view head) {
  EncodingScout scout;
  scout.see(head);
  const std::string encoding = scout.verdict().encoding;
  auto source = decoded_source(std::make_unique<HeadSource>(head), encoding);
  return encoding == "utf-8" || !source ? std::string(head) : read_some(**source);
}

bool is_blank(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::string type_of_text(std::string_view text, bool whole, const std::string& file_name) {
  const std::size_t first = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  // The name decides only whether what looks like JSON is one value or one a line.
  const bool may_be_json = first != std::string_view::npos && (text[first] == '[' || text[first] == '{');
  switch (may_be_json ? format_of(text, whole, file_name) : FormatKind::csv) {
    case FormatKind::json: return "application/json";
    case FormatKind::ndjson: return "application/x-ndjson";
    case FormatKind::xlsx:
    case FormatKind::csv: break;
  }
  std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  auto tabs = std::ranges::count(line, '\t');
  bool more_tabs = tabs > std::max(std::ranges::count(line, ','), std::ranges::count(line, ';'));
  return more_tabs ? "text/tab-separated-values" : "text/csv";
}

}  // namespace

Result<std::string> content_type_of(std::string_view head, bool whole, const std::string& file_name) {
  if (auto refused = refused_content(head)) return unsupported(file_name, *refused);
  const Compression compression = compression_of(head);
  std::string inner;
  if (compression != Compression::none) {
    auto source = decompressed_source(std::make_unique<HeadSource>(head), compression, kUsualWindowBytes);
    inner = read_some(*source);
    if (auto refused = refused_content(inner)) return unsupported(file_name, "holds a file that " + *refused);
    if (compression_of(inner) != Compression::none)
      return unsupported(file_name, "is compressed twice; decompress it once and send what comes out");
  }
  const std::string_view plain = compression == Compression::none ? head : std::string_view(inner);
  const bool zip = is_zip_archive(plain);
  const bool archive = zip && !begins_as_document(plain);
  if (archive && compression != Compression::none)
    return unsupported(file_name, "is a compressed zip archive; send the archive as it was");
  if (zip)
    if (auto refused = refused_zip_head(plain)) return unsupported(file_name, *refused);
  const std::string text = zip ? "" : decoded(plain);
  if (!zip && is_blank(text) && whole) return empty(file_name);
  if (auto refused = refused_as_binary(text)) return unsupported(file_name, *refused);
  if (compression == Compression::gzip) return "application/gzip";
  if (compression == Compression::zstd) return "application/zstd";
  if (archive) return "application/zip";
  if (zip) return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  return type_of_text(text, whole, file_name);
}

}  // namespace sluice
