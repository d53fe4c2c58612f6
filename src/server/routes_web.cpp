#include "server/routes_web.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <string>

namespace sluice {
namespace {

// First words of the page's own addresses.
constexpr std::array<std::string_view, 9> kPages = {"jobs",  "rows", "aggregates", "pipelines", "dashboard",
                                                    "queue", "keys", "audit",      "sign-in"};

// The page runs its own scripts and asks its own server, and nothing else. 'unsafe-inline' is for styles
// alone: Mantine writes those that depend on the window's width, and the lock of scrolling below a dialogue,
// as style elements.
constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

const WebFile* find_file(std::string_view path) {
  const std::span<const WebFile> files = web_files();
  const auto at = std::ranges::find(files, path, &WebFile::path);
  return at == files.end() ? nullptr : &*at;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// Does one of a header's words, separated by commas, fit?
template <class Fits>
bool any_word(std::string_view list, Fits fits) {
  while (!list.empty()) {
    const std::string_view word = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), word.size() + 1));
    if (fits(trimmed(word))) return true;
  }
  return false;
}

// "gzip", "gzip;q=0.8" and "*"; not "gzip;q=0".
bool takes_gzip(const Request& request) {
  return any_word(request.headers.get("Accept-Encoding"), [](std::string_view word) {
    const std::string_view name = trimmed(word.substr(0, word.find(';')));
    if (name != "gzip" && name != "*") return false;
    const std::size_t quality = word.find("q=");
    return quality == std::string_view::npos ||
           word.find_first_not_of("0.", quality + 2) != std::string_view::npos;
  });
}

bool has_it(const Request& request, std::string_view etag) {
  return any_word(request.headers.get("If-None-Match"),
                  [&](std::string_view word) { return word == etag || word == "*"; });
}

// For the rare client that takes no gzip.
Result<std::string> unpacked(const WebFile& file) {
  std::string bytes(file.size, '\0');
  z_stream stream{};
  constexpr int kGzip = 16 + MAX_WBITS;
  if (inflateInit2(&stream, kGzip) != Z_OK) return fail(ErrorKind::internal, "zlib does not begin.");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(file.gzip.data()));
  stream.avail_in = static_cast<uInt>(file.gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  const int ended = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  if (ended != Z_STREAM_END || stream.total_out != file.size)
    return fail(ErrorKind::internal, "the page's " + std::string(file.path) + " cannot be unpacked.");
  return bytes;
}

Result<Response> answer(const WebFile& file, const Request& request) {
  Response response;
  response.headers.add("ETag", std::string(file.etag));
  response.headers.add("Vary", "Accept-Encoding");
  if (has_it(request, file.etag)) {
    response.status = 304;
    return response;
  }
  response.headers.add("Content-Type", std::string(file.content_type));
  if (takes_gzip(request)) {
    response.headers.add("Content-Encoding", "gzip");
    response.body = std::string(file.gzip);
  } else {
    response.body = TRY(unpacked(file));
  }
  return response;
}

// Asked for anew each time, so that a new version of the server is seen at once; 304 where it is the same.
Result<Response> page(const Request& request) {
  const WebFile* index = find_file("/index.html");
  if (index == nullptr) return fail(ErrorKind::internal, "the program was built without its page.");
  Response response = TRY(answer(*index, request));
  response.headers.add("Cache-Control", "no-cache");
  response.headers.add("Content-Security-Policy", kPagePolicy);
  return response;
}

// Their names change with their content: what a browser has it need not ask for again.
Result<Response> asset(const Request& request) {
  const WebFile* file = find_file("/assets/" + request.parameters.at("file"));
  if (file == nullptr)
    return fail(ErrorKind::not_found, "The page of this server has no file " + request.path.substr(0, 200) +
                                          ". It may have been of an earlier version: load the page again.");
  Response response = TRY(answer(*file, request));
  response.headers.add("Cache-Control", "public, max-age=31536000, immutable");
  return response;
}

}  // namespace

void add_web_routes(Routes& routes) {
  using enum Permission;
  routes.add({"GET", "/", open, page, {}, "getPage", {}});
  for (const std::string_view word : kPages) {
    const std::string path = "/" + std::string(word);
    routes.add({"GET", path, open, page, {}, "getPage", {}});
    routes.add({"GET", path + "/{rest:rest}", open, page, {}, "getPage", {}});
  }
  routes.add({"GET", "/assets/{file}", open, asset, {}, "getAsset", {}});
}

}  // namespace sluice
