// GroupCopies: which groups have changed since another database got them (ports/group_documents.h). The store
// marks a group in the transaction that changes it; whoever copies takes the mark away when the copy is
// durable, and only where the group has not changed again meanwhile. So a mark is never lost, and copying
// twice is copying once. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ports/aggregate_store.h"

namespace sluice {

// A group as it was at one moment. One without rows is not there any more.
struct ChangedGroup {
  std::string hash;          // SHA-256 (hex): what the group is known by within its aggregate
  std::int64_t version = 0;  // rises with every change of the group, also through its removal
  AggregateGroup group;      // without a cursor
};

struct ChangedAggregate {
  std::string tenant;
  AggregateSpec spec;
  bool to_look_up = false;  // in some groups a least or greatest value went: AggregateStore::look_up
};

class GroupCopies {
 public:
  virtual ~GroupCopies() = default;
  // `holder` copies for `hold`, unless another does now (none): what saves work, not what keeps copies right.
  // What the copies know this store by: an id that it made once.
  virtual Result<std::optional<std::string>> hold(const std::string& holder,
                                                  std::chrono::milliseconds hold) = 0;
  virtual Result<std::vector<ChangedAggregate>> changed() = 0;
  // Up to `limit` of them; without those that have a value to be looked up.
  virtual Result<std::vector<ChangedGroup>> changed_groups(const ChangedAggregate& aggregate,
                                                           std::size_t limit) = 0;
  virtual Result<> copied(const ChangedAggregate& aggregate, std::span<const ChangedGroup> groups) = 0;
  virtual Result<> mark_all() = 0;  // every group: the copies are gone
};

}  // namespace sluice
