#include "server/raw_upload.h"

#include "jobs/blob_reference.h"
#include "jobs/upload_keys.h"
#include "server/file_content.h"
#include "server/job_json.h"
#include "server/multipart.h"

namespace sluice {
namespace {

// A body of JSON that is no longer may be a reference.
constexpr std::size_t kReferenceBytes = 4096;

class RawUpload : public RequestSink {
 public:
  RawUpload(Service& service, const UploadRules& rules, FileRequest asked)
      : service_(service), rules_(rules), asked_(std::move(asked)) {
    const std::string type = header_value(asked_.request.headers.get("Content-Type"));
    may_be_reference_ = type == "application/json" && !asked_.corrects;
  }

  // The file's place is made with the first byte, so that a full disk is said before the rest is sent.
  Result<> begin() {
    if (!may_be_reference_) file_ = TRY(open_sink());
    return {};
  }

  Result<> write(std::string_view bytes) override {
    if (file_) return file_->write(bytes);
    held_ += bytes;
    if (held_.size() <= kReferenceBytes) return {};
    return begin_file();
  }

  Result<Response> finish() override {
    if (!file_) {
      auto reference = blob_reference(held_);
      if (reference) return take_reference(*reference);
      TRY(begin_file());
    }
    ReceivedFile file = TRY(file_->commit());
    return job_accepted(TRY(submit_file(service_, asked_, file)), asked_.request);
  }

 private:
  Result<std::unique_ptr<UploadSink>> open_sink() {
    const std::string& name = asked_.options.file_name;
    return UploadSink::begin(service_.blobs, rules_.reserve_bytes, name.empty() ? "the file" : name,
                             asked_.request.content_length);
  }
  Result<> begin_file() {
    file_ = TRY(open_sink());
    TRY(file_->write(held_));
    held_ = std::string();
    return {};
  }

  Result<Response> take_reference(const std::string& url) {
    ReceivedFile file;
    file.blob_key = TRY(blob_key_of_reference(url, rules_.blobs_url, asked_.request.principal.tenant));
    auto blob = service_.blobs.stat(file.blob_key);
    if (!blob && (blob.error().kind == ErrorKind::not_found || blob.error().kind == ErrorKind::input ||
                  blob.error().kind == ErrorKind::usage))
      return fail(ErrorKind::usage, "\"blob\" names no file: " + blob.error().message + ".");
    if (!blob) return std::unexpected(std::move(blob).error());
    file.size = blob->size;
    std::string name = file.blob_key.substr(file.blob_key.rfind('/') + 1);
    if (asked_.options.file_name.empty()) asked_.options.file_name = name;
    std::string head = TRY(head_of_blob(service_.blobs, file.blob_key));
    file.content_type = TRY(content_type_of(head, head.size() == file.size, name));
    return job_accepted(TRY(submit_file(service_, asked_, file)), asked_.request);
  }

  Service& service_;
  const UploadRules& rules_;
  FileRequest asked_;
  bool may_be_reference_ = false;
  std::string held_;
  std::unique_ptr<UploadSink> file_;
};

}  // namespace

Result<std::unique_ptr<RequestSink>> open_raw_upload(Service& service, const UploadRules& rules,
                                                     FileRequest asked) {
  auto upload = std::make_unique<RawUpload>(service, rules, std::move(asked));
  TRY(upload->begin());
  return upload;
}

}  // namespace sluice
