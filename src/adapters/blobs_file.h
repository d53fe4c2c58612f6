// Files as inputs and as a blob store. Called by the wiring (a file named on the command line, standard
// input, the store behind `blobs: file:…`). Openers and the store may be used from any thread; a ByteSource
// is one thread's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "ports/blob_store.h"
#include "ports/byte_source.h"

namespace sluice {

// What tells one content of a file from another, short of reading it.
struct FileIdentity {
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  bool regular = true;  // false: a pipe or a device, which cannot be read twice

  std::string version() const;  // "size-modified": as BlobInfo::version
};
Result<FileIdentity> file_identity(const std::string& path);

// Opens a file named by a person: errors say what is there instead, or that nothing is.
Opener file_opener(std::string path);

// Reads what is left in an open descriptor, waiting where nothing is there yet; a stop request ends the wait.
// `name` is for messages. `owned`: the source closes the descriptor.
enum class Descriptor : std::uint8_t { owned, borrowed };
std::unique_ptr<ByteSource> descriptor_source(int descriptor, std::string name, Descriptor ownership);

// A blob store on a directory, which is made where it is missing. What a commit() returned for survives a
// power cut: the file and every directory that had to change are on the disk.
Result<std::unique_ptr<BlobStore>> open_blobs_file(const std::string& directory);

}  // namespace sluice
