#include "jobs/archive.h"

#include <nlohmann/json.hpp>

#include "jobs/control_job.h"

namespace sluice {
namespace {

constexpr std::string_view kMark = R"({"archive")";
constexpr std::size_t kMembersAtOnce = 100;
constexpr std::size_t kNamed = 5;  // members that the cause of a failure names

std::string why_not_loaded(const Job& member) {
  const std::string cause = member.status == JobStatus::cancelled ? "cancelled" : member.error;
  const std::string name = "'" + member.file_name + "'";
  return cause.starts_with(name) ? cause : name + ": " + cause;
}

std::string cause_of(const Members& members, const std::vector<std::string>& named) {
  const std::uint64_t not_loaded = members.failed + members.cancelled;
  std::string cause = std::to_string(not_loaded) + " of the " + std::to_string(members.total()) +
                      " files in it " + (not_loaded == 1 ? "was" : "were") + " not loaded. ";
  for (const std::string& name : named) cause += name + (name.ends_with('.') ? " " : ". ");
  if (not_loaded > named.size()) cause += "And others. ";
  if (not_loaded < members.total()) cause += "The other files are loaded. ";
  return cause + "Correct and send again what failed, or retry the job.";
}

}  // namespace

Result<> each_member(Service& service, const Job& archive, const std::function<Result<>(const Job&)>& visit) {
  std::optional<std::int64_t> before;
  while (true) {
    const auto jobs = TRY(service.store.jobs().list({.tenant = archive.tenant, .parent_job_id = archive.id},
                                                    before, kMembersAtOnce));
    for (const Job& job : jobs)
      if (is_member(job)) TRY(visit(job));
    if (jobs.size() < kMembersAtOnce) return {};
    before = jobs.back().sequence;
  }
}

std::string archive_plan(std::size_t files) { return nlohmann::json{{"archive", {{"files", files}}}}.dump(); }

bool is_archive(const Job& job) { return job.plan.starts_with(kMark); }

Result<std::optional<JobStatus>> end_with_members(Service& service, const Job& archive) {
  JobStore& jobs = service.store.jobs();
  const Members members = TRY(jobs.members(archive.id));
  if (members.open() != 0) return std::nullopt;
  const bool all = members.failed + members.cancelled == 0;
  std::string cause;
  if (!all) {
    std::vector<std::string> named;
    TRY(each_member(service, archive, [&](const Job& job) -> Result<> {
      if (job.status == JobStatus::completed || named.size() == kNamed) return {};
      named.push_back(why_not_loaded(job));
      return {};
    }));
    cause = cause_of(members, named);
  }
  const JobStatus end = all ? JobStatus::completed : JobStatus::failed;
  TRY(jobs.end(archive.id, end, cause));
  return end;
}

Result<> cancel_members(Service& service, const Job& archive) {
  return each_member(service, archive, [&](const Job& job) -> Result<> {
    TRY(cancel_job(service, job));
    return {};
  });
}

Result<> reopen_members(Service& service, const Job& archive) {
  return each_member(service, archive, [&](const Job& job) -> Result<> {
    if (job.status != JobStatus::failed && job.status != JobStatus::cancelled) return {};
    TRY(retry_job(service, job));
    return {};
  });
}

Result<> remove_members(Service& service, const Job& archive, KeepRows keep, DespiteDuplicates despite) {
  if (TRY(service.store.jobs().members(archive.id)).open() != 0)
    return fail(ErrorKind::conflict,
                "files of archive " + archive.id + " are still being loaded. Cancel it, or wait.");
  return each_member(service, archive,
                     [&](const Job& job) { return remove_job(service, job, keep, despite); });
}

}  // namespace sluice
