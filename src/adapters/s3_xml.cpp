#include "adapters/s3_xml.h"

#include <expat.h>

#include <memory>

namespace sluice {
namespace {

// S3's answers are four deep.
constexpr std::size_t kDeepest = 16;

struct TreeBuilder {
  XML_Parser parser;
  XmlElement root;
  std::vector<XmlElement*> open;  // stays valid: only the last one of a level grows
};

void begin_element(void* data, const XML_Char* name, const XML_Char**) {
  auto& tree = *static_cast<TreeBuilder*>(data);
  if (tree.open.size() >= kDeepest) {
    XML_StopParser(tree.parser, XML_FALSE);
    return;
  }
  XmlElement& element = tree.open.empty() ? tree.root : tree.open.back()->children.emplace_back();
  element.name = name;
  tree.open.push_back(&element);
}

void end_element(void* data, const XML_Char*) { static_cast<TreeBuilder*>(data)->open.pop_back(); }

void take_text(void* data, const XML_Char* text, int size) {
  auto& tree = *static_cast<TreeBuilder*>(data);
  if (!tree.open.empty()) tree.open.back()->text.append(text, static_cast<std::size_t>(size));
}

void refuse_doctype(void* data, const XML_Char*, const XML_Char*, const XML_Char*, int) {
  XML_StopParser(static_cast<TreeBuilder*>(data)->parser, XML_FALSE);
}

struct FreeParser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view wanted) const {
  for (const XmlElement& element : children)
    if (element.name == wanted) return &element;
  return nullptr;
}

std::string XmlElement::text_of(std::string_view wanted) const {
  const XmlElement* found = child(wanted);
  return found == nullptr ? "" : found->text;
}

Result<XmlElement> parse_xml(std::string_view text) {
  std::unique_ptr<XML_ParserStruct, FreeParser> parser(XML_ParserCreate(nullptr));
  if (!parser) return fail(ErrorKind::unavailable, "there is no memory left to read an answer of S3.", true);
  TreeBuilder tree{parser.get(), {}, {}};
  XML_SetUserData(parser.get(), &tree);
  XML_SetElementHandler(parser.get(), begin_element, end_element);
  XML_SetCharacterDataHandler(parser.get(), take_text);
  XML_SetStartDoctypeDeclHandler(parser.get(), refuse_doctype);
  if (XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), 1) != XML_STATUS_OK)
    return fail(ErrorKind::unavailable, "the server's answer is not the XML that S3 speaks.", true);
  return std::move(tree.root);
}

std::string xml_escaped(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

}  // namespace sluice
