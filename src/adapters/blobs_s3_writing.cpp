// A blob that is written from beginning to end: one request where it is small, else a multipart upload.
#include "adapters/blobs_s3_internal.h"

namespace sluice {
namespace {

class S3Writer final : public BlobWriter {
 public:
  S3Writer(S3Client& client, const std::string& key)
      : client_(client), key_(key), upload_(client, client.url().prefix + key, key) {}
  ~S3Writer() override {
    if (!committed_) upload_.abort();
  }

  Result<> write(std::string_view bytes) override {
    TRY(usable());
    broken_ = true;  // until it has gone well
    while (!bytes.empty()) {
      const std::uint64_t full = s3_part_bytes(upload_.parts());
      const std::string_view now = bytes.substr(0, full - rest_.size());
      rest_ += now;
      bytes.remove_prefix(now.size());
      if (rest_.size() < full) break;
      if (!upload_.begun()) TRY(upload_.begin());
      TRY(upload_.add(std::exchange(rest_, {})));
    }
    broken_ = false;
    return {};
  }

  Result<> commit() override {
    if (committed_) return {};
    TRY(usable());
    broken_ = true;
    if (!upload_.begun()) {
      TRY(s3_put(client_, client_.url().prefix + key_, rest_, "cannot store '" + key_ + "'"));
    } else {
      if (!rest_.empty()) TRY(upload_.add(std::exchange(rest_, {})));
      TRY(upload_.complete());
    }
    broken_ = false;
    committed_ = true;
    return {};
  }

 private:
  Result<> usable() const {
    if (broken_) return fail(ErrorKind::io, "writing '" + key_ + "' has failed before; it has to begin anew");
    return {};
  }

  S3Client& client_;
  const std::string key_;
  S3Multipart upload_;
  std::string rest_;  // less than a part
  bool broken_ = false, committed_ = false;
};

}  // namespace

std::unique_ptr<BlobWriter> make_s3_writer(S3Client& client, const std::string& key) {
  return std::make_unique<S3Writer>(client, key);
}

}  // namespace sluice
