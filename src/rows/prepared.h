// PreparedBatch: rows that went the whole way from parse to hash and wait for their commit.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/sha256.h"
#include "rows/cell.h"
#include "rows/issue.h"
#include "rows/row_batch.h"

namespace sluice {

// What makes a row one and the same within its tenant and pipeline (contract, section 5), as stored.
// content: the content hash (32 bytes). A list of fields: SHA-256 of the JCS array of the key's values
// (32 bytes). position: the root job's id and the row number, big-endian (24 bytes).
struct Identity {
  std::array<std::uint8_t, 32> bytes{};
  std::uint8_t size = 0;

  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), size}; }
};

// A value that may stand only once in a job: a field with `unique`, or the primary key.
struct UniqueValue {
  std::uint32_t constraint = 0;  // index into WriteSpec::unique_constraints
  Digest digest{};               // SHA-256 of the JCS array of the values; rows with a null in it have none
};

struct PreparedRow {
  std::uint64_t row_number = 0;
  std::uint64_t line = 0;
  std::uint32_t batch_row = 0;  // index in PreparedBatch::batch, to get at the row as read
  Identity identity;
  Digest content_hash{};
  std::string_view data;      // the row in RFC 8785 form, the very bytes that were hashed
  std::string_view metadata;  // JSON object, or "" (extra_fields: keep)
  std::span<const UniqueValue> unique;
  std::span<const Cell> typed;  // in the order of WriteSpec::target.columns; empty without a target table
};

struct PreparedBatch {
  explicit PreparedBatch(RowBatch rows_as_read) : batch(std::move(rows_as_read)) {}

  RowBatch batch;                    // owns the bytes everything below looks at
  std::vector<PreparedRow> rows;     // the good ones, in the order of the file
  std::vector<RejectedRow> rejects;  // the others, likewise
  std::size_t rows_read() const { return rows.size() + rejects.size(); }
  std::size_t bytes() const {  // memory held
    std::size_t total = batch.bytes() + rows.capacity() * sizeof(PreparedRow);
    total += rejects.capacity() * sizeof(RejectedRow);
    for (const RejectedRow& reject : rejects) total += reject.text_bytes();
    return total;
  }
};

}  // namespace sluice
