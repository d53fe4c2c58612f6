#include "formats/xlsx_strings.h"

#include <cstring>
#include <optional>

#include "formats/xlsx_rich_text.h"
#include "formats/xlsx_xml.h"

namespace sluice {
namespace {

// On disk they cost no memory, but a disk has an end, too: the cells of a sheet are 17 thousand million at
// most, and texts that are met so often are not shared for nothing.
constexpr std::uint64_t kMostStrings = 1ull << 28;
constexpr std::uint64_t kMostBytes = 8ull << 30;

class StringsHandler : public XmlHandler {
 public:
  StringsHandler(XlsxStrings& strings, std::size_t most_text_bytes)
      : strings_(strings), text_(most_text_bytes) {}
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

}  // namespace

Result<> XlsxStrings::read(const ZipArchive& archive, const ZipMember& part, std::stop_token stop) {
  StringsHandler handler(*this, most_text_bytes_);
  XmlReader reader(TRY(archive.open(part, stop)), part.name, handler);
  bool more = true;
  while (more) {
    more = TRY(reader.step(stop));
    if (handler.failure) return std::unexpected(std::move(*handler.failure));
  }
  return {};
}

Result<> XlsxStrings::add(std::string_view text) {
  if (size() >= kMostStrings || texts_.size() >= kMostBytes)
    return fail(ErrorKind::input, "has more shared texts than are read: the limit is " +
                                      std::to_string(kMostStrings) + " texts with " +
                                      std::to_string(kMostBytes >> 30) +
                                      " GiB; split it into several workbooks, or save the sheet as CSV");
  TRY(texts_.append(text));
  const std::uint64_t end = texts_.size();
  return ends_.append({reinterpret_cast<const char*>(&end), sizeof end});
}

Result<> XlsxStrings::append(std::uint64_t number, std::string& out) {
  // The end of the one before it is where it begins.
  const std::size_t count = number == 0 ? 1 : 2;
  scratch_.clear();
  TRY(ends_.read((number + 1 - count) * sizeof(std::uint64_t), count * sizeof(std::uint64_t), scratch_));
  std::uint64_t places[2] = {0, 0};
  std::memcpy(places + 2 - count, scratch_.data(), scratch_.size());
  return texts_.read(places[0], static_cast<std::size_t>(places[1] - places[0]), out);
}

}  // namespace sluice
