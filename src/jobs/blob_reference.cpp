#include "jobs/blob_reference.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "jobs/named_blob.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFile = "file:", kS3 = "s3:";

std::unexpected<Error> refused(const std::string& why) { return fail(ErrorKind::usage, why); }

std::string_view scheme_of_place(std::string_view url) { return url.substr(0, url.find(':') + 1); }

// Below the folder of `place`, whichever way `url` goes there.
Result<std::string> key_in_folder(const std::string& url, const std::string& place) {
  std::string text = url.substr(kFile.size());
  if (text.starts_with("//")) {
    if (!text.starts_with("///"))
      return refused(
          "\"blob\" names another machine; a file of this server is file:///… or file:inbox/people.csv.");
    text.erase(0, 2);
  }
  if (text.find('\0') != std::string::npos) return refused("\"blob\" is no path.");
  fs::path path = fs::path(text).lexically_normal();
  if (path.is_absolute()) {
    const fs::path root = fs::absolute(place.substr(kFile.size())).lexically_normal() / "";
    path = path.lexically_relative(root);
  }
  if (path.empty() || path == "." || *path.begin() == "..")
    return refused(
        "\"blob\" names a file that is not below the folder of the setting `blobs`; nothing else is read.");
  return path.string();
}

// Below the bucket and prefix of `place`; S3 knows no "..".
Result<std::string> key_in_bucket(const std::string& url, const std::string& place) {
  std::string root = place.substr(0, place.find('?'));
  while (root.ends_with('/')) root.pop_back();
  root += '/';
  if (!url.starts_with(root) || url.size() == root.size())
    return refused(
        "\"blob\" names an object that is not below the bucket and prefix of the setting `blobs`; nothing "
        "else is read.");
  if (("/" + url + "/").contains("/../")) return refused("\"blob\" has a .. in it, which S3 does not know.");
  return url.substr(root.size());
}

}  // namespace

std::optional<std::string> blob_reference(std::string_view json) {
  auto parsed = nlohmann::json::parse(json.begin(), json.end(), nullptr, false);
  if (!parsed.is_object() || parsed.size() != 1 || !parsed.contains("blob")) return std::nullopt;
  const auto& blob = parsed["blob"];
  if (!blob.is_string()) return std::nullopt;
  return blob.get<std::string>();
}

Result<std::string> blob_key_of_reference(const std::string& url, const std::string& place,
                                          const std::string& tenant) {
  const std::size_t colon = url.find(':');
  if (colon == std::string::npos || url.find('/') < colon)
    return refused(
        "\"blob\" has to be a URL, as in file:inbox/people.csv, a file below the folder of the setting "
        "`blobs`, or s3://bucket/inbox/people.csv.");
  const std::string_view scheme = scheme_of_place(url);
  if (scheme != kFile && scheme != kS3)
    return refused("\"blob\" has the unknown scheme '" + url.substr(0, std::min<std::size_t>(colon, 20)) +
                   "'; known: file, s3.");
  if (scheme_of_place(place) != scheme)
    return refused(scheme == kFile
                       ? "this server keeps its files elsewhere than in a folder; a file: URL names "
                         "nothing in it."
                       : "this server keeps its files elsewhere than in S3; an s3: URL names "
                         "nothing in it.");
  auto found = scheme == kFile ? key_in_folder(url, place) : key_in_bucket(url, place);
  std::string key = TRY(std::move(found));
  if (auto may = check_named_blob(tenant, key); !may) return refused("\"blob\": " + may.error().message);
  return key;
}

}  // namespace sluice
