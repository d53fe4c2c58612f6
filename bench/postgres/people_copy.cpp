// people_copy: writes ready rows (parsed, checked, hashed, without duplicates) as input for COPY … (FORMAT
// binary): the limit that `sluice run` into PostgreSQL is measured by.
//
//   people_copy FILE.csv > rows.copy      columns job_id, row_number, content_hash, data; in the order of the
//   file
#include <cstdio>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "people_rows.h"

namespace {

void be(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
}

void field(std::string& out, std::string_view bytes) {
  be(out, bytes.size(), 4);
  out += bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: people_copy FILE.csv > rows.copy\n");
    return 2;
  }
  CsvReader reader(argv[1]);
  Sha256 sha;
  Row row;
  std::vector<std::string_view> fields;
  std::string email, out("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  const std::string job(16, '\1');
  std::unordered_set<std::string> seen;
  std::uint64_t row_number = 0;
  reader.next(fields);  // the header
  while (reader.next(fields)) {
    ++row_number;
    if (canonicalise(fields, row.json, email)) continue;
    sha(row.json, row.hash);
    const std::string_view hash(reinterpret_cast<const char*>(row.hash.data()), row.hash.size());
    if (!seen.insert(std::string(hash)).second) continue;
    be(out, 4, 2);
    field(out, job);
    be(out, 8, 4);
    be(out, row_number, 8);
    field(out, hash);
    field(out, "\1" + row.json);
    if (out.size() > (1 << 20)) {
      std::fwrite(out.data(), 1, out.size(), stdout);
      out.clear();
    }
  }
  be(out, 0xFFFF, 2);
  std::fwrite(out.data(), 1, out.size(), stdout);
  return std::fflush(stdout) == 0 ? 0 : 1;
}
