#include "cli/scratch_store.h"

#include <chrono>
#include <filesystem>

#include "app/open_store.h"
#include "base/uuid.h"
#include "jobs/owner.h"

namespace sluice {
namespace {
constexpr auto kWholeDay = std::chrono::hours(24);  // nobody else knows of this store
}

Result<std::unique_ptr<ScratchStore>> ScratchStore::open(const PlannedJob& planned, WriteSpec spec,
                                                         std::uint64_t cache_bytes) {
  std::error_code error;
  std::filesystem::path folder = std::filesystem::temp_directory_path(error) / ("sluice-check-" + new_uuid());
  if (error || !std::filesystem::create_directory(folder, error))
    return fail(ErrorKind::io, "no folder for temporary files: " + error.message() + "; set TMPDIR to one.");
  std::unique_ptr<ScratchStore> scratch(new ScratchStore(folder));
  scratch->store_ = TRY(open_store("sqlite:" + (folder / "check.db").string(), {cache_bytes}));
  NewJob job;
  job.id = new_uuid();
  job.pipeline = planned.plan.pipeline.name;
  job.plan = to_json(planned.plan);
  job.splits = planned.splits;
  Job created = TRY(scratch->store_->jobs().create(job));
  scratch->lease_ = TRY(scratch->store_->jobs().lease(job.id, planned.splits.front().number, this_process(),
                                                      kWholeDay, [](const std::string&) { return false; }));
  spec.tenant = created.tenant;
  spec.pipeline = created.pipeline;
  spec.job_id = spec.root_job_id = created.id;
  spec.job_sequence = created.sequence;
  spec.target = {};
  scratch->writer_ = TRY(scratch->store_->open_writer(spec));
  return scratch;
}

ScratchStore::~ScratchStore() {
  writer_.reset();
  store_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace sluice
