// Opening what a command line names: a file, or standard input. Standard input is spooled to blobs, because
// planning looks at the whole input before the first row is stored; it streams where nothing is left to find
// out.
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

// Standard input as it comes. Detection may look at its beginning; after that it is read once.
Input stream_standard_input(OnBytes on_bytes);

// A copy of standard input in the blob store, gone with this object (and, after a crash, with the next one).
class SpooledInput {
 public:
  static Result<std::unique_ptr<SpooledInput>> spool(BlobStore& blobs, const OnBytes& on_bytes,
                                                     std::stop_token stop);
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

// What a command line calls `file`: a file, or standard input ("-"), streamed where `spec` leaves nothing to
// find out and spooled to `blobs_url` otherwise.
Result<OpenedInput> open_input(const std::string& file, const PipelineSpec& spec,
                               const std::string& blobs_url, const OnBytes& on_bytes, std::stop_token stop);

}  // namespace sluice
