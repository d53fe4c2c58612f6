// Reading an object of S3: in ranges of its bytes, a few of which are fetched ahead. All ranges are of one
// and the same version of the object. Called by S3Blobs::open; one thread per source.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <deque>
#include <future>
#include <optional>

#include "adapters/blobs_s3_internal.h"

namespace sluice {
namespace {

// Small at first, because many a reader wants the beginning only; then large enough that the time a request
// takes to begin is little beside its bytes. With what is read ahead a source holds 12 MiB at most.
constexpr std::uint64_t kFirstRangeBytes = 256u << 10, kRangeBytes = 4u << 20;
constexpr std::size_t kRangesAhead = 2;

struct ObjectVersion {
  std::string etag;                   // empty: whichever is there
  std::optional<std::uint64_t> size;  // none before anything was read
};

std::unexpected<Error> object_changed(const std::string& key) {
  return fail(ErrorKind::input,
              "the file '" + key +
                  "' was changed in S3 while it was read. Nothing more of it is loaded; send "
                  "it as a new job.");
}

// "bytes 0-99/1234"
std::optional<std::uint64_t> whole_size(const S3Answer& answer) {
  const std::string range = answer.header("content-range");
  const std::size_t slash = range.find('/');
  std::uint64_t size = 0;
  if (slash == std::string::npos) return std::nullopt;
  auto [end, error] = std::from_chars(range.data() + slash + 1, range.data() + range.size(), size);
  if (error != std::errc() || end != range.data() + range.size()) return std::nullopt;
  return size;
}

// One range of an object; what breaks off in the middle is gone on with where it broke.
class RangeFetch {
 public:
  RangeFetch(S3Client& client, std::string key) : client_(client), key_(std::move(key)) {}

  // `version`: what is empty of it is filled in; else it is the only one that is read.
  Result<std::string> fetch(std::uint64_t begin, std::uint64_t length, ObjectVersion& version,
                            const std::stop_token& stop) {
    std::string bytes;
    const std::uint64_t end = begin + length;
    S3Retries retries(client_.patience());
    while (true) {
      S3Answer answer;
      const std::uint64_t from = begin + bytes.size();
      auto definite = client_.attempt(request(from, end, version.etag), answer, stop);
      const bool ended = definite && *definite;
      if (ended && answer.status == 416) {  // behind the end, or of an empty object
        if (!version.size) return bytes;
        return object_changed(key_);
      }
      if (ended || (answer.status == 206 && !answer.body.empty())) {
        const bool all = TRY(take(answer, from, end, version, bytes));
        if (all) return bytes;
        retries.got_on();
      }
      const bool final = !definite && is_final(definite.error(), answer);
      if (!final && retries.again(stop)) continue;
      if (stop.stop_requested()) return fail(ErrorKind::cancelled, "reading '" + key_ + "' was stopped");
      if (!definite) return std::unexpected(std::move(definite).error().during("cannot read '" + key_ + "'"));
      return client_.failed(answer, "cannot read '" + key_ + "'");
    }
  }

 private:
  S3Request request(std::uint64_t begin, std::uint64_t end, const std::string& etag) const {
    S3Request request{.key = client_.url().prefix + key_};
    request.headers = {{"Range", "bytes=" + std::to_string(begin) + "-" + std::to_string(end - 1)}};
    if (!etag.empty()) request.headers.emplace_back("If-Match", '"' + etag + '"');
    return request;
  }

  // True once everything is there.
  Result<bool> take(S3Answer& answer, std::uint64_t begin, std::uint64_t end, ObjectVersion& version,
                    std::string& bytes) {
    if (answer.status == 404 && answer.code != "NoSuchBucket") {
      if (version.size) return object_changed(key_);
      return fail(ErrorKind::not_found, "there is no blob '" + key_ + "'");
    }
    if (answer.status == 412) return object_changed(key_);
    if (!answer.ok()) return client_.failed(answer, "cannot read '" + key_ + "'");
    // A server that knows no If-Match must not mix two versions either.
    if (!version.etag.empty() && answer.etag() != version.etag) return object_changed(key_);
    if (answer.status == 200 && answer.body.empty() && begin == 0) return true;  // an empty object
    const auto size = whole_size(answer);
    if (answer.status != 206 || !size || answer.body.size() > end - begin)
      return fail(ErrorKind::io, "cannot read '" + key_ + "': " + client_.url().host +
                                     " does not answer a request for some of its bytes as S3 does.");
    if (*size != version.size.value_or(*size)) return object_changed(key_);
    version = {answer.etag(), size};
    const std::uint64_t reached = begin + answer.body.size();
    if (bytes.empty())
      bytes = std::move(answer.body);
    else
      bytes += answer.body;
    return reached >= std::min(end, *size);
  }

  S3Client& client_;
  const std::string key_;
};

class S3Source final : public ByteSource {
 public:
  S3Source(S3Client& client, std::string key, ObjectVersion version, std::uint64_t next, std::string first)
      : client_(client),
        key_(std::move(key)),
        version_(std::move(version)),
        next_(next),
        range_(std::move(first)) {}
  ~S3Source() override { stop_.request_stop(); }  // and the futures wait

  Result<std::size_t> read(std::span<char> into, std::stop_token stop) override {
    if (stop.stop_requested()) return fail(ErrorKind::cancelled, "reading '" + key_ + "' was stopped");
    if (failed_) return std::unexpected(*failed_);
    if (taken_ == range_.size()) {
      auto next = next_range(stop);
      if (!next) failed_ = next.error();  // what follows must not be taken for what comes next
      TRY(std::move(next));
    }
    const std::size_t count = std::min(into.size(), range_.size() - taken_);
    std::memcpy(into.data(), range_.data() + taken_, count);
    taken_ += count;
    return count;
  }

 private:
  void fetch_ahead() {
    const std::uint64_t size = version_.size.value_or(0);
    while (ahead_.size() < kRangesAhead && next_ < size) {
      const std::uint64_t length = std::min(length_, size - next_);
      ahead_.push_back(std::async(std::launch::async, [this, begin = next_, length] {
        ObjectVersion version = version_;
        return RangeFetch(client_, key_).fetch(begin, length, version, stop_.get_token());
      }));
      next_ += length;
      length_ = std::min(2 * length_, kRangeBytes);
    }
  }

  Result<> next_range(const std::stop_token& stop) {
    fetch_ahead();
    range_.clear();
    taken_ = 0;
    if (ahead_.empty()) return {};
    std::stop_callback end(stop, [this] { stop_.request_stop(); });
    Result<std::string> fetched = ahead_.front().get();
    ahead_.pop_front();
    range_ = TRY(std::move(fetched));
    fetch_ahead();
    return {};
  }

  S3Client& client_;
  const std::string key_;
  const ObjectVersion version_;
  std::uint64_t next_;  // where the next range to ask for begins
  std::uint64_t length_ = 2 * kFirstRangeBytes;
  std::string range_;
  std::size_t taken_ = 0;  // of range_
  std::optional<Error> failed_;
  std::stop_source stop_;  // of what is fetched ahead
  std::deque<std::future<Result<std::string>>> ahead_;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_s3_source(S3Client& client, const std::string& key,
                                                   std::uint64_t offset, const std::string& etag) {
  ObjectVersion version{.etag = etag, .size = std::nullopt};
  std::string first = TRY(RangeFetch(client, key).fetch(offset, kFirstRangeBytes, version, {}));
  const std::uint64_t next = offset + first.size();
  return std::make_unique<S3Source>(client, key, std::move(version), next, std::move(first));
}

}  // namespace sluice
