#include "formats/xlsx_styles.h"

#include <charconv>
#include <unordered_map>

#include "formats/xlsx_xml.h"

namespace sluice {
namespace {

// Excel allows 65,490 styles; each takes two bytes here.
constexpr std::size_t kMostStyles = 100'000;

std::optional<std::uint32_t> number_of(std::optional<std::string_view> text) {
  std::uint32_t number = 0;
  if (!text || text->empty()) return std::nullopt;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return number;
}

class StylesHandler : public XmlHandler {
 public:
  void start(std::string_view name, const XmlAttributes& attributes) override {
    if (name == "numFmts") {
      in_codes_ = true;
    } else if (name == "numFmt" && in_codes_) {  // <dxf> has some of its own, which are of no cell
      auto id = number_of(attributes.get("numFmtId"));
      auto code = attributes.get("formatCode");
      if (id && code && codes_.size() < kMostStyles) codes_[*id] = number_form(*code);
    } else if (name == "cellXfs") {
      in_styles_ = true;
    } else if (name == "xf" && in_styles_ && ids_.size() < kMostStyles) {
      ids_.push_back(number_of(attributes.get("numFmtId")).value_or(0));
    }
  }
  void end(std::string_view name) override {
    if (name == "cellXfs") in_styles_ = false;
    if (name == "numFmts") in_codes_ = false;
  }
  void text(std::string_view) override {}

  // A workbook may give a code of its own to an id that is known without one.
  std::vector<NumberForm> forms() const {
    std::vector<NumberForm> forms;
    forms.reserve(ids_.size());
    for (std::uint32_t id : ids_) {
      auto own = codes_.find(id);
      forms.push_back(own != codes_.end() ? own->second : builtin_number_form(id));
    }
    return forms;
  }

 private:
  bool in_codes_ = false, in_styles_ = false;
  std::unordered_map<std::uint32_t, NumberForm> codes_;
  std::vector<std::uint32_t> ids_;
};

}  // namespace

Result<XlsxStyles> XlsxStyles::read(const ZipArchive& archive, const ZipMember& part, std::stop_token stop) {
  StylesHandler handler;
  XmlReader reader(TRY(archive.open(part, stop)), part.name, handler);
  TRY(reader.run(stop));
  XlsxStyles styles;
  styles.forms_ = handler.forms();
  return styles;
}

}  // namespace sluice
