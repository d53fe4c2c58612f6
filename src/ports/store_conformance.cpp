#include "ports/store_conformance.h"

#include <cstdio>
#include <ostream>

#include "base/sha256.h"

namespace sluice {

std::string test_job_id(std::uint64_t number) {
  char id[40];
  std::snprintf(id, sizeof id, "01900000-0000-7000-8000-%012llx", static_cast<unsigned long long>(number));
  return id;
}

TestRow good(std::uint64_t number, const std::string& content) {
  return {.number = number, .data = "{\"value\":\"" + content + "\"}"};
}

TestRow bad(std::uint64_t number) { return {.number = number, .bad = true}; }

RowCounts counted(std::uint64_t inserted, std::uint64_t updated, std::uint64_t duplicate,
                  std::uint64_t rejected) {
  return {inserted + updated + duplicate + rejected, inserted, updated, duplicate, rejected};
}

std::ostream& operator<<(std::ostream& out, const RowCounts& counts) {
  return out << "read " << counts.read << " = inserted " << counts.inserted << " + updated " << counts.updated
             << " + duplicate " << counts.duplicate << " + rejected " << counts.rejected;
}

Identity identity_of(const WriteSpec& spec, const TestRow& row) {
  Identity identity;
  if (spec.identity == IdentityKind::position) {
    std::string hex;
    for (char c : spec.root_job_id)
      if (c != '-') hex += c;
    for (std::size_t i = 0; i < 16; ++i)
      identity.bytes[i] = static_cast<std::uint8_t>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
    for (std::size_t i = 0; i < 8; ++i)
      identity.bytes[16 + i] = static_cast<std::uint8_t>(row.number >> (56 - 8 * i));
    identity.size = 24;
    return identity;
  }
  Digest digest = Sha256().of(spec.identity == IdentityKind::key ? "[\"" + row.key + "\"]" : row.data);
  std::copy(digest.begin(), digest.end(), identity.bytes.begin());
  identity.size = 32;
  return identity;
}

void StoreConformance::SetUp() {
  database_ = GetParam()();
  if (!database_) GTEST_SKIP() << "its server is not there";
  store_ = database_->open();
  ASSERT_TRUE(store_);
}

NewJob StoreConformance::new_job(std::uint32_t split_count) {
  NewJob job;
  job.id = test_job_id(next_job_++);
  job.pipeline = "people";
  job.file_name = "people.csv";
  job.file_size = 12'345;
  job.blob = "file:/tmp/people.csv";
  job.plan = "{\"plan\":1}";
  job.resume_key = "resume-" + job.id;
  job.created_by = "tester";
  for (std::uint32_t i = 0; i < split_count; ++i) {
    Split split;
    split.number = i + 1;
    split.begin = {std::uint64_t{i} * 100'000, std::uint64_t{i} * 1000 + 1, std::uint64_t{i} * 1000 + 2};
    if (i + 1 < split_count)
      split.end = Position{(i + 1) * 100'000ull, (i + 1) * 1000ull + 1, (i + 1) * 1000ull + 2};
    job.splits.push_back(split);
  }
  return job;
}

Job StoreConformance::create(std::uint32_t split_count) {
  return jobs().create(new_job(split_count)).value();
}

Job StoreConformance::create_child(const std::string& parent) {
  NewJob job = new_job();
  job.parent_job_id = parent;
  return jobs().create(job).value();
}

Lease StoreConformance::lease(const Job& job, std::uint32_t split, const std::string& owner) {
  return jobs().lease(job.id, split, owner, kLong, nullptr).value();
}

WriteSpec StoreConformance::spec(const Job& job, IdentityKind identity, OnDuplicate on_duplicate) {
  WriteSpec spec;
  spec.tenant = job.tenant;
  spec.pipeline = job.pipeline;
  spec.job_id = job.id;
  spec.root_job_id = job.root_job_id;
  spec.job_sequence = job.sequence;
  spec.identity = identity;
  spec.on_duplicate = on_duplicate;
  if (identity == IdentityKind::key) spec.key_fields = {"id"};
  return spec;
}

PreparedBatch StoreConformance::batch(const WriteSpec& spec, const std::vector<TestRow>& rows) {
  PreparedBatch prepared(RowBatch(std::make_shared<const Columns>(Columns{"id", "value"}), 2));
  Arena& arena = prepared.batch.arena();
  for (const TestRow& from : rows) {
    if (from.bad) {
      Issue issue{.code = RejectCode::constraint_error,
                  .field = "value",
                  .field_number = 2,
                  .constraint = "required",
                  .value = "",
                  .message = "value is missing",
                  .suggestion = "something"};
      prepared.rejects.push_back({from.number, from.number + 1, "{\"value\":\"\"}", {issue}});
      continue;
    }
    PreparedRow row;
    row.row_number = from.number;
    row.line = from.number + 1;
    row.identity = identity_of(spec, from);
    row.content_hash = Sha256().of(from.data);
    row.data = arena.copy(from.data);
    row.metadata = arena.copy(from.metadata);
    std::vector<UniqueValue> values;
    for (std::size_t i = 0; i < from.unique.size() && i < spec.unique_constraints.size(); ++i)
      if (!from.unique[i].empty())
        values.push_back({static_cast<std::uint32_t>(i), Sha256().of(from.unique[i])});
    auto unique = arena.array<UniqueValue>(values.size());
    std::copy(values.begin(), values.end(), unique.begin());
    row.unique = unique;
    auto typed = arena.array<Cell>(from.typed.size());
    for (std::size_t i = 0; i < typed.size(); ++i)
      typed[i] = from.typed[i].is_null() ? Cell::null()
                                         : Cell::of(from.typed[i].kind, arena.copy(from.typed[i].text()));
    row.typed = typed;
    row.batch_row = static_cast<std::uint32_t>(prepared.rows.size());
    prepared.rows.push_back(row);
  }
  return prepared;
}

Result<CommitReport> StoreConformance::try_commit(RowWriter& writer, const WriteSpec& spec,
                                                  const Lease& lease, const std::vector<TestRow>& rows,
                                                  bool last) {
  // Two batches, so that a border between batches lies somewhere in every commit.
  auto middle = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
  PreparedBatch first = batch(spec, {rows.begin(), middle}), second = batch(spec, {middle, rows.end()});
  std::array<const PreparedBatch*, 2> batches = {&first, &second};
  Commit commit;
  commit.batches = batches;
  std::uint64_t next = rows.empty() ? 1 : rows.back().number + 1;
  commit.checkpoint = {{next * 100, next, next + 1}, to_hex(Sha256().of(std::to_string(next))), {}};
  commit.last = last;
  if (last) commit.end = commit.checkpoint.position;
  commit.raw_of = [](const PreparedBatch&, const PreparedRow& row) {
    return "raw of " + std::to_string(row.row_number);
  };
  return writer.commit(commit, lease);
}

CommitReport StoreConformance::commit(RowWriter& writer, const WriteSpec& spec, const Lease& lease,
                                      const std::vector<TestRow>& rows, bool last) {
  auto report = try_commit(writer, spec, lease, rows, last);
  if (!report) {
    ADD_FAILURE() << "commit: " << report.error().message;
    return {};
  }
  EXPECT_EQ(report->batch.read, rows.size());
  for (const RowCounts& counts : {report->batch, report->job})
    EXPECT_EQ(counts.read, counts.inserted + counts.updated + counts.duplicate + counts.rejected);
  return *report;
}

CommitReport StoreConformance::run(const Job& job, const WriteSpec& spec, const std::vector<TestRow>& rows) {
  return commit(*writer(spec), spec, lease(job), rows, true);
}

std::unique_ptr<RowWriter> StoreConformance::writer(const WriteSpec& spec) {
  auto writer = store_->open_writer(spec);
  if (!writer) throw std::runtime_error("open_writer: " + writer.error().message);
  return std::move(*writer);
}

std::vector<Outcome> StoreConformance::outcomes(const std::string& job_id, std::uint64_t first,
                                                std::uint64_t last) {
  std::vector<Outcome> found;
  for (std::uint64_t row = first; row <= last; ++row) found.push_back(queries().outcome(job_id, row).value());
  return found;
}

std::vector<StoredReject> StoreConformance::rejects(const std::string& job_id) {
  std::vector<StoredReject> found;
  auto done = queries().each_reject(job_id, [&](const StoredReject& reject) {
    found.push_back(reject);
    return true;
  });
  EXPECT_TRUE(done) << done.error().message;
  return found;
}

std::vector<std::string> StoreConformance::event_texts(const std::string& job_id) {
  // Nobody has changed any of them, so they come in the order in which they were written.
  std::vector<std::string> texts;
  for (const auto& row :
       database_->query("SELECT type, data FROM ingestion_events WHERE job_id = '" + job_id + "'"))
    texts.push_back(row[0] + " " + row[1]);
  return texts;
}

std::string StoreConformance::number(const std::string& sql) { return database_->query(sql).at(0).at(0); }

std::string StoreConformance::everything() {
  std::string text;
  for (const char* sql :
       {"SELECT id, job_id, row_number, data, updated_at FROM ingested_data ORDER BY id",
        "SELECT job_id, row_number, code, resolved_by FROM validation_errors ORDER BY id",
        "SELECT job_id, first_row, last_row FROM row_outcomes ORDER BY job_id, first_row",
        "SELECT id, status, rows_read, rows_inserted, rows_updated, rows_duplicate, rows_rejected, error "
        "FROM ingestion_jobs ORDER BY id",
        "SELECT id, type, data FROM ingestion_events ORDER BY id",
        "SELECT job_id, split_number, checkpoint_offset, checkpoint_row, checkpoint_line, checkpoint_digest, "
        "rows_read, "
        "rows_inserted, rows_rejected, status FROM ingestion_splits ORDER BY job_id, split_number"})
    for (const auto& row : database_->query(sql)) {
      for (const auto& cell : row) text += cell + "|";
      text += "\n";
    }
  return text;
}

}  // namespace sluice
