// Opening what a command line names: a file, or something that can be read only once: standard input, a named
// pipe. That is spooled to blobs, because planning looks at the whole input before the first row is stored;
// it streams where nothing is left to find out.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "jobs/input.h"
#include "pipeline/pipeline_spec.h"
#include "ports/blob_store.h"

namespace sluice {

// Told how many raw bytes were read, from the thread that reads.
using OnBytes = std::function<void(std::uint64_t)>;

Result<Input> open_file(const std::string& path, OnBytes on_bytes);

// Is everything declared that looking at the input would have to find out: format, encoding, dialect, schema?
bool declares_everything(const PipelineSpec& spec);

// What a command line calls `file`, before it is opened.
struct NamedInput {
  bool reads_once = false;    // standard input ("-"), a pipe or a device: it is spooled, or streams
  std::uint64_t size = 0;     // of a file; 0 where nobody knows
  std::string title;          // for people: the file as named, "standard input"
  std::string pipeline_stem;  // what a pipeline is named after: the file, or "stdin" where it has no name
};
Result<NamedInput> look_at_input(const std::string& file);

// What is read once, as it comes. Detection may look at its beginning; after that it is read on.
Input stream_once(std::string name, std::unique_ptr<ByteSource> source, OnBytes on_bytes);

// A copy of what is read once in the blob store, gone with this object (and, after a crash, with the next
// one).
class SpooledInput {
 public:
  static Result<std::unique_ptr<SpooledInput>> spool(BlobStore& blobs, std::string name, ByteSource& source,
                                                     const OnBytes& on_bytes, std::stop_token stop);
  ~SpooledInput();
  SpooledInput(const SpooledInput&) = delete;
  SpooledInput& operator=(const SpooledInput&) = delete;

  const Input& input() const { return input_; }

 private:
  SpooledInput(BlobStore& blobs, std::string key) : blobs_(blobs), key_(std::move(key)) {}
  BlobStore& blobs_;
  std::string key_;
  Input input_;
};

// An input and what has to live as long as it.
struct OpenedInput {
  std::unique_ptr<BlobStore> blobs;  // outlives what is spooled in it
  std::unique_ptr<SpooledInput> spooled;
  Input input;
};

// What a command line calls `file`; what is read once is streamed where `spec` leaves nothing to find out and
// spooled to `blobs_url` otherwise.
Result<OpenedInput> open_input(const std::string& file, const PipelineSpec& spec,
                               const std::string& blobs_url, const OnBytes& on_bytes, std::stop_token stop);

}  // namespace sluice
