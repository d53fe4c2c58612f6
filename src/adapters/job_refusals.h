// What a store says when it refuses what was asked of a job; the same from every store. No state.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "ports/store.h"

namespace sluice {

// `conflict` where the Idempotency-Key stood for another request.
Result<> check_same_request(const NewJob& job, const std::string& digest, const std::string& job_id);
// `gone`: the key is known, and what it made was removed.
std::unexpected<Error> job_of_key_is_gone(const NewJob& job, const std::string& job_id);
// `conflict` where the archive has ended: nothing more is unpacked out of it.
Result<> check_takes_members(const Job& archive);
// What the planner gives is not a plan: a fault of the program.
Result<> check_planned(const Lease& lease, std::span<const Split> splits);
std::unexpected<Error> not_a_time(const std::string& text);

std::unexpected<Error> lease_is_lost(const Lease& lease);
// Splits that are put off: until when (RFC 3339), and why.
std::unexpected<Error> split_is_put_off(const std::string& job_id, std::uint32_t split_number,
                                        const std::string& until, const std::string& last_error);

// Two pipelines, or one before and after it was changed, say different things of the aggregate of one name.
std::unexpected<Error> aggregate_is_another(const AggregateSpec& spec, const std::string& kept_by,
                                            const std::string& pipeline);
// Rows in a table of their own keep for aggregates what those needed that were there.
std::unexpected<Error> aggregate_is_too_late(const AggregateSpec& spec, const std::string& pipeline);

std::unexpected<Error> cannot_reopen(const std::string& job_id, const std::string& status);
std::unexpected<Error> nothing_left_to_reopen(const std::string& job_id);
std::unexpected<Error> cannot_reopen_without_parent(const std::string& job_id, const std::string& parent_id);
std::unexpected<Error> cannot_remove_unfinished(const std::string& job_id, const std::string& status);
std::unexpected<Error> cannot_remove_corrected(const std::string& job_id, const std::string& child_id);
std::unexpected<Error> cannot_remove_relied_on(const std::string& job_id, const std::string& later_id);

}  // namespace sluice
