// The web page: its files, as tools/build_web.py built and packed them, and the routes that send them. They
// are for everybody: what the page shows it asks the API for, with its user's key. Any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "server/routes.h"

namespace sluice {

struct WebFile {
  std::string_view path;  // "/index.html", "/assets/main-3f9c2a1b.js"
  std::string_view content_type;
  std::string_view etag;  // W/"…": the same for both encodings
  std::string_view gzip;  // the file, compressed
  std::size_t size = 0;   // bytes before that
};

std::span<const WebFile> web_files();  // made by the build, ordered by path

// `/` and the addresses that the page has of its own (web/src/routes.tsx), each answered with index.html, and
// /assets/…. None of them is in the way of a route of the API: a path that is neither is 404 as before.
void add_web_routes(Routes& routes);

}  // namespace sluice
