// Unfinished blobs on S3: full parts are in a multipart upload, and what is left over, less than a part, is
// an object of its own, written at each sync(). Any node goes on with one; the one that began last is its
// owner.
//
//   PREFIX.unfinished/KEY/head     JSON: who writes, and which multipart upload it is ('/' in KEY becomes
//   '+') PREFIX.unfinished/KEY/OFFSET   what stands behind the last full part of the first OFFSET bytes
//
// OFFSET has twenty digits. The last few are kept: whoever noted an offset may not have noted the one after
// it.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "adapters/blobs_s3_internal.h"
#include "base/uuid.h"

namespace sluice {
namespace {

constexpr std::size_t kTailsKept = 3;
constexpr std::size_t kOffsetDigits = 20;

std::string folder_of(const S3Client& client, std::string key) {
  std::ranges::replace(key, '/', '+');  // which no key holds
  return client.url().prefix + ".unfinished/" + key + "/";
}

std::string tail_name(std::uint64_t offset) {
  const std::string digits = std::to_string(offset);
  return std::string(kOffsetDigits - digits.size(), '0') + digits;
}

struct Head {
  std::string owner, upload, mark;  // the latter two empty until there is a full part
};

std::string json_of(const Head& head) {
  return nlohmann::json{{"owner", head.owner}, {"upload", head.upload}, {"mark", head.mark}}.dump();
}

Result<std::string> get_small(S3Client& client, const std::string& key, const std::string& doing) {
  const S3Answer answer = TRY(client.call({.key = key}));
  if (answer.status == 404 && answer.code != "NoSuchBucket")
    return fail(ErrorKind::not_found, doing + ": nothing is kept of it.");
  if (!answer.ok()) return client.failed(answer, doing);
  return answer.body;
}

// not_found where nothing is kept.
Result<Head> read_head(S3Client& client, const std::string& folder, const std::string& doing) {
  const std::string text = TRY(get_small(client, folder + "head", doing));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  Head head;
  if (json.is_object())
    for (auto [name, into] :
         {std::pair("owner", &head.owner), {"upload", &head.upload}, {"mark", &head.mark}})
      if (json.contains(name) && json[name].is_string()) *into = json[name];
  if (head.owner.empty())
    return fail(ErrorKind::io, doing + ": '" + folder + "head' in the bucket is not what was written there.");
  return head;
}

class S3PartialBlob final : public PartialBlob {
 public:
  S3PartialBlob(S3Client& client, const std::string& key)
      : client_(client),
        folder_(folder_of(client, key)),
        key_(key),
        upload_(client, client.url().prefix + key, key) {
    head_.owner = new_uuid();
  }

  Result<> begin() {
    TRY(remove_s3_partial(client_, key_));
    return write_head();
  }

  Result<> go_on(std::uint64_t offset) {
    const std::string doing = "cannot go on with the unfinished blob '" + key_ + "'";
    const Head before = TRY(read_head(client_, folder_, doing));
    for (const S3Object& object : TRY(list_s3_objects(client_, folder_)))
      if (object.key != folder_ + "head") tails_.push_back(number_of(object.key.substr(folder_.size())));
    // A later tail does as well, as long as it begins before the offset.
    const S3Cut cut = s3_full_parts(offset);
    const auto tail = std::ranges::lower_bound(tails_, offset);
    if (tail == tails_.end() || s3_full_parts(*tail).bytes != cut.bytes)
      return fail(ErrorKind::io, doing + " at byte " + std::to_string(offset) + ": " +
                                     std::to_string(tails_.empty() ? 0 : tails_.back()) + " bytes are kept.");
    rest_ = TRY(get_small(client_, folder_ + tail_name(*tail), doing));
    if (rest_.size() != *tail - cut.bytes)
      return fail(ErrorKind::io, doing + ": what is kept of it has another size than it had.");
    rest_.resize(offset - cut.bytes);
    if (before.upload.empty() && cut.parts > 0)
      return fail(ErrorKind::not_found, doing + ": nobody knows where its first parts are.");
    if (!before.upload.empty()) TRY(upload_.go_on(before.upload, before.mark, cut.parts));
    head_.upload = before.upload;
    head_.mark = before.mark;
    offset_ = offset;
    synced_ = *tail == offset ? offset : kNothing;
    return write_head();
  }

  Result<> write(std::string_view bytes) override {
    TRY(usable());
    broken_ = true;  // until it has gone well
    while (!bytes.empty()) {
      const std::uint64_t full = s3_part_bytes(upload_.parts());
      const std::string_view now = bytes.substr(0, full - rest_.size());
      rest_ += now;
      offset_ += now.size();
      bytes.remove_prefix(now.size());
      if (rest_.size() == full) TRY(add_part());
    }
    broken_ = false;
    return {};
  }

