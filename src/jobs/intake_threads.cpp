#include "jobs/intake_threads.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "jobs/blob_reference.h"
#include "jobs/control_job.h"
#include "jobs/intake_request.h"
#include "jobs/owner.h"
#include "jobs/submit_job.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

constexpr auto kRequestHold = 30s;
constexpr auto kRenewEvery = 10s;
constexpr auto kWaitForRequests = 5s;
constexpr auto kWaitForNews = 1s;
constexpr auto kTakeEvery = 1s;  // after a fault
constexpr auto kAnswerEvery = 200ms;
constexpr std::size_t kMostOpen = 64;

std::string outcome_of(const Job& job) {
  return Json{{"jobId", job.id},
              {"status", name_of(job.status)},
              {"pipeline", job.pipeline},
              {"rows",
               {{"read", job.counts.read},
                {"inserted", job.counts.inserted},
                {"updated", job.counts.updated},
                {"duplicate", job.counts.duplicate},
                {"rejected", job.counts.rejected}}}}
      .dump();
}

Submission submission_of(const IntakeRequest& request, const IntakeOrder& order) {
  Submission submission;
  submission.tenant = order.tenant;
  submission.pipeline = order.pipeline;
  submission.file_name = order.file_name;
  submission.metadata = order.metadata;
  submission.priority = order.priority;
  submission.created_by = "queue";
  submission.idempotency_key = request.key;
  submission.idempotency_digest = request.key;
  return submission;
}

}  // namespace

IntakeThreads::IntakeThreads(Service& service, Intake& intake, std::string blobs_url)
    : service_(service), intake_(intake), blobs_url_(std::move(blobs_url)) {
  if (auto given = intake_.give_back_of(is_dead); !given)  // or their holds run out
    log_warning("intake", {{"error", given.error().message}});
  renewing_ = std::make_unique<Ticking>("intake", kRenewEvery, [this](std::stop_token) { return renew(); });
  answering_ = std::make_unique<Ticking>("intake", kAnswerEvery,
                                         [this](std::stop_token stop) { return answer(stop); });
  taking_ =
      std::make_unique<Ticking>("intake", kTakeEvery, [this](std::stop_token stop) { return take(stop); });
}

IntakeThreads::~IntakeThreads() {
  taking_.reset();
  answering_.reset();
  renewing_.reset();
  for (const auto& [job_id, open] : open_) (void)intake_.hand_back(open.request);  // or its hold runs out
}

std::map<std::string, IntakeThreads::Open> IntakeThreads::open() {
  std::lock_guard lock(mutex_);
  return open_;
}

// ---------------------------------------------------------------- requests → jobs

Result<std::string> IntakeThreads::job_for(const IntakeRequest& request) {
  const IntakeOrder order = TRY(intake_order(request.body));
  Submission submission = submission_of(request, order);
  if (auto made = TRY(find_made(service_, submission))) {
    const bool ended_early = made->status == JobStatus::failed || made->status == JobStatus::cancelled;
    return ended_early && request.is_new_attempt ? TRY(retry_job(service_, *made)).id : made->id;
  }
  if (order.rows) {
    TRY(check_pipeline_name(service_, order.tenant, order.pipeline));
    const KeptRows kept = TRY(keep_rows(service_.blobs, *order.rows));
    submission.format = order.rows->format;
    submission.blob_key = kept.blob_key;
    submission.sha256 = kept.sha256;
    submission.content_type = kept.content_type;
    submission.size = order.rows->json.size();
    if (submission.file_name.empty()) submission.file_name = "batch";
  } else {
    submission.blob_key = TRY(blob_key_of_reference(order.blob, blobs_url_, order.tenant));
    submission.size = TRY(service_.blobs.stat(submission.blob_key)).size;
    if (submission.file_name.empty())
      submission.file_name = submission.blob_key.substr(submission.blob_key.rfind('/') + 1);
  }
  return TRY(submit_job(service_, submission)).id;
}

