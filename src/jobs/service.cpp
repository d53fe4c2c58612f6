#include "jobs/service.h"

namespace sluice {
namespace {

constexpr std::string_view kScheme = "blob:";

}  // namespace

std::string blob_place(const std::string& key) { return std::string(kScheme) + key; }

std::string blob_key_of(const std::string& place) {
  return place.starts_with(kScheme) ? place.substr(kScheme.size()) : "";
}

Result<Input> open_blob_input(BlobStore& blobs, const Job& job, const std::string& version) {
  const std::string key = blob_key_of(job.blob);
  Result<BlobInfo> blob = blobs.stat(key);
  if (!blob && blob.error().kind == ErrorKind::not_found)
    return fail(ErrorKind::input,
                "the file of this job is not there any more (" + job.file_name + "); send it again.");
  if (!blob) return std::unexpected(std::move(blob).error());
  if (!version.empty() && blob->version != version)
    return fail(ErrorKind::input, "the file " + job.file_name +
                                      " has changed since its job was planned. Nothing more of it is loaded; "
                                      "send it as a new job.");
  Input input;
  input.name = job.file_name;
  input.place = job.blob;
  input.size = blob->size;
  input.version = blob->version;
  input.opener = [&blobs, key, version = blob->version](std::uint64_t offset) {
    return blobs.open(key, offset, version);
  };
  return input;
}

}  // namespace sluice
