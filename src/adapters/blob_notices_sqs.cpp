#include "adapters/blob_notices_sqs.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "adapters/blob_key.h"
#include "adapters/sqs_client.h"
#include "base/url_text.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

constexpr int kMostAtOnce = 10;
// What was received and not done comes again then: a node died, or the store was away.
constexpr std::chrono::seconds kHold{60};

// A member of a member of …; null where there is none.
const Json& member(const Json& value, std::initializer_list<const char*> path) {
  static const Json none;
  const Json* at = &value;
  for (const char* name : path) {
    if (!at->is_object()) return none;
    const auto found = at->find(name);
    if (found == at->end()) return none;
    at = &*found;
  }
  return *at;
}

std::string as_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

// S3 writes keys as forms are: a blank is a plus.
std::string decoded_key(std::string key) {
  std::ranges::replace(key, '+', ' ');
  return percent_decoded(key).value_or(std::string());
}

class SqsBlobNotices final : public BlobNotices {
 public:
  SqsBlobNotices(const SqsUrl& url, const S3Url& blobs, std::shared_ptr<AwsCredentials> credentials,
                 const AwsPatience& patience)
      : url_(url), blobs_(blobs), client_(url, std::move(credentials), patience) {}

  Result<> open() {
    auto found = client_.find(url_.queue, url_.account);
    if (!found && found.error().kind == ErrorKind::not_found)
      return fail(ErrorKind::usage, "there is no SQS queue '" + url_.queue +
                                        "' (setting `notifications`). Make it, and let the bucket's event "
                                        "notifications go there.");
    queue_url_ = TRY(std::move(found));
    return {};
  }

  Result<std::vector<BlobNotice>> receive(std::chrono::seconds wait, std::stop_token stop) override {
    auto messages = client_.receive(queue_url_, kMostAtOnce, kHold, wait, stop);
    std::vector<BlobNotice> notices;
    if (!messages && messages.error().kind == ErrorKind::cancelled) return notices;
    for (SqsIncoming& message : TRY(std::move(messages)))
      notices.push_back({keys_in_notification(message.body, blobs_), std::move(message.receipt)});
    return notices;
  }

  Result<> done(std::span<const BlobNotice> notices) override {
    std::vector<std::string> receipts;
    for (const BlobNotice& notice : notices) receipts.push_back(notice.token);
    return client_.remove(queue_url_, receipts);
  }

 private:
  const SqsUrl url_;
  const S3Url blobs_;
  SqsClient client_;
  std::string queue_url_;
};

}  // namespace

std::vector<std::string> keys_in_notification(std::string_view json, const S3Url& blobs) {
  Json event = Json::parse(json.begin(), json.end(), nullptr, false);
  // SNS wraps what it was given.
  if (const std::string wrapped = as_text(member(event, {"Message"})); !wrapped.empty())
    event = Json::parse(wrapped, nullptr, false);
  std::vector<std::string> keys;
  auto add = [&](const Json& bucket, const std::string& key) {
    if (as_text(bucket) != blobs.bucket || !key.starts_with(blobs.prefix)) return;
    // Other names are none that a schedule could watch.
    if (std::string below = key.substr(blobs.prefix.size()); is_blob_key(below))
      keys.push_back(std::move(below));
  };
  // EventBridge writes keys as they are.
  if (as_text(member(event, {"detail-type"})) == "Object Created")
    add(member(event, {"detail", "bucket", "name"}), as_text(member(event, {"detail", "object", "key"})));
  if (const Json& records = member(event, {"Records"}); records.is_array())
    for (const Json& record : records)
      if (as_text(member(record, {"eventName"})).starts_with("ObjectCreated:"))
        add(member(record, {"s3", "bucket", "name"}),
            decoded_key(as_text(member(record, {"s3", "object", "key"}))));
  return keys;
}

Result<std::unique_ptr<BlobNotices>> open_sqs_blob_notices(const SqsUrl& url, const S3Url& blobs,
                                                           std::shared_ptr<AwsCredentials> credentials,
                                                           const AwsPatience& patience) {
  auto notices = std::make_unique<SqsBlobNotices>(url, blobs, std::move(credentials), patience);
  TRY(notices->open());
  return std::unique_ptr<BlobNotices>(std::move(notices));
}

}  // namespace sluice