// Everything but a fault that passes is the request's: its sender is told, and it is not in the way of
// others.
Result<> IntakeThreads::refuse(const IntakeRequest& request, const Error& error) {
  const auto again = error.kind == ErrorKind::usage ? Intake::Again::no : Intake::Again::yes;
  return intake_.fail_attempt(request, error.message, again);
}

Result<> IntakeThreads::begin(IntakeRequest request) {
  auto job_id = job_for(request);
  if (!job_id && job_id.error().retryable) return std::unexpected(std::move(job_id).error());
  if (!job_id) return refuse(request, job_id.error());
  TRY(intake_.opened(request));
  log_info("intake", {{"request", request.id}, {"job", *job_id}});
  request.body = {};
  Open open{std::move(request), {}};
  TRY(intake_.log(open.request, "is job " + *job_id));
  if (TRY(answer(*job_id, open))) return {};  // it had been made before, and has ended
  std::lock_guard lock(mutex_);
  open_[*job_id] = std::move(open);
  return {};
}

Result<bool> IntakeThreads::take(const std::stop_token& stop) {
  {
    std::lock_guard lock(mutex_);
    if (open_.size() >= kMostOpen) return false;
  }
  const auto request = TRY(intake_.take(kRequestHold, kWaitForRequests, stop));
  if (!request) return true;
  auto begun = begin(*request);
  if (begun) return true;
  (void)intake_.hand_back(*request);  // or its hold runs out
  return std::unexpected(std::move(begun).error());
}

// ---------------------------------------------------------------- jobs → answers

Result<bool> IntakeThreads::answer(const std::string& job_id, Open& open) {
  auto job = service_.store.jobs().get(job_id);
  if (!job && job.error().kind != ErrorKind::not_found) return std::unexpected(std::move(job).error());
  if (job && (job->status == JobStatus::pending || job->status == JobStatus::processing)) {
    std::string progress = outcome_of(*job);
    if (progress == open.progress) return false;
    TRY(intake_.set_progress(open.request, progress));
    open.progress = std::move(progress);
    return false;
  }
  if (!job)
    TRY(intake_.fail_attempt(open.request, "the job " + job_id + " was removed.", Intake::Again::no));
  else if (job->status == JobStatus::completed)
    TRY(intake_.complete(open.request, outcome_of(*job)));
  else if (job->status == JobStatus::cancelled)
    TRY(intake_.fail_attempt(open.request, "the job " + job_id + " was cancelled.", Intake::Again::no));
  else
    TRY(intake_.fail_attempt(open.request, job->error, Intake::Again::yes));
  return true;
}

Result<bool> IntakeThreads::answer(const std::stop_token& stop) {
  // What happens from here on is found at the next look.
  const std::uint64_t seen = TRY(service_.store.events().newest());
  for (auto& [job_id, open] : open()) {
    if (stop.stop_requested()) return false;
    auto ended = answer(job_id, open);
    if (!ended && ended.error().retryable) return std::unexpected(std::move(ended).error());
    // What the queue does not take for an answer it will not take later either.
    if (!ended) TRY(refuse(open.request, ended.error()));
    note(job_id, open, !ended || *ended);
  }
  TRY(service_.store.events().wait_for_more(seen, kWaitForNews, stop));
  return false;
}

// Unless it was taken anew meanwhile.
void IntakeThreads::note(const std::string& job_id, const Open& open, bool ended) {
  std::lock_guard lock(mutex_);
  const auto found = open_.find(job_id);
  if (found == open_.end() || found->second.request.token != open.request.token) return;
  if (ended)
    open_.erase(found);
  else
    found->second.progress = open.progress;
}

Result<bool> IntakeThreads::renew() {
  for (const auto& [job_id, open] : open())
    if (!TRY(intake_.extend(open.request, kRequestHold))) note(job_id, open, true);
  return false;
}

}  // namespace sluice
