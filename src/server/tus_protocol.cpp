#include "server/tus_protocol.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace sluice {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

int base64_digit(char c) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return static_cast<int>(static_cast<std::ptrdiff_t>(kDigits.find(c)));  // npos is -1
}

class OpenSslChecksum : public TusChecksum {
 public:
  OpenSslChecksum(const EVP_MD* algorithm, std::string expected)
      : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free), expected_(std::move(expected)) {
    EVP_DigestInit_ex(context_.get(), algorithm, nullptr);
  }
  void update(std::string_view bytes) override {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }
  Result<> check() override {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
    if (std::string_view(reinterpret_cast<const char*>(digest.data()), size) == expected_) return {};
    return refuse({.status = 460,
                   .name = "checksum-mismatch",
                   .title = "The bytes are not those that were sent",
                   .detail =
                       "The checksum of the bytes that came in is not the one in Upload-Checksum. They were "
                       "dropped; send them again from the same offset."});
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  std::string expected_;
};

}  // namespace

Result<> check_tus_version(const Request& request) {
  if (request.headers.get("Tus-Resumable") == kTusVersion) return {};
  return refuse({.status = 412,
                 .name = "tus-version",
                 .title = "This version of tus is not spoken here",
                 .detail = "The header Tus-Resumable has to be " + std::string(kTusVersion) + "."});
}

Result<std::optional<std::uint64_t>> tus_number(const Request& request, std::string_view header) {
  if (!request.headers.has(header)) return std::optional<std::uint64_t>();
  const std::string_view text = request.headers.get(header);
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || number >> 62 != 0)
    return fail(ErrorKind::usage, std::string(header) + " has to be a number of bytes.");
  return std::optional(number);
}

std::optional<std::string> from_base64(std::string_view text) {
  std::size_t padding = text.size() - std::min(text.find_last_not_of('=') + 1, text.size());
  if (text.size() % 4 != 0 || padding > 2) return std::nullopt;
  text.remove_suffix(padding);
  std::string bytes;
  std::uint32_t held = 0;
  int bits = 0;
  for (char c : text) {
    int digit = base64_digit(c);
    if (digit < 0) return std::nullopt;
    held = held << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(held >> bits & 0xFF);
  }
  return bytes;
}

Result<TusMetadata> parse_tus_metadata(std::string_view header) {
  TusMetadata metadata;
  while (!trimmed(header).empty()) {
    const std::size_t comma = std::min(header.find(','), header.size());
    const std::string_view pair = trimmed(header.substr(0, comma));
    header.remove_prefix(std::min(comma + 1, header.size()));
    const std::size_t blank = std::min(pair.find(' '), pair.size());
    const auto value = from_base64(trimmed(pair.substr(blank)));
    if (blank == 0 || !value)
      return fail(ErrorKind::usage,
                  "Upload-Metadata has to be pairs of a key and a value in base64, as in "
                  "\"filename cGVvcGxlLmNzdg==,pipeline cGVvcGxl\".");
    metadata.emplace_back(pair.substr(0, blank), *value);
  }
  return metadata;
}

Result<SubmissionOptions> options_of_tus(std::string_view header, WallTime now) {
  constexpr std::pair<std::string_view, std::string_view> kKnown[] = {
      {"name", "fileName"},     {"filename", "fileName"}, {"fileName", "fileName"}, {"pipeline", "pipeline"},
      {"metadata", "metadata"}, {"priority", "priority"}, {"delay", "delay"},       {"runAt", "runAt"}};
  const TusMetadata metadata = TRY(parse_tus_metadata(header));
  SubmissionOptions options;
  for (const auto& [name, option] : kKnown)
    for (const auto& [key, value] : metadata)
      if (key == name) TRY(set_option(options, option, value, now));
  return options;
}

Result<std::unique_ptr<TusChecksum>> TusChecksum::of(const Request& request) {
  if (!request.headers.has("Upload-Checksum")) return std::unique_ptr<TusChecksum>();
  const std::string_view text = trimmed(request.headers.get("Upload-Checksum"));
  const std::size_t blank = std::min(text.find(' '), text.size());
  const std::string_view name = text.substr(0, blank);
  const EVP_MD* algorithm = name == "sha1" ? EVP_sha1() : name == "sha256" ? EVP_sha256() : nullptr;
  auto expected = from_base64(trimmed(text.substr(blank)));
  if (algorithm == nullptr)
    return fail(ErrorKind::usage, "Upload-Checksum has to begin with one of the algorithms " +
                                      std::string(kTusChecksums) + ".");
  if (!expected || expected->size() != static_cast<std::size_t>(EVP_MD_get_size(algorithm)))
    return fail(ErrorKind::usage, "Upload-Checksum has no checksum of its algorithm in base64.");
  return std::make_unique<OpenSslChecksum>(algorithm, *std::move(expected));
}

std::string tus_date(std::int64_t since_1970_ms) {
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::time_t seconds = since_1970_ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 80> text;
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[utc.tm_wday],
                utc.tm_mday, kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  return text.data();
}

Response with_tus(Response response) {
  response.headers.set("Tus-Resumable", std::string(kTusVersion));
  if (response.status == 412) response.headers.set("Tus-Version", std::string(kTusVersion));
  return response;
}

}  // namespace sluice
