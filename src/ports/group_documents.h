// GroupDocuments: a database of documents that has one for each group of each aggregate, for other programs
// to read. Whoever writes a group says which version of it; a document of a later version stays as it is, so
// that writes may come twice, late, or from several processes at once. Thread-safe.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "ports/group_copies.h"

namespace sluice {

class GroupDocuments {
 public:
  virtual ~GroupDocuments() = default;
  // Is this the copy of the store of that id? false: it holds nothing of any store. conflict: of another one.
  virtual Result<bool> belongs_to(const std::string& store) = 0;
  virtual Result<> give_to(const std::string& store) = 0;
  // Durable when it returns. A group without rows leaves a document that says so, lest an older version of it
  // appear again.
  virtual Result<> put(const ChangedAggregate& aggregate, std::span<const ChangedGroup> groups) = 0;
};

}  // namespace sluice
