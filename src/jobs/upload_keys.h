// Keys of the blobs that uploads make. The service removes only what stands under them: a file that lay in
// the blob store before its job was made is its owner's. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// `id`: a UUIDv7, of the job that the file becomes.
std::string upload_key(const std::string& id);     // sent in one request
std::string resumable_key(const std::string& id);  // sent in pieces (tus)

bool is_upload_key(std::string_view key);
bool is_resumable_key(std::string_view key);
std::string id_of_upload_key(std::string_view key);

// Is it the service's own, so that no sender may name it: an upload, or what `sluice run` spooled?
bool is_own_key(std::string_view key);

}  // namespace sluice
