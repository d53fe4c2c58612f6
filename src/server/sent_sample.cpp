#include "server/sent_sample.h"

#include "jobs/file_name.h"
#include "server/multipart.h"

namespace sluice {
namespace {

// The request's body is bounded already, and all of it is there.
class SampleForm : public MultipartParts {
 public:
  explicit SampleForm(SentSample& into) : into_(into) {}

  bool has_file() const { return has_file_; }

 private:
  Result<> part_begins(const PartHead& head) override {
    if (head.name == "file" && !has_file_) {
      has_file_ = true;
      into_.file_name = clean_file_name(head.file_name.value_or(""));
      part_ = &into_.bytes;
    } else if (head.name == "definition" && !into_.definition) {
      into_.definition_type = head.content_type;
      part_ = &into_.definition.emplace();
    } else {
      const std::string name = clean_file_name(head.name);
      return fail(ErrorKind::usage,
                  "The form has `file`, the beginning of a file, and may have `definition`, a "
                  "pipeline, once each; '" +
                      name + "' is one too many.");
    }
    return {};
  }
  Result<> part_data(std::string_view bytes) override {
    part_->append(bytes);
    return {};
  }
  Result<> part_ends() override { return {}; }

  SentSample& into_;
  std::string* part_ = nullptr;
  bool has_file_ = false;
};

}  // namespace

Result<SentSample> read_sent_sample(const Request& request) {
  SentSample sample;
  const std::string type(request.headers.get("Content-Type"));
  if (header_value(type) == "multipart/form-data") {
    SampleForm form(sample);
    MultipartScanner scanner(TRY(multipart_boundary(type)), {}, form);
    TRY(scanner.feed(request.body));
    TRY(scanner.finish());
    if (!form.has_file())
      return fail(ErrorKind::usage, "The form has no file: its field has to be named `file`.");
  } else {
    sample.bytes = request.body;
  }
  if (sample.bytes.empty())
    return fail(ErrorKind::usage,
                "there is nothing to look at: send the beginning of a file, with whole lines.");
  return sample;
}

}  // namespace sluice
