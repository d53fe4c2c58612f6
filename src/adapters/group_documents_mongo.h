// GroupDocuments in MongoDB: a collection for each aggregate, named like it.
//   {_id: "default/5f0c…", name: "Texas", population: 12, rows: 3, updatedAt: Date,
//    _sluice: {tenant: "default", version: 7}}
// Fields of `by` and measures are named as the pipeline names them, with _ for what MongoDB has another use
// for (a dot, a dollar at the beginning). Whole numbers are 64-bit integers, others Decimal128, and what is
// longer than 34 digits a string. A group without rows leaves {_id, _sluice, deletedAt}, which MongoDB
// removes after 30 days. Fields of other programs in a document stay. docs/mongodb.md tells users of it.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "ports/group_documents.h"

namespace sluice {

// MongoClient::open says what a URL is. Connects when it is first asked.
Result<std::unique_ptr<GroupDocuments>> open_mongo_documents(const std::string& url);

}  // namespace sluice