  Result<> sync() override {
    TRY(usable());
    if (offset_ == synced_) return {};
    broken_ = true;
    TRY(upload_.finish_parts());
    TRY(check_owner());
    TRY(s3_put(client_, folder_ + tail_name(offset_), rest_, "cannot keep '" + key_ + "'"));
    broken_ = false;
    synced_ = offset_;
    // What lies behind was of somebody who is gone; what lies long before nobody asks for.
    std::vector<std::uint64_t> kept;
    for (std::uint64_t tail : tails_)
      if (tail < offset_) kept.push_back(tail);
    while (kept.size() >= kTailsKept) {
      TRY(remove_s3_object(client_, folder_ + tail_name(kept.front()), "cannot tidy up '" + key_ + "'"));
      kept.erase(kept.begin());
    }
    kept.push_back(offset_);
    tails_ = std::move(kept);
    return {};
  }

  Result<> commit() override {
    TRY(usable());
    broken_ = true;
    if (upload_.parts() == 0) {
      TRY(check_owner());
      TRY(s3_put(client_, client_.url().prefix + key_, rest_, "cannot store '" + key_ + "'"));
    } else {
      auto completed = complete();
      // Another node that went on with it at the same time may have been quicker, with the same bytes.
      const bool may_be_there = !completed && completed.error().kind != ErrorKind::unavailable;
      if (!may_be_there || !TRY(upload_.is_there())) TRY(std::move(completed));
      head_.upload.clear();
    }
    return remove_s3_partial(client_, key_);
  }

 private:
  static constexpr std::uint64_t kNothing = ~std::uint64_t{0};

  Result<> usable() const {
    if (broken_) return fail(ErrorKind::io, "writing '" + key_ + "' has failed before; it has to begin anew");
    return {};
  }

  Result<> write_head() {
    return s3_put(client_, folder_ + "head", json_of(head_), "cannot keep '" + key_ + "'");
  }

  Result<> check_owner() {
    const Head now = TRY(read_head(client_, folder_, "cannot go on with the unfinished blob '" + key_ + "'"));
    if (now.owner == head_.owner) return {};
    return fail(ErrorKind::conflict, "somebody else is writing the unfinished blob '" + key_ + "'", true);
  }

  Result<> complete() {
    if (!rest_.empty()) TRY(upload_.add(std::exchange(rest_, {})));
    TRY(upload_.finish_parts());
    TRY(check_owner());
    return upload_.complete();
  }

  Result<> add_part() {
    TRY(check_owner());
    if (!upload_.begun()) {
      TRY(upload_.begin());
      head_.upload = upload_.id();
      head_.mark = upload_.mark();
      TRY(write_head());
    }
    return upload_.add(std::exchange(rest_, {}));
  }

  S3Client& client_;
  const std::string folder_, key_;
  S3Multipart upload_;
  Head head_;
  std::string rest_;          // behind the full parts
  std::uint64_t offset_ = 0;  // with what is not synced
  std::uint64_t synced_ = kNothing;
  std::vector<std::uint64_t> tails_;  // rising
  bool broken_ = false;
};

}  // namespace

Result<std::unique_ptr<PartialBlob>> resume_s3_partial(S3Client& client, const std::string& key,
                                                       std::uint64_t offset) {
  auto blob = std::make_unique<S3PartialBlob>(client, key);
  if (offset == 0)
    TRY(blob->begin());
  else
    TRY(blob->go_on(offset));
  return blob;
}

Result<std::string> upload_of_s3_partial(S3Client& client, const std::string& key) {
  auto head = read_head(client, folder_of(client, key), "cannot look at the unfinished blob '" + key + "'");
  if (!head && head.error().kind == ErrorKind::not_found) return "";
  return TRY(std::move(head)).upload;
}

Result<> remove_s3_partial(S3Client& client, const std::string& key) {
  const std::string folder = folder_of(client, key),
                    doing = "cannot remove the unfinished blob '" + key + "'";
  const auto objects = TRY(list_s3_objects(client, folder));
  if (objects.empty()) return {};
  auto upload = upload_of_s3_partial(client, key);
  if (!upload) return std::unexpected(std::move(upload).error());
  if (!upload->empty()) {
    S3Request request{.method = "DELETE", .key = client.url().prefix + key, .query = {{"uploadId", *upload}}};
    const S3Answer answer = TRY(client.call(request));
    if (!answer.ok() && answer.status != 404) return client.failed(answer, doing);
  }
  // The head is the last to go: while it is there, what is left is found again.
  for (const S3Object& object : objects)
    if (object.key != folder + "head") TRY(remove_s3_object(client, object.key, doing));
  return remove_s3_object(client, folder + "head", doing);
}

}  // namespace sluice
