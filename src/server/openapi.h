// The OpenAPI document of this server: openapi.yaml, which is part of the program. Any thread.
#pragma once

#include "server/api_json.h"

namespace sluice {

// Read once; members in the order of the file.
const Json& openapi_document();

// The same for people: one page of HTML, complete in itself. `style_hash`: what a Content-Security-Policy has
// to allow, 'sha256-…'.
struct DocsPage {
  std::string html, style_hash;
};
DocsPage docs_page(const Json& document);

}  // namespace sluice
