// Input: one file to load: what it is called, where its bytes are, and what tells that it has changed.
#pragma once

#include <cstdint>
#include <string>

#include "ports/byte_source.h"

namespace sluice {

struct Input {
  std::string name;        // as the sender calls it, for messages and ingestion_jobs.file_name
  std::string place;       // where the bytes are, absolute: "file:/data/people.csv"; "" for a stream
  std::uint64_t size = 0;  // bytes; 0 where unknown
  std::string version;     // size and modification time, or ETag: another one is another content
  Opener opener;
  bool streaming = false;  // standard input that was not spooled: one pass, no second look
};

}  // namespace sluice
