// Unpacking an archive: what its planning split is for. Its files become blobs, and then jobs, each planned
// and loaded like a file that was sent by itself.
#pragma once

#include <stop_token>

#include "base/result.h"
#include "formats/zip_archive.h"
#include "jobs/job_request.h"
#include "jobs/service.h"

namespace sluice {

// More files than this are no delivery that somebody meant to be loaded.
inline constexpr std::size_t kMostArchiveFiles = 1000;

// The archive that the job's file is; none where it is something with rows, or the job is a member itself:
// archives in archives are not unpacked. Errors: input, a damaged archive; what the blob store says.
Result<std::optional<ZipArchive>> archive_of(const Job& job, const JobRequest& request, const Input& input,
                                             std::stop_token stop);

// Members get the pipeline that was named, or one by their own names. Folders, and what systems leave in
// archives (".DS_Store", "__MACOSX/"), are no members. Before the first job is made every file is unpacked
// and checked, so a damaged or oversized archive loads nothing. May be done again after it broke off: members
// have ids by their places. Errors: input, as a sentence about the archive; conflict, lease or job has ended.
Result<> unpack_archive(Service& service, const Job& job, const Lease& lease, const JobRequest& request,
                        const ZipArchive& archive, std::stop_token stop);

}  // namespace sluice
