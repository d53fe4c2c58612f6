#include "server/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <vector>

#include "rows/issue.h"

namespace sluice {
namespace {

using prometheus::BuildCounter, prometheus::BuildGauge, prometheus::BuildHistogram, prometheus::Counter,
    prometheus::Family, prometheus::Gauge, prometheus::Histogram;

const Histogram::BucketBoundaries kSeconds = {0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
const Histogram::BucketBoundaries kRows = {1, 10, 100, 1000, 5000, 10'000, 25'000, 50'000, 100'000};

double number(std::uint64_t value) { return static_cast<double>(value); }

class PrometheusMetrics final : public Metrics {
 public:
  void committed(const Job& job, const SplitProgress& progress) override {
    const RowCounts& rows = progress.report.batch;
    const std::pair<const char*, std::uint64_t> outcomes[] = {{"inserted", rows.inserted},
                                                              {"updated", rows.updated},
                                                              {"duplicate", rows.duplicate},
                                                              {"rejected", rows.rejected}};
    for (const auto& [outcome, count] : outcomes)
      rows_.Add({{"pipeline", job.pipeline}, {"outcome", outcome}}).Increment(number(count));
    bytes_.Add({{"pipeline", job.pipeline}}).Increment(number(progress.bytes));
    {
      std::lock_guard lock(mutex_);
      bytes_done_ += number(progress.bytes);
    }
    for (const auto& [code, count] : progress.issues)
      rejects_.Add({{"pipeline", job.pipeline}, {"code", std::string(name_of(code))}})
          .Increment(number(count));
    commit_seconds_.Observe(progress.commit.count());
    batch_rows_.Observe(number(rows.read));
  }
  void ended(const Job& job, JobStatus status) override {
    const bool completed = status == JobStatus::completed;
    jobs_.Add({{"pipeline", job.pipeline}, {"status", completed ? "completed" : "failed"}}).Increment();
  }
  void attempt_failed(const Job&) override { retries_.Increment(); }
  void lease_lost(const Job&) override { leases_lost_.Increment(); }

  void worked(bool planning, std::chrono::duration<double> time) override {
    busy_.Add({{"work", planning ? "planning" : "split"}}).Increment(time.count());
    std::lock_guard lock(mutex_);
    if (planning) {
      ++planned_;
      planning_seconds_ += time.count();
    } else {
      split_seconds_ += time.count();
    }
  }

  void served(const Served& served) override {
    const std::string route = served.route ? served.route->operation : "none";
    http_.Add({{"route", route}, {"status", std::to_string(served.status)}}).Increment();
    http_seconds_.Add({{"route", route}}, kSeconds).Observe(served.seconds);
    received_.Increment(number(served.received_bytes));
    sent_.Increment(number(served.sent_bytes));
  }

  Result<std::string> text(JobQueue& queue, JobStatistics& statistics) override {
    const QueueHealth health = TRY(queue.health());
    set_backlog(TRY(statistics.backlog()));
    const std::pair<const char*, std::uint64_t> depths[] = {{"waiting", health.waiting},
                                                            {"active", health.active},
                                                            {"delayed", health.delayed},
                                                            {"failed", health.failed}};
    for (const auto& [state, count] : depths)
      depth_.Add({{"queue", health.name}, {"state", state}}).Set(number(count));
    oldest_.Add({{"queue", health.name}})
        .Set(health.oldest_waiting ? number(static_cast<std::uint64_t>(health.oldest_waiting->count())) / 1000
                                   : 0);
    paused_.Add({{"queue", health.name}}).Set(health.paused ? 1 : 0);
    return prometheus::TextSerializer().Serialize(registry_.Collect());
  }

 private:
  // How long one slot would be busy with all of it, as this node's have been so far; said once they have.
  void set_backlog(const Backlog& backlog) {
    backlog_jobs_.Set(number(backlog.jobs));
    backlog_bytes_.Set(number(backlog.bytes));
    std::lock_guard lock(mutex_);
    if (planned_ == 0 || bytes_done_ == 0) return;
    backlog_seconds_.Add({}).Set(number(backlog.unplanned_jobs) * planning_seconds_ / number(planned_) +
                                 number(backlog.bytes) * split_seconds_ / bytes_done_);
  }

  Family<Counter>& counter(const char* name, const char* help) {
    return BuildCounter().Name(name).Help(help).Register(registry_);
  }
  Family<Gauge>& gauge(const char* name, const char* help) {
    return BuildGauge().Name(name).Help(help).Register(registry_);
  }
  Family<Histogram>& histogram(const char* name, const char* help) {
    return BuildHistogram().Name(name).Help(help).Register(registry_);
  }

  prometheus::Registry registry_;
  Family<Counter>& rows_ = counter("sluice_rows_total", "Rows by what became of them");
  Family<Counter>& bytes_ = counter("sluice_input_bytes_total", "Bytes of inputs that are durably done");
  Family<Counter>& rejects_ = counter("sluice_reject_issues_total", "Issues of rejected rows by code");
  Family<Counter>& jobs_ = counter("sluice_jobs_ended_total", "Jobs that a worker of this node ended");
  Counter& retries_ =
      counter("sluice_attempts_failed_total", "Attempts that failed and are made again").Add({});
  Counter& leases_lost_ = counter("sluice_leases_lost_total", "Leases that were lost while working").Add({});
  Histogram& commit_seconds_ =
      histogram("sluice_commit_seconds", "How long commits of rows took").Add({}, kSeconds);
  Histogram& batch_rows_ = histogram("sluice_commit_rows", "Rows of one commit").Add({}, kRows);
  Family<Gauge>& depth_ = gauge("sluice_queue_messages", "Messages of the queue by state");
  Family<Gauge>& oldest_ =
      gauge("sluice_queue_oldest_waiting_seconds", "How long the oldest waiting message has waited");
  Gauge& backlog_jobs_ =
      gauge("sluice_backlog_jobs", "Jobs that could be worked on now and have not ended").Add({});
  Gauge& backlog_bytes_ = gauge("sluice_backlog_bytes", "What is left of their files").Add({});
  Family<Gauge>& backlog_seconds_ =
      gauge("sluice_backlog_seconds", "How long one slot of a worker would be busy with all of that");
  Family<Counter>& busy_ =
      counter("sluice_busy_seconds_total", "How long slots of this node were busy, by what they did");
  Family<Gauge>& paused_ = gauge("sluice_queue_paused", "1 while the queue is paused");
  Family<Counter>& http_ = counter("sluice_http_requests_total", "Requests by route and status");
  Family<Histogram>& http_seconds_ =
      histogram("sluice_http_request_seconds", "How long requests took, bodies included");
  Counter& received_ = counter("sluice_http_received_bytes_total", "Bytes of request bodies").Add({});
  Counter& sent_ = counter("sluice_http_sent_bytes_total", "Bytes of response bodies").Add({});

  std::mutex mutex_;  // guards what follows: the work of this node since it started
  double planning_seconds_ = 0, split_seconds_ = 0, bytes_done_ = 0;
  std::uint64_t planned_ = 0;
};

}  // namespace

std::unique_ptr<Metrics> Metrics::make() { return std::make_unique<PrometheusMetrics>(); }

}  // namespace sluice
