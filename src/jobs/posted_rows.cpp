#include "jobs/posted_rows.h"

#include <simdjson.h>

#include "base/sha256.h"
#include "base/uuid.h"
#include "jobs/upload_keys.h"

namespace sluice {
namespace {

namespace ondemand = simdjson::ondemand;

std::unexpected<Error> wrong_rows(const std::string& what) {
  return fail(ErrorKind::usage,
              what +
                  " Send an array of objects, {\"rows\": [ … ]}, or NDJSON with Content-Type "
                  "application/x-ndjson.");
}

std::unexpected<Error> no_rows() { return wrong_rows("the body holds no rows."); }

// Counts and checks: every row has to be an object or, under a header row, an array.
Result<std::uint64_t> count_rows(ondemand::array& rows) {
  std::uint64_t count = 0;
  for (simdjson::simdjson_result<ondemand::value> item : rows) {
    ++count;
    ondemand::value row;
    ondemand::object object;
    ondemand::array array;
    std::string_view ignored;
    if (std::move(item).get(row))
      return wrong_rows("after row " + std::to_string(count - 1) + " the JSON is broken.");
    const bool is_row = row.get_object().get(object)
                            ? !row.get_array().get(array) && !array.raw_json().get(ignored)
                            : !object.raw_json().get(ignored);
    if (!is_row) return wrong_rows("row " + std::to_string(count) + " is no JSON object.");
  }
  return count;
}

}  // namespace

Result<PostedRows> posted_rows(const std::string& body) {
  ondemand::parser parser;
  const simdjson::padded_string padded(body);
  ondemand::document document;
  ondemand::json_type type;
  if (parser.iterate(padded).get(document) || document.type().get(type))
    return wrong_rows("the body is no JSON.");
  PostedRows rows;
  ondemand::array array;
  std::string_view text;
  const bool wrapped = type == ondemand::json_type::object;
  if (wrapped ? static_cast<bool>(document["rows"].get_array().get(array))
              : static_cast<bool>(document.get_array().get(array)))
    return no_rows();
  if (array.raw_json().get(text)) return wrong_rows("the body is no JSON.");
  rows.json = text;
  if (!wrapped && document.current_location().error() != simdjson::OUT_OF_BOUNDS)
    return wrong_rows("something comes after the array.");
  const simdjson::padded_string once_more(rows.json);
  if (parser.iterate(once_more).get(document) || document.get_array().get(array))
    return wrong_rows("the body is no JSON.");
  rows.count = TRY(count_rows(array));
  if (rows.count == 0) return no_rows();
  return rows;
}

Result<PostedRows> posted_lines(const std::string& body) {
  PostedRows rows{.json = body, .format = SourceFormat::ndjson};
  bool blank = true;
  for (char c : body) {
    if (c == '\n' && !blank) ++rows.count;
    if (c == '\n')
      blank = true;
    else if (c != ' ' && c != '\t' && c != '\r')
      blank = false;
  }
  if (!blank) ++rows.count;
  if (rows.count == 0) return no_rows();
  return rows;
}

Result<KeptRows> keep_rows(BlobStore& blobs, const PostedRows& rows) {
  KeptRows kept{
      .blob_key = upload_key(new_uuid()),
      .sha256 = to_hex(Sha256().of(rows.json)),
      .content_type = rows.format == SourceFormat::json ? "application/json" : "application/x-ndjson"};
  auto blob = TRY(blobs.create(kept.blob_key));
  TRY(blob->write(rows.json));
  TRY(blob->commit());
  return kept;
}

}  // namespace sluice
