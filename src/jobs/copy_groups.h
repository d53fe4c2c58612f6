// GroupCopier: brings groups that have changed into a database of documents. Whatever ends it, at whatever
// moment, the next one goes on: what is not marked as copied is copied again, and a document takes nothing
// older than it has (docs/mongodb.md, decision 31). Every node that works has one; the store sees to it that
// one at a time copies.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "jobs/ticking.h"
#include "ports/group_documents.h"
#include "ports/store.h"

namespace sluice {

// Finding a least or greatest value reads every row of the pipelines: a tenth of the time may go into that,
// or as much as it takes, where somebody waits for the end.
enum class LookUps : bool { seldom, at_once };

// One thread.
class GroupCopier {
 public:
  GroupCopier(Store& store, GroupDocuments& documents, LookUps look_ups = LookUps::seldom);
  ~GroupCopier();  // another may go on at once
  GroupCopier(const GroupCopier&) = delete;
  GroupCopier& operator=(const GroupCopier&) = delete;

  // Copies some of what has changed. True: there is more. False also where another process copies now
  // (`holds`). An aggregate that fails is logged, waits for a while, and keeps none of the others.
  Result<bool> copy(const std::stop_token& stop = {});

  bool holds() const { return held_; }
  // Why something is not copied; none where nothing failed since the last copy that succeeded.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  using Name = std::pair<std::string, std::string>;  // tenant, aggregate
  struct Pause {
    std::chrono::milliseconds length{0};
    std::chrono::steady_clock::time_point until;
  };
  Result<> take_over(const std::string& store_id);
  bool copy_if_due(const ChangedAggregate& aggregate);
  Result<bool> copy(const ChangedAggregate& aggregate);
  bool look_up_one(const std::vector<ChangedAggregate>& changed);
  void failed(const ChangedAggregate& aggregate, Error error);

  Store& store_;
  GroupDocuments& documents_;
  const LookUps look_ups_;
  const std::string holder_;
  bool held_ = false;
  std::optional<Error> failure_;
  std::map<Name, Pause> pauses_;  // of those that failed
  Name looked_up_;                // the last, so that the next is another
  std::chrono::steady_clock::time_point look_up_from_;
  std::chrono::steady_clock::time_point look_from_;  // whether the documents are still there
};

class GroupCopierThread {
 public:
  GroupCopierThread(Store& store, GroupDocuments& documents);

 private:
  Result<bool> copy(const std::stop_token& stop);

  GroupCopier copier_;
  std::chrono::milliseconds pause_{0};  // after errors
  std::chrono::steady_clock::time_point copy_from_;
  Ticking ticking_;
};

}  // namespace sluice
