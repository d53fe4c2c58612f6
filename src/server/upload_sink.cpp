#include "server/upload_sink.h"

#include <algorithm>
#include <span>

#include "base/size_text.h"
#include "base/uuid.h"
#include "jobs/upload_keys.h"
#include "server/file_content.h"
#include "server/hash_beside.h"
#include "server/http_message.h"

namespace sluice {
namespace {

// Other writers use the disk, too: it is looked at again after so much.
constexpr std::uint64_t kCheckBytes = 16 << 20;

std::unexpected<Error> no_space(const std::string& detail) {
  return refuse({.status = 507,
                 .name = "no-space",
                 .title = "The server's disk is full",
                 .detail = detail + " Tell who runs this server, and send it again when there is room."});
}

}  // namespace

Result<> SpaceCheck::fits(std::uint64_t bytes) {
  auto space = TRY(blobs_->space_left());
  if (!space || (*space > reserve_bytes_ && *space - reserve_bytes_ >= bytes)) return {};
  return no_space("There is no room for " + (bytes == 0 ? "more" : size_text(bytes)) +
                  " on the server's disk.");
}

Result<> SpaceCheck::written(std::uint64_t bytes) {
  unchecked_ += bytes;
  if (unchecked_ < kCheckBytes) return {};
  unchecked_ = 0;
  return fits(0);
}

std::unexpected<Error> SpaceCheck::failed(Error error) {
  auto space = blobs_->space_left();
  if (error.kind == ErrorKind::io && space && *space && **space <= reserve_bytes_)
    return no_space("The server's disk ran full before the file was whole.");
  return std::unexpected(std::move(error));
}

Result<> ContentCheck::pass(std::string_view bytes) {
  if (!content_type_.empty()) return {};
  head_ += bytes.substr(0, kHeadBytes - head_.size());
  if (head_.size() < kHeadBytes) return {};
  content_type_ = TRY(content_type_of(head_, false, file_name_));
  head_ = std::string();
  return {};
}

Result<std::string> ContentCheck::finish() {
  if (content_type_.empty()) content_type_ = TRY(content_type_of(head_, true, file_name_));
  return content_type_;
}

Result<std::unique_ptr<UploadSink>> UploadSink::begin(BlobStore& blobs, std::uint64_t reserve_bytes,
                                                      const std::string& file_name,
                                                      std::optional<std::uint64_t> expected) {
  SpaceCheck space(blobs, reserve_bytes);
  TRY(space.fits(expected.value_or(0)));
  std::string id = new_uuid();
  auto writer = TRY(blobs.create(upload_key(id)));
  return std::unique_ptr<UploadSink>(new UploadSink(std::move(writer), id, space, file_name));
}

Result<> UploadSink::write(std::string_view bytes) {
  TRY(content_.pass(bytes));
  TRY(space_.written(bytes.size()));
  auto written = hash_beside(digest_, bytes, [&] { return writer_->write(bytes); });
  if (!written) return space_.failed(std::move(written).error());
  size_ += bytes.size();
  return {};
}

Result<ReceivedFile> UploadSink::commit() {
  ReceivedFile file;
  file.content_type = TRY(content_.finish());
  auto committed = writer_->commit();
  if (!committed) return space_.failed(std::move(committed).error());
  file.id = id_;
  file.blob_key = upload_key(id_);
  file.sha256 = to_hex(digest_.finish());
  file.size = size_;
  return file;
}

Result<std::string> head_of_blob(BlobStore& blobs, const std::string& key) {
  auto source = TRY(blobs.open(key, 0));
  std::string head(kHeadBytes, '\0');
  std::size_t held = 0;
  while (held < head.size()) {
    std::size_t count = TRY(source->read(std::span(head).subspan(held), {}));
    if (count == 0) break;
    held += count;
  }
  head.resize(held);
  return head;
}

}  // namespace sluice
