#include "adapters/sql_uploads.h"

namespace sluice {
namespace {

std::unexpected<Error> no_such_upload(const std::string& id) {
  return fail(ErrorKind::not_found,
              "there is no upload " + id + ": it was ended, or its time ran out. Begin it anew.");
}

}  // namespace

Result<> SqlUploadStore::add(const Upload& upload) {
  TRY(database_.write(
      "INSERT INTO ingestion_uploads (id, tenant, pipeline, file_name, content_type, metadata, created_by, "
      "sent_metadata, length_bytes, stored_bytes, digest_state, blob, created_ms, expires_ms) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, {now}, $13)",
      {upload.id, upload.tenant, upload.pipeline, upload.file_name, upload.content_type, upload.metadata,
       upload.created_by, upload.sent_metadata, upload.length, upload.offset, upload.digest_state,
       upload.blob, upload.expires_ms}));
  return {};
}

Result<std::vector<Upload>> SqlUploadStore::select(const std::string& condition, const SqlParams& params) {
  auto rows = TRY(database_.read(
      "SELECT id, tenant, pipeline, file_name, content_type, metadata, created_by, length_bytes, "
      "stored_bytes, blob, created_ms, expires_ms, job_id, sent_metadata, digest_state FROM "
      "ingestion_uploads " +
          condition,
      params));
  std::vector<Upload> uploads;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    Upload upload;
    upload.id = rows.text(row, 0);
    upload.tenant = rows.text(row, 1);
    upload.pipeline = rows.text(row, 2);
    upload.file_name = rows.text(row, 3);
    upload.content_type = rows.text(row, 4);
    upload.metadata = rows.text(row, 5);
    upload.created_by = rows.text(row, 6);
    if (!rows.is_null(row, 7)) upload.length = rows.whole(row, 7);
    upload.offset = rows.whole(row, 8);
    upload.blob = rows.text(row, 9);
    upload.created_ms = rows.integer(row, 10);
    upload.expires_ms = rows.integer(row, 11);
    upload.job_id = rows.text(row, 12);
    upload.sent_metadata = rows.text(row, 13);
    upload.digest_state = rows.text(row, 14);
    uploads.push_back(std::move(upload));
  }
  return uploads;
}

Result<std::optional<Upload>> SqlUploadStore::get(const std::string& tenant, const std::string& id) {
  auto found = TRY(select("WHERE tenant = $1 AND id = $2", {tenant, id}));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Result<> SqlUploadStore::advance(const std::string& id, std::uint64_t from, std::uint64_t to,
                                 const std::string& digest_state, std::int64_t expires_ms) {
  return database_.transact<void>([&](SqlSession& session) -> Result<> {
    auto moved =
        TRY(session.run("UPDATE ingestion_uploads SET stored_bytes = $1, expires_ms = $2, digest_state = $3 "
                        "WHERE id = $4 AND stored_bytes = $5",
                        {to, expires_ms, digest_state, id, from}));
    if (moved.affected() != 0) return {};
    auto there = TRY(session.run("SELECT stored_bytes FROM ingestion_uploads WHERE id = $1", {id}));
    if (there.empty()) return no_such_upload(id);
    return fail(ErrorKind::conflict, "the upload " + id + " stands at byte " + there.text(0, 0) + ", not " +
                                         std::to_string(from) + ". Ask for its offset and go on from there.");
  });
}

Result<> SqlUploadStore::set_length(const std::string& id, std::uint64_t length) {
  auto set =
      TRY(database_.write("UPDATE ingestion_uploads SET length_bytes = $1 WHERE id = $2", {length, id}));
  if (set.affected() == 0) return no_such_upload(id);
  return {};
}

Result<> SqlUploadStore::finish(const std::string& id, const std::string& job_id) {
  auto finished =
      TRY(database_.write("UPDATE ingestion_uploads SET job_id = $1 WHERE id = $2", {job_id, id}));
  if (finished.affected() == 0) return no_such_upload(id);
  return {};
}

Result<> SqlUploadStore::remove(const std::string& id) {
  TRY(database_.write("DELETE FROM ingestion_uploads WHERE id = $1", {id}));
  return {};
}

Result<std::vector<Upload>> SqlUploadStore::expired(std::size_t limit) {
  return select("WHERE expires_ms <= {now} ORDER BY expires_ms, id LIMIT $1", {limit});
}

}  // namespace sluice
