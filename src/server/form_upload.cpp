#include "server/form_upload.h"

#include <set>

#include "jobs/file_name.h"
#include "jobs/find_pipeline.h"
#include "server/job_json.h"
#include "server/multipart.h"
#include "server/scope.h"

namespace sluice {
namespace {

// The longest field is metadata, whose own limit is below.
constexpr std::size_t kFieldBytes = 256 * 1024;

std::unexpected<Error> wrong(const std::string& what) { return fail(ErrorKind::usage, what); }

class FormUpload : public RequestSink, private MultipartParts {
 public:
  FormUpload(Service& service, const UploadRules& rules, FileRequest asked, const std::string& boundary)
      : service_(service), rules_(rules), asked_(std::move(asked)), scanner_(boundary, {}, *this) {}

  Result<> write(std::string_view bytes) override { return scanner_.feed(bytes); }

  Result<Response> finish() override {
    TRY(scanner_.finish());
    if (asked_.options.file_name.empty()) asked_.options.file_name = part_name_;
    if (!file_) return wrong("The form has no file: its field has to be named `file`.");
    if (asked_.options.pipeline.empty() && asked_.options.file_name.empty())
      return wrong(
          "Neither a pipeline nor a name of the file is given: one of them says what to do with it.");
    if (!asked_.corrects) {
      const std::string& named = asked_.options.pipeline;
      TRY(check_reach(asked_.request.principal,
                      named.empty() ? pipeline_name_of(asked_.options.file_name) : named));
    }
    ReceivedFile file = TRY(file_->commit());
    return job_accepted(TRY(submit_file(service_, asked_, file)), asked_.request);
  }

 private:
  Result<> part_begins(const PartHead& head) override {
    in_file_ = head.name == "file";
    if (in_file_) return begin_file(head);
    if (head.file_name)
      return wrong("The file has to be in the field `file`, not in '" + clean_file_name(head.name) + "'.");
    if (!seen_.insert(head.name).second)
      return wrong("The field '" + clean_file_name(head.name) + "' stands twice in the form.");
    field_ = head.name;
    value_.clear();
    return {};
  }

  Result<> begin_file(const PartHead& head) {
    if (file_)
      return wrong(
          "The form has more than one file. Send one request for each, so that each has its own job.");
    const std::string name = clean_file_name(head.file_name.value_or(""));
    part_name_ = name;
    file_ = TRY(UploadSink::begin(service_.blobs, rules_.reserve_bytes, name.empty() ? "the file" : name,
                                  asked_.request.content_length));
    return {};
  }

  Result<> part_data(std::string_view bytes) override {
    if (in_file_) return file_->write(bytes);
    value_ += bytes;
    if (value_.size() <= kFieldBytes) return {};
    return wrong("The field '" + clean_file_name(field_) + "' is longer than " + std::to_string(kFieldBytes) +
                 " bytes.");
  }

  Result<> part_ends() override {
    // A field that was left empty says nothing: a form has its fields whether they are filled in or not.
    if (in_file_ || field_ == "_charset_" || value_.empty()) return {};
    TRY(set_option(asked_.options, field_, value_, wall_now()));
    if (field_ != "pipeline") return {};
    if (asked_.corrects) return wrong("A corrected report has the pipeline of its job; leave the field out.");
    return check_pipeline(service_, asked_.request.principal, asked_.options.pipeline);
  }

  Service& service_;
  const UploadRules& rules_;
  FileRequest asked_;
  MultipartScanner scanner_;
  std::unique_ptr<UploadSink> file_;
  bool in_file_ = false;
  std::string field_, value_, part_name_;
  std::set<std::string> seen_;
};

}  // namespace

Result<std::unique_ptr<RequestSink>> open_form_upload(Service& service, const UploadRules& rules,
                                                      FileRequest asked) {
  std::string boundary = TRY(multipart_boundary(asked.request.headers.get("Content-Type")));
  return std::make_unique<FormUpload>(service, rules, std::move(asked), boundary);
}

}  // namespace sluice
