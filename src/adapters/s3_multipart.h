// One multipart upload: parts of fixed sizes go up in the background, a few at once, and become an object
// when all are there. Used by whoever writes a blob to S3; one thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <future>
#include <string>
#include <vector>

#include "adapters/s3_client.h"
#include "base/result.h"

namespace sluice {

// How large a part is depends on its number only, so that whoever goes on with an upload cuts as the one
// before, and what reaches the server twice is the same twice. All but the last are full; S3 takes 10,000 of
// them.
constexpr std::uint64_t s3_part_bytes(std::size_t index) {  // the first has the index 0
  constexpr std::uint64_t kFirst = 8u << 20;
  constexpr std::size_t kOfOneSize = 2'000;  // some servers want all of one size: they have them up to 16 GiB
  return kFirst << std::min<std::size_t>(index / kOfOneSize, 5);
}
inline constexpr std::size_t kMostS3Parts = 10'000;

// The full parts that fit into the first `bytes`, and what they hold.
struct S3Cut {
  std::size_t parts = 0;
  std::uint64_t bytes = 0;
};
S3Cut s3_full_parts(std::uint64_t bytes);

struct S3Part {
  std::string etag, sha256;  // the digest in base64; empty where there are no checksums
};

// The headers that a new object gets: its encryption.
AwsFields s3_object_headers(const S3Url& url);
// A whole object in one request. `doing`: for messages.
Result<> s3_put(S3Client& client, const std::string& key, std::string_view bytes, const std::string& doing);

class S3Multipart {
 public:
  // `key`: of the object; `title`: what a person knows it by.
  S3Multipart(S3Client& client, std::string key, std::string title);
  ~S3Multipart() { wait(); }
  S3Multipart(const S3Multipart&) = delete;
  S3Multipart& operator=(const S3Multipart&) = delete;

  Result<> begin();
  // Goes on with one that is there, behind its first `parts` parts. not_found where they are not there.
  Result<> go_on(const std::string& id, const std::string& mark, std::size_t parts);
  bool begun() const { return !id_.empty(); }
  const std::string& id() const { return id_; }
  const std::string& mark() const { return mark_; }
  std::size_t parts() const { return parts_.size() + on_the_way_.size(); }

  // The next part. Waits while too many are on their way; an error may be that of an earlier one.
  Result<> add(std::string bytes);
  // All parts that were added are on the server.
  Result<> finish_parts();
  // The object is there, whole.
  Result<> complete();
  // The object that is there came of this very upload: somebody else has completed it.
  Result<bool> is_there() const;
  // Nothing is left of it. A stray error is of no use to anybody: what stays is found by the sweep.
  void abort();

 private:
  void wait() noexcept;
  Result<> take_first();

  S3Client& client_;
  const std::string key_, title_;
  std::string id_, mark_;  // S3's name for it, and one of our own that the object keeps
  std::vector<S3Part> parts_;
  std::deque<std::future<Result<S3Part>>> on_the_way_;
};

}  // namespace sluice
