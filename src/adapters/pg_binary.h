// PostgreSQL's binary forms: arrays as parameters and rows for COPY (FORMAT binary). Source: PostgreSQL 15,
// COPY "Binary Format", src/include/catalog/pg_type.dat for the type numbers.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sluice {

enum class PgType : std::uint32_t {
  boolean = 16,
  bytea = 17,
  int8 = 20,
  text = 25,
  uuid = 2950,
  jsonb = 3802
};
enum class PgArrayType : std::uint32_t { bytea = 1001, int8 = 1016, text = 1009, uuid = 2951, jsonb = 3807 };

inline void append_be16(std::string& out, std::uint16_t value) {
  value = __builtin_bswap16(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
inline void append_be32(std::string& out, std::uint32_t value) {
  value = __builtin_bswap32(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
inline void append_be64(std::string& out, std::uint64_t value) {
  value = __builtin_bswap64(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// The fields of one row, or the elements of an array: each a length and its bytes.
class PgFields {
 public:
  explicit PgFields(std::string& out) : out_(out) {}
  void null() { append_be32(out_, ~std::uint32_t{0}); }
  void bytes(std::string_view value) {
    append_be32(out_, static_cast<std::uint32_t>(value.size()));
    out_.append(value);
  }
  void int8(std::int64_t value) {
    append_be32(out_, 8);
    append_be64(out_, static_cast<std::uint64_t>(value));
  }
  void int4(std::int32_t value) {
    append_be32(out_, 4);
    append_be32(out_, static_cast<std::uint32_t>(value));
  }
  void jsonb(std::string_view json) {
    append_be32(out_, static_cast<std::uint32_t>(json.size() + 1));
    out_ += '\1';  // the version of the form
    out_.append(json);
  }
  void bytes_or_null(std::string_view value) { value.empty() ? null() : bytes(value); }
  void jsonb_or_null(std::string_view json) { json.empty() ? null() : jsonb(json); }

 private:
  std::string& out_;
};

// A one-dimensional array, in binary.
class PgArray {
 public:
  explicit PgArray(PgType element) {
    append_be32(bytes_, 1);  // dimensions
    append_be32(bytes_, 1);  // may hold nulls
    append_be32(bytes_, static_cast<std::uint32_t>(element));
    append_be32(bytes_, 0);  // elements: filled in by take()
    append_be32(bytes_, 1);  // the first one's index
  }
  PgFields next() {
    ++count_;
    return PgFields(bytes_);
  }
  std::uint32_t count() const { return count_; }
  std::string take() {
    std::uint32_t count = __builtin_bswap32(count_);
    std::memcpy(bytes_.data() + 12, &count, sizeof count);
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
  std::uint32_t count_ = 0;
};

inline constexpr std::string_view kPgCopyHeader{"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19};
inline constexpr std::string_view kPgCopyTrailer{"\377\377", 2};

}  // namespace sluice
