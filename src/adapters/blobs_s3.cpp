#include "adapters/blobs_s3.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <thread>

#include <curl/curl.h>

#include "adapters/blob_key.h"
#include "adapters/blobs_s3_internal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/url_text.h"
#include "base/uuid.h"

namespace sluice {
namespace {

// A list that is said to go on, but not from where.
std::unexpected<Error> no_way_on(const S3Client& client) {
  return fail(ErrorKind::io,
              client.url().host + " gives lists in pieces, and not where the next one begins; is it S3?");
}

using namespace std::chrono_literals;

// As long as a file of a killed writer lies beside the blobs on a disk.
constexpr auto kAbandonedAge = 24h;
constexpr auto kSweepEvery = 1h;

// Where S3 says a time: a header of HTTP, or RFC 3339 in its XML.
std::int64_t http_time_ms(const std::string& text) {
  return std::max<std::int64_t>(0, std::int64_t{curl_getdate(text.c_str(), nullptr)} * 1000);
}

std::int64_t xml_time_ms(const std::string& text) {
  const auto time = parse_rfc3339(text);
  return time ? ms_since_1970(*time) : 0;
}

std::string without_quotes(std::string text) {
  std::erase(text, '"');
  return text;
}

class S3Blobs final : public BlobStore {
 public:
  explicit S3Blobs(std::unique_ptr<S3Client> client) : client_(std::move(client)) {
    sweeper_ = std::jthread([this](std::stop_token stop) { sweep(stop); });
  }

  Result<std::unique_ptr<ByteSource>> open(const std::string& key, std::uint64_t offset,
                                           const std::string& version) override {
    TRY(check_blob_key(key));
    return open_s3_source(*client_, key, offset, version);
  }

  Result<std::unique_ptr<BlobWriter>> create(const std::string& key) override {
    TRY(check_blob_key(key));
    return make_s3_writer(*client_, key);
  }

  Result<std::unique_ptr<PartialBlob>> resume(const std::string& key, std::uint64_t offset) override {
    TRY(check_blob_key(key));
    return resume_s3_partial(*client_, key, offset);
  }

  Result<std::optional<std::uint64_t>> space_left() override { return std::optional<std::uint64_t>(); }

  Result<BlobInfo> stat(const std::string& key) override {
    TRY(check_blob_key(key));
    const S3Answer answer = TRY(client_->call({.method = "HEAD", .key = client_->url().prefix + key}));
    if (answer.status == 404) return fail(ErrorKind::not_found, "there is no blob '" + key + "'");
    if (!answer.ok()) return client_->failed(answer, "cannot look at blob '" + key + "'");
    return BlobInfo{key, number_of(answer.header("content-length")), answer.etag(),
                    http_time_ms(answer.header("last-modified"))};
  }

  Result<> remove(const std::string& key) override {
    TRY(check_blob_key(key));
    TRY(remove_s3_object(*client_, client_->url().prefix + key, "cannot remove blob '" + key + "'"));
    return remove_s3_partial(*client_, key);
  }

  Result<std::vector<BlobInfo>> list(const std::string& prefix) override {
    std::vector<BlobInfo> found;
    const std::string& root = client_->url().prefix;
    for (S3Object& object : TRY(list_s3_objects(*client_, root + prefix))) {
      std::string key = object.key.substr(root.size());
      if (is_blob_key(key))
        found.push_back({std::move(key), object.size, std::move(object.etag), object.modified_ms});
    }
    std::ranges::sort(found, {}, &BlobInfo::key);
    return found;
  }

 private:
  void sweep(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    while (!stop.stop_requested()) {
      auto swept = sweep_s3_uploads(*client_, kAbandonedAge, stop);
      if (!swept && swept.error().kind != ErrorKind::cancelled)
        log_warning("abandoned uploads are not looked for", {{"error", swept.error().message}});
      std::unique_lock lock(mutex);
      stopped.wait_for(lock, stop, kSweepEvery, [] { return false; });
    }
  }

