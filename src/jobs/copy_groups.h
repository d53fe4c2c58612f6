// GroupCopier: brings groups that have changed into a database of documents. Whatever ends it, at whatever
// moment, the next one goes on: what is not marked as copied is copied again, and a document takes nothing
// older than it has (docs/mongodb.md, decision 31). Every node that works has one; the store sees to it that
// one at a time copies.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "jobs/ticking.h"
#include "ports/group_documents.h"
#include "ports/store.h"

namespace sluice {

// One thread.
class GroupCopier {
 public:
  GroupCopier(Store& store, GroupDocuments& documents);
  ~GroupCopier();  // another may go on at once
  GroupCopier(const GroupCopier&) = delete;
  GroupCopier& operator=(const GroupCopier&) = delete;

  // Copies some of what has changed. True: there is more. False also where another process copies now.
  Result<bool> copy();

 private:
  Result<> take_over(const std::string& store_id);
  Result<bool> copy(const ChangedAggregate& aggregate);
  Result<> look_up(const ChangedAggregate& aggregate);

  Store& store_;
  GroupDocuments& documents_;
  const std::string holder_;
  bool held_ = false;
  // Finding a least or greatest value reads every row of the pipelines: a tenth of the time may go into that.
  std::chrono::steady_clock::time_point look_up_from_;
  std::chrono::steady_clock::time_point look_from_;  // whether the documents are still there
};

class GroupCopierThread {
 public:
  GroupCopierThread(Store& store, GroupDocuments& documents);

 private:
  Result<bool> copy();

  GroupCopier copier_;
  std::chrono::milliseconds pause_{0};  // after errors
  std::chrono::steady_clock::time_point copy_from_;
  Ticking ticking_;
};

}  // namespace sluice
