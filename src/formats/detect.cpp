// detect(): from the raw bytes inward: compression, what kind of file, encoding, format, dialect and header.
#include "formats/detect.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include "formats/chunk_reader_cursor.h"
#include "formats/compression.h"
#include "formats/csv_detect.h"
#include "formats/detect_content.h"
#include "formats/encoding.h"
#include "formats/encoding_detect.h"
#include "formats/json_detect.h"
#include "formats/xlsx_detect.h"
#include "formats/xlsx_sheet.h"

namespace sluice {
namespace {

// Enough to recognise any kind of file, workbooks by the names in them included.
constexpr std::size_t kPeekBytes = 64 * 1024;
// Dialect and header are decided on this much.
constexpr std::size_t kSampleBytes = 1 << 20;
// The pass over the whole input reads in blocks that stay in the cache.
constexpr std::size_t kBlockBytes = 256 * 1024;

// Bytes that were read ahead, then the rest of their source.
class RestoredSource : public ByteSource {
 public:
  RestoredSource(std::string ahead, std::unique_ptr<ByteSource> rest)
      : ahead_(std::move(ahead)), rest_(std::move(rest)) {}
  Result<std::size_t> read(std::span<char> into, std::stop_token stop) override {
    if (at_ == ahead_.size()) return rest_->read(into, stop);
    std::size_t count = ahead_.copy(into.data(), into.size(), at_);
    at_ += count;
    return count;
  }

 private:
  std::string ahead_;
  std::size_t at_ = 0;
  std::unique_ptr<ByteSource> rest_;
};

struct Beginning {
  std::string bytes;
  bool whole = false;           // the source ended within it
  std::optional<Error> broken;  // or could not be read on
};

Result<Beginning> read_beginning(ByteSource& source, std::size_t most, const std::stop_token& stop) {
  Beginning beginning;
  while (beginning.bytes.size() < most && !beginning.whole) {
    std::size_t before = beginning.bytes.size();
    beginning.bytes.resize(before + std::min(most - before, std::max(before, kPeekBytes)));
    auto count = source.read(std::span(beginning.bytes).subspan(before), stop);
    beginning.bytes.resize(before + count.value_or(0));
    if (!count && (count.error().kind != ErrorKind::input || before == 0)) {
      return std::unexpected(std::move(count).error());
    }
    if (!count) beginning.broken = std::move(count).error();
    beginning.whole = !count || *count == 0;
  }
  return beginning;
}

class Detection {
 public:
  Detection(const SourceSpec& source, const std::string& input, const Opener& opener, std::stop_token stop)
      : source_(source), input_(input), opener_(opener), stop_(std::move(stop)) {}

  Result<ReadPlan> run() {
    plan_.row_bytes = source_.row_bytes;
    plan_.window_bytes = source_.window_bytes;
    TRY(look_through_compression());
    if (is_zip_archive(head_.bytes)) {
      TRY(find_workbook());
      return std::move(plan_);
    }
    if (source_.format == SourceFormat::xlsx)
      return refuse(
          "is no Excel workbook (XLSX), which is a zip archive and begins so, though source.format says "
          "xlsx; "
          "set it to auto, and the file is read as what it is");
    TRY(find_encoding());
    TRY(decode_sample());
    choose_format();
    if (plan_.format == FormatKind::csv) {
      TRY(find_csv());
    } else {
      TRY(find_json());
    }
    return std::move(plan_);
  }

 private:
  std::unexpected<Error> refuse(std::string_view what) const {
    return fail(ErrorKind::input, "'" + input_ + "' " + std::string(what) + ".");
  }
  void found(std::string finding) { plan_.findings.push_back(std::move(finding)); }
  std::string subject() const { return "'" + input_ + "'"; }

