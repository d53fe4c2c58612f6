#include "formats/xlsx_xml.h"

#include <expat.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace sluice {
namespace {

constexpr int kXmlBlockBytes = 32 * 1024;
// What expat may keep: its buffers, the open elements, and every name it has met. Real parts stay below 1
// MiB.
constexpr std::size_t kMostParserBytes = 4 << 20;
// Real parts have about ten levels.
constexpr std::size_t kMostDepth = 100;
// Between namespace and name; no character that XML allows.
constexpr char kSeparator = '\x1f';

constexpr std::string_view kNamespaces[] = {
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "http://schemas.openxmlformats.org/package/2006/relationships",
};
constexpr std::string_view kRelationshipNamespaces[] = {
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
};

std::string_view local_name(const char* whole) {
  // Nearly all of them, at the cost of comparing them.
  constexpr std::string_view kUsual = kNamespaces[0];
  if (std::strncmp(whole, kUsual.data(), kUsual.size()) == 0 && whole[kUsual.size()] == kSeparator)
    return whole + kUsual.size() + 1;
  const std::string_view name = whole;
  std::size_t at = name.rfind(kSeparator);
  if (at == std::string_view::npos) return name;
  return std::ranges::find(kNamespaces, name.substr(0, at)) != std::end(kNamespaces) ? name.substr(at + 1)
                                                                                     : std::string_view();
}

// Expat's memory functions know nothing of the parser they work for; each of our calls into expat says which.
thread_local std::size_t* parser_bytes = nullptr;

class ForParser {
 public:
  explicit ForParser(std::size_t& bytes) : before_(std::exchange(parser_bytes, &bytes)) {}
  ~ForParser() { parser_bytes = before_; }
  ForParser(const ForParser&) = delete;
  ForParser& operator=(const ForParser&) = delete;

 private:
  std::size_t* before_;
};

// In front of every block: how large it is. As much as malloc aligns by.
constexpr std::size_t kBlockHead = alignof(std::max_align_t);

void* resize_block(void* block, std::size_t bytes) {
  auto* head = block == nullptr ? nullptr : static_cast<char*>(block) - kBlockHead;
  std::size_t before = 0;
  if (head != nullptr) std::memcpy(&before, head, sizeof before);
  if (bytes > kMostParserBytes || *parser_bytes - before + bytes > kMostParserBytes) return nullptr;
  auto* moved = static_cast<char*>(std::realloc(head, bytes + kBlockHead));
  if (moved == nullptr) return nullptr;
  *parser_bytes += bytes - before;
  std::memcpy(moved, &bytes, sizeof bytes);
  return moved + kBlockHead;
}
void* new_block(std::size_t bytes) { return resize_block(nullptr, bytes); }
void free_block(void* block) {
  if (block == nullptr) return;
  char* head = static_cast<char*>(block) - kBlockHead;
  std::size_t bytes = 0;
  std::memcpy(&bytes, head, sizeof bytes);
  *parser_bytes -= bytes;
  std::free(head);
}
constexpr XML_Memory_Handling_Suite kMemory = {new_block, resize_block, free_block};

}  // namespace

std::optional<std::string_view> XmlAttributes::get(std::string_view name) const {
  for (const char** at = list_; *at != nullptr; at += 2)
    if (std::strncmp(*at, name.data(), name.size()) == 0 && (*at)[name.size()] == '\0') return at[1];
  return std::nullopt;
}

std::optional<std::string_view> XmlAttributes::relationship(std::string_view name) const {
  for (const char** at = list_; *at != nullptr; at += 2) {
    std::string_view whole = *at;
    const std::size_t split = whole.rfind(kSeparator);
    if (split != std::string_view::npos && whole.substr(split + 1) == name &&
        std::ranges::find(kRelationshipNamespaces, whole.substr(0, split)) !=
            std::end(kRelationshipNamespaces))
      return at[1];
  }
  return std::nullopt;
}

class XmlReader::Expat {
 public:
  Expat(std::unique_ptr<ByteSource> source, std::string part, XmlHandler& handler)
      : source_(std::move(source)), part_(std::move(part)), handler_(handler) {
    ForParser bytes(bytes_);
    parser_ = XML_ParserCreate_MM(nullptr, &kMemory, std::string(1, kSeparator).c_str());
    if (parser_ == nullptr) std::abort();  // of the memory that every parser needs
    XML_SetUserData(parser_, this);
    XML_SetElementHandler(parser_, on_start, on_end);
    XML_SetCharacterDataHandler(parser_, on_text);
    XML_SetStartDoctypeDeclHandler(parser_, on_doctype);
  }
  ~Expat() {
    ForParser bytes(bytes_);
    XML_ParserFree(parser_);
  }
  Expat(const Expat&) = delete;
  Expat& operator=(const Expat&) = delete;

