// Any bytes as a form: no crash, the same parts as the slow twin reads, wherever the pieces end. The first
// byte is the size of the pieces, the second says how long the boundary is, which follows.
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "server/multipart.h"
#include "server/multipart_twin.h"

namespace {

using sluice::testing::shown;

std::string scanned(std::string_view body, const std::string& boundary, std::size_t piece) {
  sluice::testing::CollectedParts parts;
  sluice::MultipartScanner scanner(boundary, {}, parts);
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size())))
    if (!scanner.feed(body.substr(0, piece))) return "no form";
  if (!scanner.finish()) return "no form";
  return shown(std::optional(parts.parts));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The twin knows no limit on what stands before the first part, nor on padding.
  constexpr std::size_t kLongest = 200;
  if (size < 3 || size > kLongest) return 0;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t length = 1 + data[1] % 4;
  std::string header = "multipart/form-data; boundary=\"" + std::string(text.substr(2, length)) + "\"";
  auto boundary = sluice::multipart_boundary(header);
  if (!boundary) return 0;
  std::string_view body = text.substr(std::min(size, 2 + length));
  const std::string expected = shown(sluice::testing::read_whole(body, *boundary));
  for (std::size_t piece : {std::size_t{1}, std::size_t{1} + data[0], body.size() + 1}) {
    const std::string seen = scanned(body, *boundary, piece);
    if (seen == expected) continue;
    std::cerr << "pieces of " << piece << " give\n" << seen << "\nand not\n" << expected << "\n";
    std::abort();
  }
  return 0;
}
