#include "server/report_download.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/url_text.h"
#include "jobs/report_columns.h"
#include "reports/report.h"

namespace sluice {
namespace {

// Rejects read from the store at a time: a row has at most a megabyte, and few have so much.
constexpr std::size_t kRejectsAtOnce = 200;

// What was made and is to be sent: a piece of text, handed out front to back.
class Outbox {
 public:
  std::string& text() { return text_; }
  bool empty() const { return sent_ == text_.size(); }
  std::size_t take(std::span<char> into) {
    const std::size_t size = std::min(into.size(), text_.size() - sent_);
    std::memcpy(into.data(), text_.data() + sent_, size);
    sent_ += size;
    if (empty()) {
      text_.clear();
      sent_ = 0;
    }
    return size;
  }

 private:
  std::string text_;
  std::size_t sent_ = 0;
};

class OutboxSink final : public ReportSink {
 public:
  explicit OutboxSink(Outbox& outbox) : outbox_(outbox) {}
  Result<> write(std::string_view bytes) override {
    outbox_.text() += bytes;
    return {};
  }
  Result<> finish() override { return {}; }

 private:
  Outbox& outbox_;
};

class StreamedBody final : public ResponseBody {
 public:
  StreamedBody(QueryStore& queries, std::string job_id, RejectFilter filter)
      : queries_(queries), job_id_(std::move(job_id)), filter_(std::move(filter)) {}

  Result<> open(StreamedReport kind, const Columns& columns) {
    writer_ = TRY(open_report(kind, std::make_unique<OutboxSink>(outbox_), columns));
    return {};
  }

  Result<std::size_t> read(std::span<char> into) override {
    while (outbox_.empty() && !ended_) TRY(make_more());
    return outbox_.take(into);
  }

 private:
  Result<> make_more() {
    const auto rejects = TRY(queries_.rejects(job_id_, filter_, after_, kRejectsAtOnce));
    for (const StoredReject& reject : rejects) {
      TRY(writer_->row(job_id_, reject.row));
      after_ = reject.row.row_number;
    }
    ended_ = rejects.empty();
    return {};
  }

  QueryStore& queries_;
  const std::string job_id_;
  const RejectFilter filter_;
  Outbox outbox_;
  std::unique_ptr<ReportWriter> writer_;
  std::uint64_t after_ = 0;
  bool ended_ = false;
};

// A folder of its own, gone with this object.
class ScratchFolder {
 public:
  static Result<std::unique_ptr<ScratchFolder>> make(const std::string& parent) {
    std::error_code ignored;
    const std::filesystem::path place =
        parent.empty() ? std::filesystem::temp_directory_path(ignored) : std::filesystem::path(parent);
    std::string path = (place / "sluice-report-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr)
      return fail(ErrorKind::io,
                  "no workbook can be made in " + place.string() + ": " + std::strerror(errno));
    return std::make_unique<ScratchFolder>(std::move(path));
  }
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

class FileBody final : public ResponseBody {
 public:
  FileBody(std::unique_ptr<ScratchFolder> folder, std::FILE* file)
      : folder_(std::move(folder)), file_(file, &std::fclose) {}
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t size = std::fread(into.data(), 1, into.size(), file_.get());
    if (size == 0 && std::ferror(file_.get()) != 0)
      return fail(ErrorKind::io, "the workbook cannot be read: " + std::string(std::strerror(errno)));
    return size;
  }

 private:
  std::unique_ptr<ScratchFolder> folder_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

Result<std::unique_ptr<ResponseBody>> make_workbook(QueryStore& queries, const std::string& job_id,
                                                    const RejectFilter& filter, const Columns& columns,
                                                    const std::string& scratch_folder) {
  auto folder = TRY(ScratchFolder::make(scratch_folder));
  const std::string path = folder->path() + "/report.xlsx";
  auto report = TRY(open_report(path, columns));
  std::uint64_t after = 0;
  for (;;) {
    const auto rejects = TRY(queries.rejects(job_id, filter, after, kRejectsAtOnce));
    if (rejects.empty()) break;
    for (const StoredReject& reject : rejects) TRY(report->row(job_id, reject.row));
    after = rejects.back().row.row_number;
  }
  TRY(report->finish());
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return fail(ErrorKind::io, path + ": " + std::strerror(errno));
  return std::unique_ptr<ResponseBody>(std::make_unique<FileBody>(std::move(folder), file));
}

// Of a job that was never planned there are no rejects and no columns.
Result<Columns> columns_of(QueryStore& queries, const Job& job) {
  Result<JobPlan> plan = job_plan_from_json(job.plan);
  if (!plan) return Columns();
  return report_columns(queries, job.id, *plan);
}

}  // namespace

std::string_view name_of(ReportKind kind) {
  switch (kind) {
    case ReportKind::csv: return "csv";
    case ReportKind::ndjson: return "ndjson";
    case ReportKind::xlsx: return "xlsx";
  }
  return "";
}

std::string_view media_type_of(ReportKind kind) {
  switch (kind) {
    case ReportKind::csv: return "text/csv; charset=utf-8";
    case ReportKind::ndjson: return "application/x-ndjson";
    case ReportKind::xlsx: return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  }
  return "";
}

Result<Response> report_download(Store& store, const Job& job, ReportKind kind, const RejectFilter& filter,
                                 const std::string& scratch_folder) {
  QueryStore& queries = store.queries();
  Response response;
  const Columns columns = kind == ReportKind::ndjson ? Columns() : TRY(columns_of(queries, job));
  if (kind == ReportKind::xlsx) {
    response.stream = TRY(make_workbook(queries, job.id, filter, columns, scratch_folder));
  } else {
    auto body = std::make_unique<StreamedBody>(queries, job.id, filter);
    TRY(body->open(kind == ReportKind::csv ? StreamedReport::csv : StreamedReport::ndjson, columns));
    response.stream = std::move(body);
  }
  response.headers.add("Content-Type", std::string(media_type_of(kind)));
  const std::string stem = std::filesystem::path(job.file_name).stem().string();
  response.headers.add("Content-Disposition", attachment((stem.empty() ? job.pipeline : stem) + "-rejects." +
                                                         std::string(name_of(kind))));
  return response;
}

std::string attachment(std::string_view file_name) {
  std::string ascii;
  for (char c : file_name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
    ascii += plain ? c : '_';
  }
  return "attachment; filename=\"" + ascii + "\"; filename*=UTF-8''" + percent_encoded(file_name);
}

}  // namespace sluice
