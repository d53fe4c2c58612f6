// What a push begins with: where its journal is, and whether it may go on with what that says. One thread.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/push_journal.h"
#include "cli/push_options.h"
#include "jobs/input.h"

namespace sluice {

// The same for every spelling of the file's path, and for whoever sends. Usage error where --journal names
// the file itself or the report.
Result<std::string> journal_path(const PushOptions& options, const Input& input);

// Clears the journal for a push that is new, or checks that it goes on with the same rows. Usage errors: what
// the journal is of, and what can be done.
// The value: how many rows the journal had as taken, that are sent once more now.
Result<std::uint64_t> begin_push(PushJournal& journal, const PushHeader& header, bool restart);

// Batches without an answer that were sent so long ago that a server may have forgotten their keys: done with
// as `unanswered` says. Usage error where it says nothing.
Result<> settle_old(PushJournal& journal, Unanswered unanswered, WallTime now);

// How far to read where --limit says `limit` (0: to the end): a batch without an answer can only be sent
// whole.
std::uint64_t limit_beyond_pending(const PushState& state, std::uint64_t limit);

}  // namespace sluice
