// Kept pipelines and outcomes; rejects and stored rows are in files of their own.
#include "adapters/sql_queries.h"

#include <algorithm>
#include <memory>
#include <queue>

#include "base/uuid.h"

namespace sluice {

// ---------------------------------------------------------------- pipelines

Result<std::vector<KeptPipeline>> SqlQueryStore::select_pipelines(const std::string& condition,
                                                                  const SqlParams& params) {
  auto rows = TRY(database_.read("SELECT name, text, inferred, " + database_.utc("updated_at") +
                                     " FROM pipelines WHERE tenant = $1 " + condition,
                                 params));
  std::vector<KeptPipeline> kept;
  for (std::size_t row = 0; row < rows.size(); ++row)
    kept.push_back({rows.text(row, 0), rows.text(row, 1), rows.yes(row, 2), rows.text(row, 3)});
  return kept;
}

Result<std::optional<KeptPipeline>> SqlQueryStore::pipeline(const std::string& tenant,
                                                            const std::string& name) {
  auto found = TRY(select_pipelines("AND name = $2", {tenant, name}));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Result<std::vector<KeptPipeline>> SqlQueryStore::pipelines(const std::string& tenant) {
  return select_pipelines("ORDER BY name", {tenant});
}

Result<> SqlQueryStore::keep_pipeline(const std::string& tenant, const KeptPipeline& pipeline) {
  const std::string now = database_.dialect() == SqlDialect::sqlite ? "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
                                                                    : "clock_timestamp()";
  TRY(
      database_.write("INSERT INTO pipelines (tenant, name, text, inferred, created_at, updated_at) VALUES "
                      "($1, $2, $3, $4, " +
                          now + ", " + now +
                          ") ON CONFLICT (tenant, name) DO UPDATE SET text = excluded.text, "
                          "inferred = excluded.inferred, updated_at = excluded.updated_at",
                      {tenant, pipeline.name, pipeline.text, pipeline.inferred}));
  return {};
}

Result<> SqlQueryStore::remove_pipeline(const std::string& tenant, const std::string& name) {
  auto removed =
      TRY(database_.write("DELETE FROM pipelines WHERE tenant = $1 AND name = $2", {tenant, name}));
  if (removed.affected() != 0) return {};
  return fail(ErrorKind::not_found, "there is no pipeline " + name + " of the tenant " + tenant + ".");
}

// ---------------------------------------------------------------- outcomes

Result<Outcome> SqlQueryStore::outcome(const std::string& job_id, std::uint64_t row_number) {
  auto found = TRY(outcomes(job_id, row_number, std::nullopt, 1));
  return found.empty() || found.front().row_number != row_number ? Outcome::none : found.front().outcome;
}

namespace {

constexpr std::size_t kBatchesAtOnce = 100;

// The runs of one batch, read from some row on.
struct RunsLeft {
  OutcomeRun run;  // what is left of the one it stands in
  OutcomeReader rest;
  std::uint64_t batch;  // its first row
  std::shared_ptr<const SqlRows> keeps_bytes;
};
// For a queue that has the lowest row on top, and of two the one from the batch that begins later.
struct Later {
  bool operator()(const RunsLeft& a, const RunsLeft& b) const {
    return a.run.first_row > b.run.first_row || (a.run.first_row == b.run.first_row && a.batch < b.batch);
  }
};

using RunsBegun = std::priority_queue<RunsLeft, std::vector<RunsLeft>, Later>;

// Puts a batch back at its next row that is wanted; nothing where it has none left.
void go_on(RunsBegun& begun, RunsLeft left, std::uint64_t from, std::optional<Outcome> only) {
  for (;;) {
    const bool wanted = left.run.outcome != Outcome::none && (!only || left.run.outcome == *only);
    left.run.first_row = std::max(left.run.first_row, from);
    if (wanted && left.run.first_row <= left.run.last_row) return begun.push(std::move(left));
    auto next = left.rest.next();
    if (!next) return;
    left.run = *next;
  }
}

}  // namespace

// Batches come in the order of their first rows. Those of a resubmission may lie around each other, so all
// that have begun are read side by side.
Result<std::vector<RowOutcome>> SqlQueryStore::outcomes(const std::string& job_id, std::uint64_t from,
                                                        std::optional<Outcome> only, std::size_t limit) {
  std::vector<RowOutcome> found;
  if (!uuid_bytes(job_id) || limit == 0) return found;
  RunsBegun begun;
  auto page = std::make_shared<const SqlRows>();
  std::size_t next = 0;
  std::uint64_t after = 0;  // batches up to the one that begins here were fetched
  bool more = true;
  while (found.size() < limit) {
    if (more && next == page->size()) {
      page = std::make_shared<const SqlRows>(
          TRY(database_.read("SELECT first_row, runs FROM row_outcomes WHERE job_id = $1 "
                             "AND first_row > $2 AND last_row >= $3 ORDER BY first_row LIMIT $4",
                             {job_id, after, from, kBatchesAtOnce})));
      next = 0;
      more = page->size() == kBatchesAtOnce;
      if (!page->empty()) after = page->whole(page->size() - 1, 0);
    }
    if (next < page->size() && (begun.empty() || page->whole(next, 0) <= begun.top().run.first_row)) {
      const std::uint64_t batch = page->whole(next, 0);
      OutcomeReader reader(page->text(next, 1), batch);
      ++next;
      if (auto first = reader.next()) go_on(begun, {*first, reader, batch, page}, from, only);
      continue;
    }
    if (begun.empty()) break;
    RunsLeft left = begun.top();
    begun.pop();
    if (found.empty() || found.back().row_number != left.run.first_row)
      found.push_back({left.run.first_row, left.run.outcome});
    ++left.run.first_row;
    go_on(begun, std::move(left), from, only);
  }
  return found;
}

}  // namespace sluice
