// The words of tus 1.0 (https://tus.io): its headers read and written, without an upload behind them. Pure
// functions and one running checksum; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "server/http_message.h"
#include "server/submission_options.h"

namespace sluice {

inline constexpr std::string_view kTusVersion = "1.0.0";
inline constexpr std::string_view kTusExtensions =
    "creation,creation-with-upload,creation-defer-length,termination,checksum,expiration";
inline constexpr std::string_view kTusChecksums = "sha1,sha256";
inline constexpr std::string_view kTusContentType = "application/offset+octet-stream";

// 412 where the client speaks another version, or does not say which.
Result<> check_tus_version(const Request& request);

// A number of bytes in a header; none where the header is missing. Error (usage): no such number.
Result<std::optional<std::uint64_t>> tus_number(const Request& request, std::string_view header);

// Upload-Metadata: keys and values, these in base64. Errors: usage.
using TusMetadata = std::vector<std::pair<std::string, std::string>>;
Result<TusMetadata> parse_tus_metadata(std::string_view header);
// filename (or name), pipeline, metadata, priority, delay, runAt; what else there is, is left alone.
Result<SubmissionOptions> options_of_tus(std::string_view header, WallTime now);

// Upload-Checksum: "sha256 BASE64".
class TusChecksum {
 public:
  // Null where the request has none. Error (usage): an algorithm that is not known, or no base64.
  static Result<std::unique_ptr<TusChecksum>> of(const Request& request);
  virtual ~TusChecksum() = default;
  virtual void update(std::string_view bytes) = 0;
  virtual Result<> check() = 0;  // 460 where the bytes are not those that were sent
};

std::optional<std::string> from_base64(std::string_view text);
std::string tus_date(std::int64_t since_1970_ms);  // "Sun, 06 Nov 1994 08:49:37 GMT"

// On every answer, a problem's too.
Response with_tus(Response response);

}  // namespace sluice
