// ForwardingStore: a Store that hands every call on to another one. Test-only: a test derives from it and
// puts a fault, or something that happens meanwhile, into the one function it is about.
#pragma once

#include "ports/store.h"

namespace sluice {

class ForwardingStore : public Store, public JobStore {
 public:
  explicit ForwardingStore(Store& store) : store_(store) {}

  JobStore& jobs() override { return *this; }
  QueryStore& queries() override { return store_.queries(); }
  Result<std::unique_ptr<RowWriter>> open_writer(const WriteSpec& spec) override {
    return store_.open_writer(spec);
  }
  AggregateStore& aggregates() override { return store_.aggregates(); }
  GroupCopies& group_copies() override { return store_.group_copies(); }
  EventLog& events() override { return store_.events(); }
  KeyStore& keys() override { return store_.keys(); }
  AuditLog& audit() override { return store_.audit(); }
  ScheduleStore& schedules() override { return store_.schedules(); }
  UploadStore& uploads() override { return store_.uploads(); }
  DeliveryStore& deliveries() override { return store_.deliveries(); }
  JobStatistics& statistics() override { return store_.statistics(); }
  RetentionStore& retention() override { return store_.retention(); }
  JobQueue& queue() override { return store_.queue(); }
  Result<> ready() override { return store_.ready(); }

  Result<Job> create(const NewJob& job) override { return store_.jobs().create(job); }
  Result<Job> get(const std::string& id) override { return store_.jobs().get(id); }
  Result<std::vector<Split>> splits(const std::string& id) override { return store_.jobs().splits(id); }
  Result<std::optional<Job>> find_unfinished(const std::string& key) override {
    return store_.jobs().find_unfinished(key);
  }
  Result<Lease> lease(const std::string& id, std::uint32_t split, const std::string& owner,
                      std::chrono::milliseconds duration,
                      const std::function<bool(const std::string&)>& is_dead) override {
    return store_.jobs().lease(id, split, owner, duration, is_dead);
  }
  Result<> heartbeat(const Lease& lease, std::chrono::milliseconds duration) override {
    return store_.jobs().heartbeat(lease, duration);
  }
  Result<> release(const Lease& lease) override { return store_.jobs().release(lease); }
  Result<std::vector<Lease>> leases() override { return store_.jobs().leases(); }
  Result<> end(const std::string& id, JobStatus status, const std::string& error) override {
    return store_.jobs().end(id, status, error);
  }
  Result<> plan(const Lease& lease, const std::string& plan, std::span<const Split> splits) override {
    return store_.jobs().plan(lease, plan, splits);
  }
  Result<> defer(const Lease& lease, std::chrono::milliseconds delay, const std::string& error) override {
    return store_.jobs().defer(lease, delay, error);
  }
  Result<> hand_back(const Lease& lease, std::chrono::milliseconds delay) override {
    return store_.jobs().hand_back(lease, delay);
  }
  Result<Members> members(const std::string& archive_id) override {
    return store_.jobs().members(archive_id);
  }
  Result<std::vector<Job>> list(const JobFilter& filter, std::optional<std::int64_t> before,
                                std::size_t limit) override {
    return store_.jobs().list(filter, before, limit);
  }
  Result<std::vector<SplitStatus>> split_status(const std::string& id) override {
    return store_.jobs().split_status(id);
  }
  Result<> reopen(const std::string& id) override { return store_.jobs().reopen(id); }
  Result<std::vector<DueSplit>> take_due(std::size_t per_tenant, std::size_t limit,
                                         std::chrono::milliseconds lost_after) override {
    return store_.jobs().take_due(per_tenant, limit, lost_after);
  }
  Result<> remove(const std::string& id, KeepRows keep, DespiteDuplicates despite) override {
    return store_.jobs().remove(id, keep, despite);
  }

 protected:
  Store& store_;
};

}  // namespace sluice