  Result<bool> step(const std::stop_token& stop) {
    if (stop.stop_requested()) return stopped_by_request();
    if (finished_) return drain(stop);
    ForParser bytes(bytes_);
    XML_Status status = XML_STATUS_OK;
    if (std::exchange(paused_, false)) {
      status = XML_ResumeParser(parser_);
    } else {
      void* block = XML_GetBuffer(parser_, kXmlBlockBytes);
      if (block == nullptr) return fail_by(XML_GetErrorCode(parser_));
      std::size_t count = TRY(source_->read({static_cast<char*>(block), kXmlBlockBytes}, stop));
      at_end_ = count == 0;
      status = XML_ParseBuffer(parser_, static_cast<int>(count), at_end_);
    }
    if (refusal_) return fail(ErrorKind::input, *refusal_);
    if (finished_) return drain(stop);
    if (status == XML_STATUS_ERROR) return fail_by(XML_GetErrorCode(parser_));
    paused_ = status == XML_STATUS_SUSPENDED;
    return paused_ || !at_end_;
  }

  Result<> skip_rest(const std::stop_token& stop) {
    (void)TRY(drain(stop));
    return {};
  }

  void pause() { XML_StopParser(parser_, XML_TRUE); }
  void finish() {
    finished_ = true;
    XML_StopParser(parser_, XML_FALSE);
  }
  void refuse(std::string sentence) {
    if (!refusal_) refusal_ = std::move(sentence);
    XML_StopParser(parser_, XML_FALSE);
  }

 private:
  static Expat& of(void* user) { return *static_cast<Expat*>(user); }

  static void on_start(void* user, const char* name, const char** attributes) {
    Expat& self = of(user);
    if (self.stopped()) return;
    if (++self.depth_ > kMostDepth)
      return self.refuse("has a part, '" + self.part_ +
                         "', in which elements stand in each other more than " + std::to_string(kMostDepth) +
                         " levels deep, over the limit; no spreadsheet program writes that");
    self.handler_.start(local_name(name), XmlAttributes(attributes));
  }
  static void on_end(void* user, const char* name) {
    Expat& self = of(user);
    if (self.stopped()) return;
    --self.depth_;
    self.handler_.end(local_name(name));
  }
  static void on_text(void* user, const char* text, int size) {
    Expat& self = of(user);
    if (!self.stopped()) self.handler_.text({text, static_cast<std::size_t>(size)});
  }
  static void on_doctype(void* user, const char*, const char*, const char*, int) {
    Expat& self = of(user);
    self.refuse("has a part, '" + self.part_ +
                "', with a document type declaration (DOCTYPE), by which XML defines entities that grow "
                "without end or "
                "fetch other files; no workbook needs one, and it is not read");
  }
  // Expat may still tell of what it had begun when it was stopped.
  bool stopped() const { return finished_ || refusal_.has_value(); }

  // What follows is not looked at, but has to be whole.
  Result<bool> drain(const std::stop_token& stop) {
    auto block = std::make_unique_for_overwrite<char[]>(kXmlBlockBytes);
    while (TRY(source_->read({block.get(), static_cast<std::size_t>(kXmlBlockBytes)}, stop)) != 0)
      if (stop.stop_requested()) return stopped_by_request();
    return false;
  }

  // Of a small part the whole archive is in memory, and no source waits for anything.
  std::unexpected<Error> stopped_by_request() const {
    return fail(ErrorKind::cancelled, "reading '" + part_ + "' was stopped");
  }

  std::unexpected<Error> fail_by(XML_Error code) const {
    if (code == XML_ERROR_NO_MEMORY)
      return fail(ErrorKind::input,
                  "has a part, '" + part_ +
                      "', with names or tags too long or too many to be kept: over the limit of " +
                      std::to_string(kMostParserBytes >> 20) + " MiB, as in no honest workbook");
    return fail(ErrorKind::input, "is damaged: '" + part_ + "' in it is no XML (" + XML_ErrorString(code) +
                                      ", line " + std::to_string(XML_GetCurrentLineNumber(parser_)) +
                                      ", column " + std::to_string(XML_GetCurrentColumnNumber(parser_) + 1) +
                                      "). Open it in a spreadsheet program and save it again");
  }

  std::unique_ptr<ByteSource> source_;
  const std::string part_;
  XmlHandler& handler_;
  XML_Parser parser_ = nullptr;
  std::size_t bytes_ = 0;  // that expat holds
  std::size_t depth_ = 0;
  bool at_end_ = false, paused_ = false, finished_ = false;
  std::optional<std::string> refusal_;
};

XmlReader::XmlReader(std::unique_ptr<ByteSource> source, std::string part, XmlHandler& handler)
    : expat_(std::make_unique<Expat>(std::move(source), std::move(part), handler)) {}
XmlReader::~XmlReader() = default;

Result<bool> XmlReader::step(std::stop_token stop) { return expat_->step(stop); }
Result<> XmlReader::run(std::stop_token stop) {
  while (TRY(expat_->step(stop))) continue;
  return {};
}
Result<> XmlReader::skip_rest(std::stop_token stop) { return expat_->skip_rest(stop); }
void XmlReader::pause() { expat_->pause(); }
void XmlReader::finish() { expat_->finish(); }
void XmlReader::refuse(std::string sentence) { expat_->refuse(std::move(sentence)); }

}  // namespace sluice
