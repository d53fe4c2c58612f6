// Which of the many encodings before Unicode a text is in. ICU's detector knows scripts by their letter
// statistics, but is a coin toss on the few accents and quotation marks that Western tables hold: for those
// each candidate is judged by whether its letters stand in words and its marks where marks stand. Any thread.
#include <unicode/ucsdet.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "formats/encoding.h"
#include "formats/encoding_detect.h"

namespace sluice {
namespace {

// Bytes that windows-1252 does not define.
constexpr unsigned char kNotWindows1252[] = {0x81, 0x8D, 0x8F, 0x90, 0x9D};

bool is_high(char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }

std::string decoded(const std::string& text, const std::string& encoding) {
  auto decoder = make_decoder(encoding);
  if (!decoder) return std::string(1, kUndecodable);
  std::string out(4 * text.size() + Decoder::kLeastRoom, '\0');
  std::size_t read = 0, written = 0;
  while (true) {
    auto progress =
        (*decoder)->decode(std::string_view(text).substr(read), std::span(out).subspan(written), true);
    if (progress.read + progress.written == 0 || written + Decoder::kLeastRoom > out.size()) break;
    read += progress.read;
    written += progress.written;
    if (out.size() - written < Decoder::kLeastRoom) out.resize(out.size() * 2);
  }
  out.resize(written);
  return out;
}

// The characters of what a decoder wrote; 0xFFFFFFFF for what it could not decode.
std::u32string characters(std::string_view utf8) {
  std::u32string result;
  for (std::size_t at = 0; at < utf8.size();) {
    unsigned char lead = static_cast<unsigned char>(utf8[at]);
    std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (lead == 0xFF || at + size > utf8.size()) {
      result.push_back(0xFFFFFFFF);
      ++at;
      continue;
    }
    char32_t c = size == 1 ? lead : lead & (0x7F >> size);
    for (std::size_t more = 1; more < size; ++more)
      c = c << 6 | (static_cast<unsigned char>(utf8[at + more]) & 0x3F);
    result.push_back(c);
    at += size;
  }
  return result;
}

constexpr std::u32string_view kCommonLetters = U"éèàçñöäüßáíóúêâôîãõåæøëïûùòìÉÖÄÜÅØÆÇÑÁÀÈÍÓÚÊ";
constexpr std::u32string_view kRareLetters = U"ýÿþðÝÞÐŠšŽžŒœŸÂÃÄËÎÏÔÕÙÛÌÒ";
constexpr std::u32string_view kQuotes = U"’‘“”„«»‹›";
constexpr std::u32string_view kMarks = U"–—…•™®©°€£§·½¼¾²³ºª¿¡×±µ¢¥\u00a0";

bool holds(std::u32string_view set, char32_t c) { return set.find(c) != std::u32string_view::npos; }
bool is_letter(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || holds(kCommonLetters, c) ||
         holds(kRareLetters, c);
}
bool is_upper(char32_t c) {
  return (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) || c == U'Š' || c == U'Ž' ||
         c == U'Œ' || c == U'Ÿ';
}

int letter_score(char32_t before, char32_t c, char32_t after) {
  bool begins_word = is_upper(c) && !is_letter(before) && is_letter(after);
  int weight = holds(kCommonLetters, c) ? 3 : begins_word ? 2 : 1;
  bool in_word = is_letter(before) || is_letter(after);
  if (!in_word) return is_upper(c) ? -1 : 0;
  if (is_upper(c) && is_letter(before) && !is_upper(before)) return -4;  // cafÉ
  if (!is_upper(c) && is_upper(before) && is_upper(after)) return -2;    // CAFéS
  return weight;
}

// ’ and ” close a word, ‘ and “ open one.
int quote_score(char32_t before, char32_t c, char32_t after) {
  bool closes = c == U'’' || c == U'”' || c == U'»' || c == U'›';
  bool in_place = closes ? before > U' ' && before != U',' : after > U' ' && after != U',';
  return in_place ? 3 : 0;
}

// How much like Western text this reads.
int western_score(const std::u32string& text) {
  int score = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    char32_t c = text[at];
    if (c < 0x80) continue;
    char32_t before = at > 0 ? text[at - 1] : U'\n', after = at + 1 < text.size() ? text[at + 1] : U'\n';
    if (c == 0xFFFFFFFF)
      score -= 20;
    else if (is_letter(c))
      score += letter_score(before, c, after);
    else if (holds(kQuotes, c))
      score += quote_score(before, c, after);
    else if (holds(kMarks, c))
      score += is_letter(before) && is_letter(after) && c < 0x2000 ? -1 : 2;
    else
      score -= c < 0xA0 ? 5 : 3;
  }
  return score;
}

// More than one character that is merely likelier: windows-1252 is what most such files are in.
constexpr int kClearly = 4;

std::string best_western(const std::string& text, bool windows_possible) {
  // The first is taken unless a later one is clearly better.
  std::string best = windows_possible ? "windows-1252" : "iso-8859-1";
  int best_score = western_score(characters(decoded(text, best)));
  for (const char* other : {"macintosh", "ibm850"}) {
    int score = western_score(characters(decoded(text, other)));
    if (score > 0 && score > best_score + kClearly + std::abs(best_score) / 4) {
      best = other;
      best_score = score;
    }
  }
  return best;
}

struct Detected {
  std::string encoding;
  int confidence = 0;
  int western_confidence = 0;  // of ISO-8859-1 or windows-1252
};

Detected detected_by_icu(const std::string& text) {
  Detected detected;
  UErrorCode error = U_ZERO_ERROR;
  std::unique_ptr<UCharsetDetector, decltype(&ucsdet_close)> detector(ucsdet_open(&error), &ucsdet_close);
  ucsdet_setText(detector.get(), text.data(), static_cast<std::int32_t>(text.size()), &error);
  std::int32_t count = 0;
  const UCharsetMatch** matches = ucsdet_detectAll(detector.get(), &count, &error);
  for (std::int32_t at = 0; U_SUCCESS(error) && at < count; ++at) {
    std::string_view name = ucsdet_getName(matches[at], &error);
    int confidence = ucsdet_getConfidence(matches[at], &error);
    if (name == "ISO-8859-1" || name == "windows-1252") {
      detected.western_confidence = std::max(detected.western_confidence, confidence);
      continue;
    }
    // Unicode was ruled out on all bytes; EBCDIC is nothing that tables come in.
    if (name.starts_with("UTF") || name.starts_with("IBM4") || confidence <= detected.confidence) continue;
    auto canonical = canonical_encoding(name);
    if (!canonical) continue;
    detected.encoding = *canonical;
    detected.confidence = confidence;
  }
  return detected;
}

// May the sample be in it? Pieces may begin or end within a character, so a few faults are forgiven.
bool fits(const std::string& text, const std::string& encoding) {
  std::u32string read = characters(decoded(text, encoding));
  auto is_fault = [](char32_t c) { return c == 0xFFFFFFFF || (c >= 0x80 && c < 0xA0); };
  return std::ranges::count_if(read, is_fault) * 100 <= static_cast<std::ptrdiff_t>(read.size());
}

}  // namespace

std::string guess_legacy_encoding(const std::vector<std::string>& samples,
                                  const std::array<std::uint64_t, 256>& high_bytes) {
  std::string text;
  for (const std::string& piece : samples) text.append(piece).push_back('\n');
  std::size_t high = 0, in_runs = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!is_high(text[at])) continue;
    ++high;
    in_runs += (at > 0 && is_high(text[at - 1])) || is_high(text[at + 1]);
  }
  bool windows_possible =
      std::ranges::none_of(kNotWindows1252, [&](auto byte) { return high_bytes[byte] > 0; });
  // Western text has an accent here and there; other scripts are written in words of such bytes, and Central
  // European text has letters enough for its statistics to be believed.
  bool words = high >= 6 && in_runs * 2 >= high;
  if (words || high >= 40) {
    Detected detected = detected_by_icu(text);
    int asked = words ? 10 : std::max(40, detected.western_confidence + 10);
    if (detected.confidence >= asked && fits(text, detected.encoding)) return detected.encoding;
  }
  return best_western(text, windows_possible);
}

}  // namespace sluice
