#include "formats/xlsx_strings.h"

#include <cstring>
#include <utility>

#include "formats/xlsx_rich_text.h"

namespace sluice {
namespace {

// On disk they cost no memory, but a disk has an end, too: the cells of a sheet are 17 thousand million at
// most, and texts that are met so often are not shared for nothing.
constexpr std::uint64_t kMostStrings = 1ull << 28;
constexpr std::uint64_t kMostBytes = 8ull << 30;
// Texts that share an entry of where they begin: so few that going past the others costs less than a second
// block from the disk would.
constexpr std::uint64_t kGroup = 16;
constexpr std::size_t kGroupsShare = 8;  // of the memory

}  // namespace

class XlsxStrings::Handler : public XmlHandler {
 public:
  explicit Handler(XlsxStrings& strings) : strings_(strings), text_(strings.most_text_bytes_) {}
  void start(std::string_view name, const XmlAttributes& attributes) override {
    if (name == "si")
      text_.begin();
    else
      text_.start(name, attributes);
  }
  void end(std::string_view name) override {
    text_.end(name);
    if (name != "si" || failure) return;
    whole_.clear();
    text_.append_to(whole_);
    if (auto added = strings_.add(whole_); !added) failure = std::move(added).error();
  }
  void text(std::string_view piece) override { text_.text(piece); }

  std::optional<Error> failure;

 private:
  XlsxStrings& strings_;
  XlsxRichText text_;
  std::string whole_;
};

XlsxStrings::XlsxStrings(std::size_t memory_bytes, std::size_t most_text_bytes)
    : most_text_bytes_(most_text_bytes),
      texts_(memory_bytes - memory_bytes / kGroupsShare),
      groups_(memory_bytes / kGroupsShare) {}
XlsxStrings::~XlsxStrings() = default;

Result<> XlsxStrings::open(const ZipArchive& archive, const ZipMember& part, const std::stop_token& stop) {
  handler_ = std::make_unique<Handler>(*this);
  reader_.emplace(TRY(archive.open(part, stop)), part.name, *handler_);
  return {};
}

Result<> XlsxStrings::add(std::string_view text) {
  if (size_ >= kMostStrings || texts_.size() >= kMostBytes)
    return fail(ErrorKind::input, "has more shared texts than are read: the limit is " +
                                      std::to_string(kMostStrings) + " texts with " +
                                      std::to_string(kMostBytes >> 30) +
                                      " GiB; split it into several workbooks, or save the sheet as CSV");
  if (size_ % kGroup == 0) {
    const std::uint64_t begin = texts_.size();
    TRY(groups_.append({reinterpret_cast<const char*>(&begin), sizeof begin}));
  }
  std::string length;
  for (std::size_t left = text.size();; left >>= 7) {
    length += static_cast<char>((left & 0x7F) | (left > 0x7F ? 0x80 : 0));
    if (left <= 0x7F) break;
  }
  TRY(texts_.append(length));
  TRY(texts_.append(text));
  ++size_;
  return {};
}

Result<bool> XlsxStrings::append(std::uint64_t number, std::string& out, const std::stop_token& stop) {
  while (number >= size_ && reader_) {
    const bool more = TRY(reader_->step(stop));
    if (handler_->failure) return std::unexpected(*handler_->failure);
    if (!more) reader_.reset();
  }
  if (number >= size_) return false;
  scratch_.clear();
  TRY(groups_.read(number / kGroup * sizeof(std::uint64_t), sizeof(std::uint64_t), scratch_));
  std::uint64_t at = 0;
  std::memcpy(&at, scratch_.data(), sizeof at);
  std::string_view bytes = TRY(texts_.view(at));
  for (std::uint64_t before = number % kGroup; before > 0; --before) {
    const std::size_t length = TRY(take_length(at, bytes));
    at += length;
    if (length < bytes.size())
      bytes.remove_prefix(length);
    else
      bytes = TRY(texts_.view(at));
  }
  const std::size_t length = TRY(take_length(at, bytes));
  if (length <= bytes.size())
    out.append(bytes.substr(0, length));
  else
    TRY(texts_.read(at, length, out));
  return true;
}

Result<std::size_t> XlsxStrings::take_length(std::uint64_t& at, std::string_view& bytes) {
  std::size_t length = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (bytes.empty()) bytes = TRY(texts_.view(at));
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    ++at;
    length |= static_cast<std::size_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return length;
  }
}

Result<> XlsxStrings::finish(const std::stop_token& stop) {
  if (!reader_) return {};
  TRY(reader_->skip_rest(stop));
  reader_.reset();
  return {};
}

}  // namespace sluice
