#include "jobs/copy_groups.h"

#include <algorithm>

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

GroupCopier::GroupCopier(Store& store, GroupDocuments& documents)
    : store_(store), documents_(documents), holder_(new_uuid()) {}

GroupCopier::~GroupCopier() {
  if (held_) (void)store_.group_copies().hold(holder_, 0s);  // or it runs out
}

Result<bool> GroupCopier::copy() {
  GroupCopies& copies = store_.group_copies();
  auto changed = TRY(copies.changed());
  if (changed.empty() && steady_clock::now() < look_from_) return false;
  const auto store_id = TRY(copies.hold(holder_, kHold));
  held_ = store_id.has_value();
  if (!store_id) return false;
  look_from_ = steady_clock::now() + kLookEvery;
  if (!TRY(documents_.belongs_to(*store_id))) {
    TRY(take_over(*store_id));
    changed = TRY(copies.changed());
  }
  bool more = false;
  Result<> failed;
  for (const ChangedAggregate& aggregate : changed) {
    auto copied = copy(aggregate);  // what fails with one must not keep the others
    if (copied)
      more = more || *copied;
    else if (failed)
      failed = std::unexpected(std::move(copied).error());
  }
  TRY(failed);
  return more;
}

// Marked first: where this ends in between, it is done once more.
Result<> GroupCopier::take_over(const std::string& store_id) {
  TRY(store_.group_copies().mark_all());
  return documents_.give_to(store_id);
}

Result<bool> GroupCopier::copy(const ChangedAggregate& aggregate) {
  TRY(look_up(aggregate));
  const auto groups = TRY(store_.group_copies().changed_groups(aggregate, kCopiedAtOnce));
  if (groups.empty()) return false;
  TRY(documents_.put(aggregate, groups));
  TRY(store_.group_copies().copied(aggregate, groups));
  return groups.size() == kCopiedAtOnce;
}

Result<> GroupCopier::look_up(const ChangedAggregate& aggregate) {
  const auto began = steady_clock::now();
  if (!aggregate.to_look_up || began < look_up_from_) return {};
  TRY(store_.aggregates().look_up(aggregate.tenant, aggregate.spec));
  const auto ended = steady_clock::now();
  look_up_from_ = ended + 9 * (ended - began);
  return {};
}

GroupCopierThread::GroupCopierThread(Store& store, GroupDocuments& documents)
    : copier_(store, documents),
      ticking_("aggregates", kEvery, [this](const std::stop_token&) { return copy(); }) {}

// A server that is away is asked, and its error logged, less and less often.
Result<bool> GroupCopierThread::copy() {
  if (steady_clock::now() < copy_from_) return false;
  auto more = copier_.copy();
  if (more) {
    pause_ = 0ms;
    return more;
  }
  pause_ = std::clamp<std::chrono::milliseconds>(pause_ * 2, kFirstPause, kLongestPause);
  copy_from_ = steady_clock::now() + pause_;
  return more;
}

}  // namespace sluice
