#include "jobs/copy_groups.h"

#include <algorithm>

#include "base/log.h"
#include "base/uuid.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::size_t kCopiedAtOnce = 500;
constexpr auto kHold = 30s;  // longer than a portion takes, and what one that dies makes the others wait
constexpr auto kEvery = 500ms;
constexpr auto kLookEvery = 10s;
constexpr auto kFirstPause = 1s, kLongestPause = 30s;

}  // namespace

GroupCopier::GroupCopier(Store& store, GroupDocuments& documents, LookUps look_ups)
    : store_(store), documents_(documents), look_ups_(look_ups), holder_(new_uuid()) {}

GroupCopier::~GroupCopier() {
  if (held_) (void)store_.group_copies().hold(holder_, 0s);  // or it runs out
}

Result<bool> GroupCopier::copy(const std::stop_token& stop) {
  GroupCopies& copies = store_.group_copies();
  failure_.reset();
  auto changed = TRY(copies.changed());
  if (changed.empty() && steady_clock::now() < look_from_) return false;
  look_from_ = steady_clock::now() + kLookEvery;
  const auto store_id = TRY(copies.hold(holder_, kHold));
  held_ = store_id.has_value();
  if (!held_) return false;
  if (!TRY(documents_.belongs_to(*store_id))) {
    TRY(take_over(*store_id));
    changed = TRY(copies.changed());
  }
  bool more = false;
  for (const ChangedAggregate& aggregate : changed)
    if (!stop.stop_requested()) more = copy_if_due(aggregate) || more;
  return (!stop.stop_requested() && look_up_one(changed)) || more;
}

// Marked first: where this ends in between, it is done once more. Of two stores that begin at once, one is
// told.
Result<> GroupCopier::take_over(const std::string& store_id) {
  TRY(store_.group_copies().mark_all());
  TRY(documents_.give_to(store_id));
  (void)TRY(documents_.belongs_to(store_id));
  return {};
}

bool GroupCopier::copy_if_due(const ChangedAggregate& aggregate) {
  const auto pause = pauses_.find({aggregate.tenant, aggregate.spec.name});
  if (pause != pauses_.end() && steady_clock::now() < pause->second.until) return false;
  auto more = copy(aggregate);
  if (!more) {
    failed(aggregate, std::move(more).error());
    return false;
  }
  if (pause != pauses_.end()) pauses_.erase(pause);
  return *more;
}

Result<bool> GroupCopier::copy(const ChangedAggregate& aggregate) {
  const auto groups = TRY(store_.group_copies().changed_groups(aggregate, kCopiedAtOnce));
  if (groups.empty()) return false;
  // A commit that is read may not be durable yet. This one is, and with it all before it: a version that the
  // documents know is never given to something else.
  held_ = TRY(store_.group_copies().hold(holder_, kHold)).has_value();
  if (!held_) return false;
  TRY(documents_.put(aggregate, groups));
  TRY(store_.group_copies().copied(aggregate, groups));
  return groups.size() == kCopiedAtOnce;
}

// One of those that have something to look up, each in its turn. True: it is to be copied now.
bool GroupCopier::look_up_one(const std::vector<ChangedAggregate>& changed) {
  const auto began = steady_clock::now();
  if (look_ups_ == LookUps::seldom && began < look_up_from_) return false;
  const ChangedAggregate* next = nullptr;
  for (const bool behind_the_last : {true, false})
    for (const ChangedAggregate& aggregate : changed)
      if (next == nullptr && aggregate.to_look_up &&
          (!behind_the_last || Name(aggregate.tenant, aggregate.spec.name) > looked_up_))
        next = &aggregate;
  if (next == nullptr) return false;
  looked_up_ = {next->tenant, next->spec.name};
  auto found = store_.aggregates().look_up(next->tenant, next->spec);
  const auto ended = steady_clock::now();
  look_up_from_ = ended + 9 * (ended - began);
  if (found) return true;
  failed(*next, std::move(found).error());
  return false;
}

// Asked, and its error logged, less and less often.
void GroupCopier::failed(const ChangedAggregate& aggregate, Error error) {
  Pause& pause = pauses_[{aggregate.tenant, aggregate.spec.name}];
  pause.length = std::clamp<std::chrono::milliseconds>(pause.length * 2, kFirstPause, kLongestPause);
  pause.until = steady_clock::now() + pause.length;
  log_warning("aggregates",
              {{"tenant", aggregate.tenant}, {"aggregate", aggregate.spec.name}, {"error", error.message}});
  failure_ = std::move(error);
}

GroupCopierThread::GroupCopierThread(Store& store, GroupDocuments& documents)
    : copier_(store, documents),
      ticking_("aggregates", kEvery, [this](const std::stop_token& stop) { return copy(stop); }) {}

// A server that is away is asked, and its error logged, less and less often.
Result<bool> GroupCopierThread::copy(const std::stop_token& stop) {
  if (steady_clock::now() < copy_from_) return false;
  auto more = copier_.copy(stop);
  if (more) {
    pause_ = 0ms;
    return more;
  }
  pause_ = std::clamp<std::chrono::milliseconds>(pause_ * 2, kFirstPause, kLongestPause);
  copy_from_ = steady_clock::now() + pause_;
  return more;
}

}  // namespace sluice
