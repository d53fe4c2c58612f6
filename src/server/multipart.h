// multipart/form-data (RFC 7578, RFC 2046) as it comes in: bytes in pieces of any size go in, parts come out,
// and nothing is kept but the head of one part. Used by the upload routes. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

struct PartHead {
  std::string name;                      // of the form's field
  std::optional<std::string> file_name;  // as the sender calls it: text from outside, never a path
  std::string content_type;              // as the sender says; "" where he does not
};

// The error of a form that is none: what is wrong with it.
std::unexpected<Error> malformed_form(const std::string& what);

struct MultipartLimits {
  std::uint32_t parts = 100;
  std::uint32_t head_bytes = 8 * 1024;  // of one part
  std::uint32_t name_bytes = 200;
  std::uint32_t preamble_bytes = 8 * 1024;  // before the first part; browsers send none
};

// What comes out, in order: part_begins, any number of part_data, part_ends. An error ends the scan and is
// what feed() returns.
class MultipartParts {
 public:
  virtual ~MultipartParts() = default;
  virtual Result<> part_begins(const PartHead& head) = 0;
  virtual Result<> part_data(std::string_view bytes) = 0;
  virtual Result<> part_ends() = 0;
};

class MultipartScanner {
 public:
  // `parts` outlives this object.
  MultipartScanner(const std::string& boundary, const MultipartLimits& limits, MultipartParts& parts);

  Result<> feed(std::string_view bytes);
  Result<> finish() const;  // an error where the closing boundary did not come

 private:
  enum class State : std::uint8_t { preamble, after_boundary, head, data, epilogue, broken };

  Result<std::size_t> step(std::string_view bytes);  // how many were used
  Result<std::size_t> scan(std::string_view bytes);
  Result<std::size_t> boundary_ends(char c);
  Result<std::size_t> take_head(std::string_view bytes);
  Result<> emit(std::string_view bytes);
  Result<> boundary_found();

  const std::string delimiter_;  // CRLF, two hyphens, the boundary
  const MultipartLimits limits_;
  MultipartParts& parts_;
  State state_ = State::preamble;
  std::size_t matched_ = 2;  // bytes of the delimiter that the last ones were: the first needs no CRLF
  std::size_t implied_ = 2;  // of these, how many were not part of the data
  std::string tail_;         // after the boundary, up to the line's end
  std::string head_;         // of the part, up to the empty line
  std::uint32_t part_count_ = 0, preamble_ = 0;
};

// The head of a part, as its lines stand there. Errors: usage.
Result<PartHead> part_head(std::string_view lines, const MultipartLimits& limits);

// The value of a parameter of a header ("form-data; name=\"file\""), unquoted; none where it is missing.
std::optional<std::string> header_parameter(std::string_view header, std::string_view name);

// What stands before the parameters, in lower case: "multipart/form-data".
std::string header_value(std::string_view header);

// Errors (usage): not multipart/form-data, or without a boundary that can be one.
Result<std::string> multipart_boundary(std::string_view content_type);

}  // namespace sluice
