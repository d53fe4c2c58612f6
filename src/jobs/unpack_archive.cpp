#include "jobs/unpack_archive.h"

#include <algorithm>

#include "base/sha256.h"
#include "base/size_text.h"
#include "base/uuid.h"
#include "formats/detect_content.h"
#include "formats/xlsx_workbook.h"
#include "jobs/archive.h"
#include "jobs/file_name.h"
#include "jobs/find_pipeline.h"
#include "jobs/upload_keys.h"

namespace sluice {
namespace {

constexpr std::size_t kMarkBytes = 4;
constexpr std::size_t kUnpackedAtOnce = 256 * 1024;
constexpr std::size_t kMostPathBytes = 255;
constexpr std::uint64_t kSpaceLeftAlone = 256u << 20;  // for the store beside it, as uploads leave it

std::unexpected<Error> refuse_archive(const Job& job, const std::string& what) {
  return fail(ErrorKind::input, "'" + job.file_name + "' " + what + ". Nothing of it was loaded.");
}

// What the archive's reader says goes on after the file's name.
Error about_archive(const Job& job, Error error) {
  if (error.kind == ErrorKind::input) error.message = "'" + job.file_name + "' " + error.message + ".";
  return error;
}

// Left by programs and the systems that pack archives; nobody means them to be loaded.
bool is_left_by_system(std::string_view path) {
  const std::string_view name = path.substr(path.find_last_of('/') + 1);
  const bool is_hidden = path.starts_with('.') || path.find("/.") != std::string_view::npos;
  return is_hidden || path.starts_with("__MACOSX/") || name.starts_with("~$") || name == "Thumbs.db" ||
         name == "desktop.ini";
}

std::vector<const ZipMember*> files_in(const ZipArchive& archive) {
  std::vector<const ZipMember*> files;
  for (const ZipMember& member : archive.members())
    if (!member.name.empty() && !member.name.ends_with('/') && !is_left_by_system(member.name))
      files.push_back(&member);
  return files;
}

// "2024/May.csv" → the same without what file names must not have; of a longer one its end.
std::string shown_path(std::string_view path) {
  std::string shown;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string part = clean_file_name(path.substr(at, end - at));
    if (!part.empty()) shown += (shown.empty() ? "" : "/") + part;
    at = end + 1;
  }
  while (shown.size() > kMostPathBytes && shown.find('/') != std::string::npos)
    shown.erase(0, shown.find('/') + 1);
  return shown.empty() ? "file" : shown;
}

// A member is known by the archive's id and its path. The time of the archive's id leads it, as it does new
// ones (RFC 9562, section 5.7; version 7).
std::string member_id(const UuidBytes& archive, const ZipMember& member) {
  constexpr std::size_t kTimeBytes = 6;
  Sha256 hash;
  hash.update({reinterpret_cast<const char*>(archive.data()), archive.size()});
  hash.update(member.name);
  const Digest digest = hash.finish();
  UuidBytes id = archive;
  std::copy_n(digest.begin(), id.size() - kTimeBytes, id.begin() + kTimeBytes);
  id[6] = static_cast<std::uint8_t>(0x70 | (id[6] & 0x0F));
  id[8] = static_cast<std::uint8_t>(0x80 | (id[8] & 0x3F));
  return uuid_text(id);
}

class Unpacking {
 public:
  Unpacking(Service& service, const Job& job, const JobRequest& request, const ZipArchive& archive)
      : service_(service), job_(job), request_(request), archive_(archive), files_(files_in(archive)) {}

  Result<> run(const Lease& lease, const std::stop_token& stop) {
    const auto archive_id = uuid_bytes(job_.id);
    if (!archive_id) return fail(ErrorKind::internal, "job " + job_.id + " has an id of another kind.");
    TRY(check());
    std::vector<NewJob> members;
    for (const ZipMember* file : files_) {
      auto member = unpack(*file, member_id(*archive_id, *file), stop);
      if (!member) {
        if (member.error().kind == ErrorKind::input) drop_written();
        return std::unexpected(about_archive(job_, std::move(member).error()));
      }
      members.push_back(*std::move(member));
    }
    for (const NewJob& member : members) TRY(service_.store.jobs().create(member));
    return service_.store.jobs().plan(lease, archive_plan(members.size()), {{Split{.number = 1}}});
  }

