// Archives: a job whose file is a zip archive of files. Those files are jobs of their own, its members; the
// archive's job has no rows, and ends when its members have. (A workbook, a zip archive too, is a file.)
// Any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "jobs/service.h"

namespace sluice {

// The plan of an archive, once it is unpacked.
std::string archive_plan(std::size_t files);
// Has the job been unpacked?
bool is_archive(const Job& job);

// Newest first. Ends with the first error of `visit`.
Result<> each_member(Service& service, const Job& archive, const std::function<Result<>(const Job&)>& visit);

// How the archive ends when its members have: not at all, COMPLETED when all of them are, else FAILED with
// the first of those that are not. none: it has not ended.
Result<std::optional<JobStatus>> end_with_members(Service& service, const Job& archive);

// What people do to an archive, they do to its members. Those that ended otherwise keep their end.
Result<> cancel_members(Service& service, const Job& archive);
Result<> reopen_members(Service& service, const Job& archive);  // those that failed or were cancelled
Result<> remove_members(Service& service, const Job& archive, KeepRows keep, DespiteDuplicates despite);

}  // namespace sluice