  std::unique_ptr<S3Client> client_;
  std::jthread sweeper_;
};

struct MultipartUpload {
  std::string key, id;
  std::int64_t begun_ms = 0;
};

Result<std::vector<MultipartUpload>> list_uploads(S3Client& client, const std::stop_token& stop) {
  std::vector<MultipartUpload> uploads;
  AwsFields markers;
  while (true) {
    S3Request request;
    request.query = {{"uploads", ""}, {"prefix", client.url().prefix}};
    request.query.insert(request.query.end(), markers.begin(), markers.end());
    const S3Answer answer =
        TRY(client.demand(request, "cannot list the unfinished uploads of " + client.url().place(), stop));
    const XmlElement xml = TRY(parse_xml(answer.body));
    for (const XmlElement& upload : xml.children)
      if (upload.name == "Upload")
        uploads.push_back(
            {upload.text_of("Key"), upload.text_of("UploadId"), xml_time_ms(upload.text_of("Initiated"))});
    if (xml.text_of("IsTruncated") != "true") return uploads;
    const AwsFields next = {{"key-marker", xml.text_of("NextKeyMarker")},
                            {"upload-id-marker", xml.text_of("NextUploadIdMarker")}};
    if (next == markers || next.front().second.empty()) return no_way_on(client);
    markers = next;
  }
}

// When something last came of it.
Result<std::int64_t> last_part_ms(S3Client& client, const MultipartUpload& upload,
                                  const std::stop_token& stop) {
  std::int64_t last = upload.begun_ms;
  std::string marker = "0";
  while (true) {
    S3Request request{.key = upload.key};
    request.query = {{"uploadId", upload.id}, {"part-number-marker", marker}};
    const S3Answer answer = TRY(client.demand(request, "cannot look at an unfinished upload", stop));
    const XmlElement xml = TRY(parse_xml(answer.body));
    for (const XmlElement& part : xml.children)
      if (part.name == "Part") last = std::max(last, xml_time_ms(part.text_of("LastModified")));
    if (xml.text_of("IsTruncated") != "true") return last;
    const std::string next = xml.text_of("NextPartNumberMarker");
    if (next == marker || next.empty()) return no_way_on(client);
    marker = next;
  }
}

}  // namespace

std::uint64_t number_of(const std::string& text) {
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

Result<> remove_s3_object(S3Client& client, const std::string& key, const std::string& doing) {
  const S3Answer answer = TRY(client.call({.method = "DELETE", .key = key}));
  if (answer.ok() || (answer.status == 404 && answer.code != "NoSuchBucket")) return {};
  return client.failed(answer, doing);
}

Result<std::vector<S3Object>> list_s3_objects(S3Client& client, const std::string& prefix) {
  std::vector<S3Object> objects;
  std::string token;
  while (true) {
    S3Request request;
    request.query = {{"list-type", "2"}, {"prefix", prefix}, {"encoding-type", "url"}};
    if (!token.empty()) request.query.emplace_back("continuation-token", token);
    const S3Answer answer = TRY(client.demand(request, "cannot list " + client.url().place()));
    const XmlElement xml = TRY(parse_xml(answer.body));
    const bool encoded = xml.text_of("EncodingType") == "url";
    for (const XmlElement& object : xml.children) {
      if (object.name != "Contents") continue;
      std::string key = object.text_of("Key");
      if (encoded) key = percent_decoded(key).value_or(key);
      if (!key.starts_with(prefix)) continue;
      objects.push_back({std::move(key), without_quotes(object.text_of("ETag")),
                         number_of(object.text_of("Size")), xml_time_ms(object.text_of("LastModified"))});
    }
    if (xml.text_of("IsTruncated") != "true") return objects;
    const std::string next = xml.text_of("NextContinuationToken");
    if (next == token || next.empty()) return no_way_on(client);
    token = next;
  }
}

Result<std::size_t> sweep_s3_uploads(S3Client& client, std::chrono::milliseconds age,
                                     const std::stop_token& stop) {
  std::size_t swept = 0;
  const std::int64_t young = ms_since_1970(wall_now() - age);
  for (const MultipartUpload& upload : TRY(list_uploads(client, stop))) {
    const std::string& root = client.url().prefix;
    const std::string key = upload.key.substr(std::min(root.size(), upload.key.size()));
    // FOLDER/UUID right behind the prefix: what lies deeper may be of somebody whose prefix is longer.
    const bool ours = upload.key.starts_with(root) && is_blob_key(key) && std::ranges::count(key, '/') == 1 &&
                      uuid_bytes(key.substr(key.rfind('/') + 1)).has_value();
    if (!ours || upload.begun_ms == 0 || upload.begun_ms > young) continue;
    const std::string unfinished = TRY(upload_of_s3_partial(client, key));
    const std::int64_t last = TRY(last_part_ms(client, upload, stop));
    if (unfinished == upload.id || last > young) continue;
    S3Request request{.method = "DELETE", .key = upload.key, .query = {{"uploadId", upload.id}}};
    const S3Answer answer = TRY(client.call(request, stop));
    if (!answer.ok() && answer.status != 404) return client.failed(answer, "cannot end an abandoned upload");
    ++swept;
  }
  return swept;
}

Result<std::unique_ptr<BlobStore>> open_blobs_s3(S3Url url, std::shared_ptr<AwsCredentials> credentials,
                                                 const S3Patience& patience) {
  auto client = std::make_unique<S3Client>(std::move(url), std::move(credentials), patience);
  S3Request request;
  request.query = {{"list-type", "2"}, {"max-keys", "1"}, {"prefix", client->url().prefix}};
  auto reached = client->demand(request, "cannot use " + client->url().place() + " for files");
  if (!reached && !reached.error().retryable) reached.error().kind = ErrorKind::usage;
  (void)TRY(std::move(reached));
  return std::make_unique<S3Blobs>(std::move(client));
}

Result<std::unique_ptr<BlobStore>> open_blobs_s3(const std::string& url, std::stop_token end) {
  const auto region = aws_region(environment_of_this_process());
  return open_blobs_s3(TRY(parse_s3_url(url, region.value_or(""))), aws_credentials_of_this_process(),
                       {.end = std::move(end)});
}

}  // namespace sluice