  Result<> look_through_compression() {
    auto raw = TRY(opener_(0));
    Beginning peek = TRY(read_beginning(*raw, kPeekBytes, stop_));
    if (peek.broken) return std::unexpected(std::move(*peek.broken).during(subject()));
    if (peek.bytes.empty()) return refuse("is empty: the file has 0 bytes, no header and no rows");
    if (auto refused = refused_content(with_directory(peek.bytes))) return refuse(*refused);
    plan_.compression = compression_of(peek.bytes);
    decompressed_ =
        decompressed_source(std::make_unique<RestoredSource>(std::move(peek.bytes), std::move(raw)),
                            plan_.compression, plan_.window_bytes);
    auto head = read_beginning(*decompressed_, kSampleBytes, stop_);
    if (!head) return std::unexpected(std::move(head).error().during(subject()));
    head_ = *std::move(head);
    if (plan_.compression == Compression::none) return {};
    found("Compressed by " + std::string(name_of(plan_.compression)) + ".");
    if (head_.bytes.empty()) return refuse("is empty: nothing is compressed in it");
    if (auto refused = refused_content(head_.bytes)) return refuse(*refused);
    if (compression_of(head_.bytes) != Compression::none) {
      return refuse("is compressed twice; decompress it once and give what comes out");
    }
    return {};
  }

  // With the directory of an old Office file, if it is one. What cannot be read there says nothing.
  std::string with_directory(const std::string& head) const {
    constexpr std::size_t kDirectoryBytes = 4096;
    auto offset = ole_directory(head);
    if (!offset || *offset + kDirectoryBytes <= head.size()) return head;
    auto source = opener_(*offset);
    if (!source) return head;
    auto directory = read_beginning(**source, kDirectoryBytes, stop_);
    return directory ? head + directory->bytes : head;
  }

  Result<> find_workbook() {
    decompressed_.reset();
    head_ = {};
    if (source_.format != SourceFormat::automatic && source_.format != SourceFormat::xlsx)
      return refuse(
          "is a zip archive, as Excel workbooks are, though source.format says otherwise; set it to auto or "
          "xlsx");
    auto archive = open_archive(plan_.compression, plan_.window_bytes, opener_, stop_);
    if (!archive) return about_input(std::move(archive).error());
    auto found = detect_xlsx(source_, std::make_shared<ZipArchive>(*std::move(archive)), plan_, stop_);
    if (!found) return about_input(std::move(found).error());
    return {};
  }
  // What is wrong with an archive is said as the rest of a sentence.
  std::unexpected<Error> about_input(Error error) const {
    if (error.kind == ErrorKind::input) return refuse(error.message);
    return std::unexpected(std::move(error).during(subject()));
  }

  Result<> find_encoding() {
    EncodingScout scout;
    bool automatic = source_.encoding == "auto" || source_.encoding.empty();
    if (!automatic) {
      plan_.encoding = TRY(canonical_encoding(source_.encoding));
      note_broken();
      if (plan_.encoding != "utf-16" && plan_.encoding != "utf-32") return {};
    }
    // Which way round UTF-16 is, its beginning tells.
    scout.see(head_.bytes);
    if (automatic && !head_.whole) TRY(see_rest(scout));
    EncodingVerdict verdict = scout.verdict();
    if (automatic) {
      note_broken();
      plan_.encoding = verdict.encoding;
      found(verdict.finding);
    } else {
      plan_.encoding =
          verdict.encoding.starts_with(plan_.encoding) ? verdict.encoding : plan_.encoding + "le";
      found("Encoding " + plan_.encoding + ".");
    }
    return {};
  }

  Result<> see_rest(EncodingScout& scout) {
    auto block = std::make_unique_for_overwrite<char[]>(kBlockBytes);
    while (true) {
      std::size_t held = 0;
      while (held < kBlockBytes) {
        auto count = decompressed_->read({block.get() + held, kBlockBytes - held}, stop_);
        if (!count && count.error().kind == ErrorKind::input) head_.broken = std::move(count).error();
        if (!count && !head_.broken) return std::unexpected(std::move(count).error().during(subject()));
        if (!count || *count == 0) {
          scout.see({block.get(), held});
          return {};
        }
        held += *count;
      }
      scout.see({block.get(), held});
    }
  }