 private:
  // By what the archive declares; what comes out is held to it.
  Result<> check() const {
    if (files_.empty()) return refuse_archive(job_, "is a zip archive without a file to load");
    if (files_.size() > kMostArchiveFiles)
      return refuse_archive(job_, "is a zip archive of " + std::to_string(files_.size()) +
                                      " files; at most " + std::to_string(kMostArchiveFiles) +
                                      " are taken at once. Send it in parts");
    std::uint64_t bytes = 0, packed = 0;
    for (const ZipMember* file : files_) {
      packed += file->packed_bytes;  // of each at most the archive's size
      if (file->encrypted)
        return refuse_archive(job_, "is protected with a password: '" + file->name +
                                        "' in it is encrypted. Send it without one");
      bytes += std::min(file->plain_bytes, service_.archive_bytes);  // no overflow: so few files
    }
    if (bytes > service_.archive_bytes)
      return refuse_archive(job_,
                            "unpacks to more than " + size_text(service_.archive_bytes) +
                                ", the most that is taken at once (limits.upload_bytes). Send it in parts");
    if (packed > archive_.size())
      return refuse_archive(job_,
                            "is a zip archive in which files lie over each other, as no program packs them");
    if (bytes > kZipFreeBytes && bytes / kZipMostRatio > archive_.size())
      return refuse_archive(job_, "unpacks to " + size_text(bytes) + ", more than " +
                                      std::to_string(kZipMostRatio) +
                                      " times its size, as only archives do that are made to fill disks");
    if (const auto space = TRY(service_.blobs.space_left()); space && *space < bytes + kSpaceLeftAlone)
      return fail(ErrorKind::unavailable,
                  "there is no room to unpack '" + job_.file_name + "': " + size_text(bytes) +
                      " are needed, " + size_text(*space) + " are free.",
                  true);
    return {};
  }

  // The file in the blob store, and the job that it is to become.
  Result<NewJob> unpack(const ZipMember& file, const std::string& id, const std::stop_token& stop) {
    NewJob member = TRY(job_of_member(file, id));
    Result<Job> made = service_.store.jobs().get(id);
    if (made) return member;  // before this broke off; perhaps its file is gone again
    if (made.error().kind != ErrorKind::not_found) return std::unexpected(std::move(made).error());
    const std::string key = upload_key(id);
    auto source = TRY(archive_.open(file, stop));
    auto blob = TRY(service_.blobs.create(key));
    auto block = std::make_unique_for_overwrite<char[]>(kUnpackedAtOnce);
    Sha256 hash;
    while (const std::size_t count = TRY(source->read({block.get(), kUnpackedAtOnce}, stop))) {
      const std::string_view bytes(block.get(), count);
      member.file_size += count;
      if (member.file_size > file.plain_bytes)
        return fail(ErrorKind::input, "is a damaged zip archive: '" + file.name +
                                          "' in it is longer than its list says. Fetch or save it again");
      hash.update(bytes);
      TRY(blob->write(bytes));
    }
    TRY(blob->commit());
    written_.push_back(key);
    member.file_sha256 = to_hex(hash.finish());
    return member;
  }

  Result<NewJob> job_of_member(const ZipMember& file, const std::string& id) const {
    NewJob member;
    member.id = id;
    member.tenant = job_.tenant;
    member.file_name = shown_path(file.name);
    member.blob = blob_place(upload_key(id));
    member.created_by = job_.created_by;
    member.metadata = job_.metadata;
    member.priority = job_.priority;
    member.parent_job_id = job_.id;
    member.member = true;
    JobRequest request = request_;
    if (!request_.named) {
      FoundPipeline found = TRY(find_pipeline({.wanted = "",
                                               .folder = service_.pipelines_folder,
                                               .file_name = clean_file_name(file.name),
                                               .tenant = job_.tenant,
                                               .store = &service_.store.queries(),
                                               .overrides = {},
                                               .paths = PipelinePaths::refused}));
      request = {.pipeline = std::move(found.spec), .infer = found.infer};
      request.pipeline.source.row_bytes = service_.row_bytes;
    }
    member.pipeline = request.pipeline.name;
    member.most_splits = request.pipeline.concurrency.value_or(0);
    member.plan = to_json(request);
    return member;
  }

  // A blob that stays is cleared away later, as those of uploads that never became a job.
  void drop_written() {
    for (const std::string& key : written_) (void)service_.blobs.remove(key);
  }

  Service& service_;
  const Job& job_;
  const JobRequest& request_;
  const ZipArchive& archive_;
  const std::vector<const ZipMember*> files_;
  std::vector<std::string> written_;  // blobs, by this attempt
};

Result<std::string> head_of(const Input& input, const std::stop_token& stop) {
  auto source = TRY(input.opener(0));
  std::string head(kMarkBytes, '\0');
  std::size_t held = 0;
  while (held < head.size()) {
    const std::size_t count = TRY(source->read(std::span(head).subspan(held), stop));
    if (count == 0) break;
    held += count;
  }
  head.resize(held);
  return head;
}

}  // namespace

Result<std::optional<ZipArchive>> archive_of(const Job& job, const JobRequest& request, const Input& input,
                                             std::stop_token stop) {
  // What was sent over the network says so by its type, by which its sender's key was looked at.
  const bool may_be = job.content_type == "application/zip" || job.content_type.empty();
  if (request.report || is_member(job) || !may_be || input.size == 0) return std::nullopt;
  if (!is_zip_archive(TRY(head_of(input, stop)))) return std::nullopt;
  auto archive = ZipArchive::open({input.opener, input.size}, stop);
  if (!archive) return std::unexpected(about_archive(job, std::move(archive).error()));
  if (!holds_files(*archive)) return std::nullopt;
  return *std::move(archive);
}

Result<> unpack_archive(Service& service, const Job& job, const Lease& lease, const JobRequest& request,
                        const ZipArchive& archive, std::stop_token stop) {
  return Unpacking(service, job, request, archive).run(lease, stop);
}

}  // namespace sluice
