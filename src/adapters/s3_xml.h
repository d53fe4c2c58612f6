// The XML that S3 answers with, as a small tree. expat reads it; documents with a DTD are refused. Any
// thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice {

struct XmlElement {
  std::string name, text;  // the text of its own, without its children's
  std::vector<XmlElement> children;

  const XmlElement* child(std::string_view wanted) const;
  std::string text_of(std::string_view wanted) const;  // of its first child of this name; "" without one
};

Result<XmlElement> parse_xml(std::string_view text);
std::string xml_escaped(std::string_view text);

}  // namespace sluice
