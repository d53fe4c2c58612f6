// Decoders and decompressors on arbitrary bytes: no crash, no endless loop, and the same result whatever the
// sizes of the reads. The first byte chooses the decoder, the second the sizes.
#include <array>
#include <cstdlib>
#include <string>

#include "formats/compression.h"
#include "formats/encoding.h"
#include "formats/encoding_detect.h"
#include "formats/test_sources.h"

namespace {

using namespace sluice;

constexpr std::array kEncodings = {"utf-8",       "utf-16le",     "utf-16be",   "utf-32le",
                                   "utf-32be",    "windows-1252", "iso-8859-1", "gb18030",
                                   "iso-2022-jp", "euc-jp",       "big5",       "utf-7",
                                   "scsu",        "koi8-r",       "shift_jis",  "hz-gb-2312"};
constexpr std::size_t kMostBytes = 4 << 20;  // of what a bomb may become here

testing::ReadResult read_some(ByteSource& source, std::size_t step) {
  testing::ReadResult result;
  std::string buffer(step, '\0');
  while (result.text.size() < kMostBytes) {
    auto count = source.read(buffer, {});
    if (!count) {
      result.error = count.error();
      break;
    }
    if (*count == 0) break;
    result.text.append(buffer.data(), *count);
  }
  result.text.resize(std::min(result.text.size(), kMostBytes));
  return result;
}

testing::ReadResult open_and_read(const std::string& bytes, Compression compression,
                                  const std::string& encoding, std::size_t in_step, std::size_t out_step) {
  auto source = decoded_source(decompressed_source(std::make_unique<testing::TextSource>(bytes, in_step),
                                                   compression, kUsualWindowBytes),
                               encoding);
  if (!source) std::abort();
  return read_some(**source, out_step);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  std::string bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  auto compression = static_cast<Compression>(data[0] / kEncodings.size() % 3);
  std::string encoding = kEncodings[data[0] % kEncodings.size()];
  auto whole = open_and_read(bytes, compression, encoding, 1 << 20, 1 << 16);
  auto pieces = open_and_read(bytes, compression, encoding, 1 + data[1] % 16, 1 + data[1] / 16 * 11);
  if (whole.text != pieces.text || whole.error.has_value() != pieces.error.has_value()) std::abort();

  EncodingScout at_once, by_piece;
  at_once.see(bytes);
  std::size_t step = 1 + data[1] % 16;
  for (std::size_t at = 0; at < bytes.size(); at += step)
    by_piece.see(std::string_view(bytes).substr(at, step));
  auto verdict = at_once.verdict();
  by_piece.verdict();
  if (verdict.encoding != "utf-8" && !make_decoder(verdict.encoding)) std::abort();
  return 0;
}