  void note_broken() {
    if (!head_.broken) return;
    found("The input is damaged: " + head_.broken->message + ".");
  }

  Result<> decode_sample() {
    decompressed_.reset();
    if (plan_.encoding == "utf-8") {
      sample_ = std::move(head_.bytes);
    } else {
      auto raw = std::make_unique<RestoredSource>(std::move(head_.bytes), std::make_unique<NoBytes>());
      auto decoded = TRY(decoded_source(std::move(raw), plan_.encoding));
      Beginning sample = TRY(read_beginning(*decoded, kSampleBytes, stop_));
      sample_ = std::move(sample.bytes);
      head_.whole = head_.whole && sample.whole;
    }
    std::string_view text = sample_;
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    if (head_.whole && text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      return refuse("is empty: there is nothing but white space in it, no header and no rows");
    }
    if (auto refused = refused_as_binary(text)) return refuse(*refused);
    return {};
  }

  void choose_format() {
    switch (source_.format) {
      case SourceFormat::csv:
      case SourceFormat::tsv: plan_.format = FormatKind::csv; return;
      case SourceFormat::json: plan_.format = FormatKind::json; return;
      case SourceFormat::ndjson: plan_.format = FormatKind::ndjson; return;
      case SourceFormat::xlsx:
      case SourceFormat::automatic: break;
    }
    plan_.format = format_of(sample_, head_.whole, input_);
    bool pointed = !source_.pointer.empty() || source_.dialect.property;
    if (plan_.format == FormatKind::ndjson && pointed) plan_.format = FormatKind::json;
    found("Format " + std::string(name_of(plan_.format)) + ".");
  }

  Result<> find_csv() {
    bool tabs = source_.format == SourceFormat::tsv ||
                (source_.format == SourceFormat::automatic && sample_.find('\t') != std::string::npos &&
                 (name_ends_with(input_, ".tsv") || name_ends_with(input_, ".tab")));
    auto csv = detect_csv(sample_, head_.whole, source_.dialect, tabs, source_.schema_fields);
    if (!csv) return std::unexpected(std::move(csv).error().during(subject()));
    plan_.csv = std::move(csv->dialect);
    plan_.columns = std::move(csv->columns);
    plan_.first_row = csv->first_row;
    std::ranges::move(csv->findings, std::back_inserter(plan_.findings));
    return {};
  }

  Result<> find_json() {
    auto json = detect_json(sample_, head_.whole, plan_.format, source_.dialect, source_.pointer);
    if (json && json->beyond_sample) {
      auto decoded = TRY(open_decoded(plan_, opener_, 0, stop_));
      json = detect_json(*decoded, kSampleBytes, source_.dialect, source_.pointer, stop_);
    }
    if (!json) return std::unexpected(std::move(json).error().during(subject()));
    plan_.pointer = std::move(json->pointer);
    plan_.columns = std::move(json->columns);
    plan_.rows_are_arrays = json->rows_are_arrays;
    plan_.item_keys = std::move(json->item_keys);
    plan_.first_row = json->first_row;
    std::ranges::move(json->findings, std::back_inserter(plan_.findings));
    return {};
  }

  struct NoBytes : ByteSource {
    Result<std::size_t> read(std::span<char>, std::stop_token) override { return std::size_t{0}; }
  };

  const SourceSpec& source_;
  const std::string& input_;
  const Opener& opener_;
  const std::stop_token stop_;
  ReadPlan plan_;
  std::unique_ptr<ByteSource> decompressed_;  // stands behind head_
  Beginning head_;                            // decompressed, not decoded
  std::string sample_;                        // decoded
};

}  // namespace

Result<ReadPlan> detect(const SourceSpec& source, const std::string& input, const Opener& opener,
                        std::stop_token stop) {
  return Detection(source, input, opener, std::move(stop)).run();
}

}  // namespace sluice
