#include "app/open_input.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "adapters/blobs_file.h"
#include "app/open_store.h"
#include "base/sha256.h"
#include "base/uuid.h"
#include "formats/detect_cache.h"
#include "jobs/owner.h"

namespace sluice {
namespace {

constexpr std::size_t kReadBytes = 1 << 20;

class CountingSource final : public ByteSource {
 public:
  CountingSource(std::unique_ptr<ByteSource> inner, OnBytes on_bytes)
      : inner_(std::move(inner)), on_bytes_(std::move(on_bytes)) {}
  Result<std::size_t> read(std::span<char> into, std::stop_token stop) override {
    std::size_t got = TRY(inner_->read(into, stop));
    on_bytes_(got);
    return got;
  }
  std::optional<std::uint64_t> whole_size() const override { return inner_->whole_size(); }

 private:
  std::unique_ptr<ByteSource> inner_;
  OnBytes on_bytes_;
};

Opener counting(Opener opener, OnBytes on_bytes) {
  if (!on_bytes) return opener;
  return [opener = std::move(opener),
          on_bytes = std::move(on_bytes)](std::uint64_t offset) -> Result<std::unique_ptr<ByteSource>> {
    std::unique_ptr<ByteSource> source = TRY(opener(offset));
    return std::make_unique<CountingSource>(std::move(source), on_bytes);
  };
}

// Spooled blobs are named after the process that made them, so that what a crash left behind can be told.
std::string spool_prefix(std::string owner) {
  std::replace_if(
      owner.begin(), owner.end(), [](unsigned char c) { return !std::isalnum(c) && c != '-' && c != '/'; },
      '-');
  return "spool/" + owner;
}

void remove_orphans(BlobStore& blobs) {
  auto spooled = blobs.list("spool/");
  if (!spooled) return;
  for (const BlobInfo& blob : *spooled) {
    std::string owner = blob.key.substr(6, blob.key.rfind('/') - 6);
    if (is_dead(owner)) (void)blobs.remove(blob.key);
  }
}

}  // namespace

Result<NamedInput> look_at_input(const std::string& file) {
  if (file == "-") return NamedInput{true, 0, "standard input", "stdin"};
  FileIdentity identity = TRY(file_identity(file));
  // What `<(command)` of a shell becomes has a number for a name.
  bool nameless = file.starts_with("/dev/") || file.starts_with("/proc/");
  bool reads_once = !identity.regular && file != "/dev/null";
  return NamedInput{reads_once, identity.size, file, reads_once && nameless ? "stdin" : file};
}

Result<Input> open_file(const std::string& path, OnBytes on_bytes) {
  FileIdentity identity = TRY(file_identity(path));
  Input input;
  input.name = std::filesystem::path(path).filename();
  input.place = "file:" + std::filesystem::absolute(path).lexically_normal().string();
  input.size = identity.size;
  input.version = identity.version();
  input.opener = counting(file_opener(path), std::move(on_bytes));
  if (identity.size <= kSmallInputBytes) input.opener = in_memory_opener(std::move(input.opener));
  return input;
}

bool declares_everything(const PipelineSpec& spec) {
  const SourceSpec& source = spec.source;
  if (source.format == SourceFormat::automatic || source.encoding == "auto" || !spec.schema) return false;
  if (source.format == SourceFormat::xlsx) return false;  // an archive is read from its end
  if (spec.max_rejects.share) return false;               // a share of rows that nobody has counted
  if (source.format == SourceFormat::json || source.format == SourceFormat::ndjson) return true;
  bool delimiter = source.dialect.delimiter || source.format == SourceFormat::tsv;
  return delimiter && (source.dialect.header || !source.dialect.header_rows.empty());
}

Input stream_once(std::string name, std::unique_ptr<ByteSource> source, OnBytes on_bytes) {
  if (on_bytes) source = std::make_unique<CountingSource>(std::move(source), std::move(on_bytes));
  Input input;
  input.name = std::move(name);
  input.streaming = true;
  input.opener = replaying_opener(std::move(source));
  return input;
}

Result<std::unique_ptr<SpooledInput>> SpooledInput::spool(BlobStore& blobs, std::string name,
                                                          ByteSource& source, const OnBytes& on_bytes,
                                                          std::stop_token stop) {
  remove_orphans(blobs);
  std::string key = spool_prefix(this_process()) + "/" + new_uuid();
  auto writer = TRY(blobs.create(key));
  std::vector<char> bytes(kReadBytes);
  std::uint64_t size = 0;
  Sha256 digest;
  while (std::size_t got = TRY(source.read(bytes, stop))) {
    TRY(writer->write({bytes.data(), got}));
    digest.update({bytes.data(), got});
    size += got;
    if (on_bytes) on_bytes(got);
  }
  TRY(writer->commit());
  std::unique_ptr<SpooledInput> spooled(new SpooledInput(blobs, key));
  Input& input = spooled->input_;
  input.name = std::move(name);
  // The content names it: the same bytes piped in again go on where an interrupted run stopped.
  input.place = "standard-input:" + to_hex(digest.finish());
  input.version = std::to_string(size);
  input.size = size;
  input.opener = counting([&blobs, key](std::uint64_t offset) { return blobs.open(key, offset); }, on_bytes);
  return spooled;
}

SpooledInput::~SpooledInput() { (void)blobs_.remove(key_); }

Result<OpenedInput> open_input(const std::string& file, const PipelineSpec& spec,
                               const std::string& blobs_url, const OnBytes& on_bytes, std::stop_token stop) {
  OpenedInput opened;
  NamedInput named = TRY(look_at_input(file));
  if (!named.reads_once) {
    opened.input = TRY(open_file(file, on_bytes));
    return opened;
  }
  std::unique_ptr<ByteSource> source =
      file == "-" ? descriptor_source(STDIN_FILENO, named.title, Descriptor::borrowed)
                  : TRY(file_opener(file)(0));
  if (declares_everything(spec)) {
    opened.input = stream_once(named.title, std::move(source), on_bytes);
  } else {
    opened.blobs = TRY(open_blobs(blobs_url));
    opened.spooled = TRY(SpooledInput::spool(*opened.blobs, named.title, *source, on_bytes, stop));
    opened.input = opened.spooled->input();
  }
  return opened;
}

}  // namespace sluice
