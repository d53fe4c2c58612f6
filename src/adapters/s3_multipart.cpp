#include "adapters/s3_multipart.h"

#include <openssl/evp.h>

#include <algorithm>

#include "adapters/s3_xml.h"
#include "base/sha256.h"
#include "base/uuid.h"

namespace sluice {
namespace {

// While one part is filled these go up: with more the memory of an upload grows, and a client's line is
// slower.
constexpr std::size_t kPartsOnTheWay = 2;
// Tells an object that came of this very upload.
constexpr const char* kMarkHeader = "x-amz-meta-sluice-upload";

std::string sha256_base64(std::string_view bytes) {
  const Digest digest = Sha256().of(bytes);
  std::string text(4 * ((digest.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), digest.data(),
                                   static_cast<int>(digest.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

Result<S3Part> upload_part(S3Client& client, const std::string& key, const std::string& id,
                           std::size_t number, const std::string& bytes, const std::string& title) {
  S3Part part;
  S3Request request{.method = "PUT", .key = key, .body = bytes};
  request.query = {{"partNumber", std::to_string(number)}, {"uploadId", id}};
  request.headers = {{"Content-Type", "application/octet-stream"}};
  if (client.url().checksums) {
    part.sha256 = sha256_base64(bytes);
    request.headers.emplace_back("x-amz-checksum-sha256", part.sha256);
  }
  S3Answer answer =
      TRY(client.demand(request, "cannot send part " + std::to_string(number) + " of '" + title + "'"));
  part.etag = answer.header("etag");
  return part;
}

std::string completion_xml(const std::vector<S3Part>& parts) {
  std::string xml = R"(<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)";
  for (std::size_t at = 0; at < parts.size(); ++at) {
    xml += "<Part>";
    if (!parts[at].sha256.empty())
      xml.append("<ChecksumSHA256>").append(parts[at].sha256).append("</ChecksumSHA256>");
    xml.append("<ETag>").append(xml_escaped(parts[at].etag)).append("</ETag>");
    xml.append("<PartNumber>").append(std::to_string(at + 1)).append("</PartNumber></Part>");
  }
  return xml + "</CompleteMultipartUpload>";
}

}  // namespace

S3Cut s3_full_parts(std::uint64_t bytes) {
  S3Cut cut;
  while (cut.parts < kMostS3Parts && bytes - cut.bytes >= s3_part_bytes(cut.parts))
    cut.bytes += s3_part_bytes(cut.parts++);
  return cut;
}

AwsFields s3_object_headers(const S3Url& url) {
  AwsFields headers{{"Content-Type", "application/octet-stream"}};
  if (url.encryption == S3Encryption::aes256) headers.emplace_back("x-amz-server-side-encryption", "AES256");
  if (url.encryption == S3Encryption::kms) headers.emplace_back("x-amz-server-side-encryption", "aws:kms");
  if (!url.kms_key_id.empty())
    headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id", url.kms_key_id);
  return headers;
}

Result<> s3_put(S3Client& client, const std::string& key, std::string_view bytes, const std::string& doing) {
  S3Request request{.method = "PUT", .key = key, .body = bytes};
  request.headers = s3_object_headers(client.url());
  if (client.url().checksums) request.headers.emplace_back("x-amz-checksum-sha256", sha256_base64(bytes));
  (void)TRY(client.demand(request, doing));
  return {};
}

S3Multipart::S3Multipart(S3Client& client, std::string key, std::string title)
    : client_(client), key_(std::move(key)), title_(std::move(title)) {}

Result<> S3Multipart::begin() {
  S3Request request{.method = "POST", .key = key_};
  request.query = {{"uploads", ""}};
  request.headers = s3_object_headers(client_.url());
  if (client_.url().checksums) request.headers.emplace_back("x-amz-checksum-algorithm", "SHA256");
  mark_ = new_uuid();
  request.headers.emplace_back(kMarkHeader, mark_);
  const std::string doing = "cannot begin to store '" + title_ + "'";
  const S3Answer answer = TRY(client_.demand(request, doing));
  const XmlElement xml = TRY(parse_xml(answer.body));
  id_ = xml.text_of("UploadId");
  if (id_.empty())
    return fail(ErrorKind::io, doing + ": " + client_.url().host + " gives no UploadId; is it S3?");
  return {};
}

Result<> S3Multipart::go_on(const std::string& id, const std::string& mark, std::size_t parts) {
  std::string marker = "0";
  while (parts_.size() < parts) {
    S3Request request{.key = key_};
    request.query = {{"uploadId", id}, {"part-number-marker", marker}};
    const std::string doing = "cannot go on with '" + title_ + "'";
    const S3Answer answer = TRY(client_.call(request));
    if (answer.code == "NoSuchUpload" || answer.status == 404)
      return fail(ErrorKind::not_found, doing + ": its beginning was removed from S3.");
    if (!answer.ok()) return client_.failed(answer, doing);
    const XmlElement xml = TRY(parse_xml(answer.body));
    for (const XmlElement& part : xml.children) {
      if (part.name != "Part" || parts_.size() == parts) continue;
      if (part.text_of("PartNumber") != std::to_string(parts_.size() + 1) ||
          part.text_of("Size") != std::to_string(s3_part_bytes(parts_.size())))
        return fail(ErrorKind::not_found, doing + ": part " + std::to_string(parts_.size() + 1) +
                                              " of it is not in S3, or has another size.");
      parts_.push_back({part.text_of("ETag"), part.text_of("ChecksumSHA256")});
    }
    const std::string next = xml.text_of("NextPartNumberMarker");
    const bool goes_on = xml.text_of("IsTruncated") == "true" && next != marker && !next.empty();
    marker = next;
    if (!goes_on && parts_.size() < parts)
      return fail(ErrorKind::not_found, doing + ": some of its parts are not in S3.");
  }
  id_ = id;
  mark_ = mark;
  return {};
}

Result<> S3Multipart::take_first() {
  Result<S3Part> part = on_the_way_.front().get();
  on_the_way_.pop_front();
  parts_.push_back(TRY(std::move(part)));
  return {};
}

Result<> S3Multipart::add(std::string bytes) {
  if (parts() == kMostS3Parts)
    return fail(ErrorKind::io,
                "'" + title_ + "' is too large for S3: it has more than 10,000 parts, of 484 GiB together.");
  while (on_the_way_.size() >= kPartsOnTheWay) TRY(take_first());
  on_the_way_.push_back(
      std::async(std::launch::async, [this, number = parts() + 1, bytes = std::move(bytes)] {
        return upload_part(client_, key_, id_, number, bytes, title_);
      }));
  return {};
}

Result<> S3Multipart::finish_parts() {
  while (!on_the_way_.empty()) TRY(take_first());
  return {};
}

// Where an answer was lost and the question repeated, the upload is gone and the object there.
Result<bool> S3Multipart::is_there() const {
  const S3Answer answer = TRY(client_.call({.method = "HEAD", .key = key_}));
  return answer.ok() && answer.header(kMarkHeader) == mark_;
}

Result<> S3Multipart::complete() {
  TRY(finish_parts());
  const std::string xml = completion_xml(parts_);
  S3Request request{.method = "POST", .key = key_, .body = xml};
  request.query = {{"uploadId", id_}};
  request.headers = {{"Content-Type", "application/xml"}};
  const std::string doing = "cannot finish '" + title_ + "'";
  const S3Answer answer = TRY(client_.call(request));
  if (answer.ok()) return {};
  if (answer.code == "NoSuchUpload" && TRY(is_there())) return {};
  return client_.failed(answer, doing);
}

void S3Multipart::abort() {
  wait();
  if (id_.empty()) return;
  S3Request request{.method = "DELETE", .key = key_};
  request.query = {{"uploadId", id_}};
  (void)client_.call(request);
  id_.clear();
}

void S3Multipart::wait() noexcept {
  for (auto& part : on_the_way_) part.wait();
  on_the_way_.clear();
}

}  // namespace sluice
