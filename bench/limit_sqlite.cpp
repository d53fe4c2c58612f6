// limit_sqlite: how fast SQLite takes ready rows, with nothing around it: the limit that `sluice run` is
// measured by.
//
//   limit_sqlite --db=FILE (--csv=FILE | --synthetic=N) [--sync=full|normal|off] [--batch=N] [--cache=MIB]
//                [--page=BYTES] [--checkpoint=PAGES] [--report=N]
// Rows are parsed, checked and hashed before the clock starts. One table with a unique content hash, WAL, one
// prepared upsert, one transaction a batch, rows of a batch in the order of their hashes. One thread. Prints
// one JSON object; with
// --report also the rate of each N rows, for growth curves.
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "people_rows.h"

namespace {

struct Options {
  std::string db, csv, sync = "full";
  std::size_t synthetic = 0, batch = 50000, cache_mib = 64, page = 16384, checkpoint = 16384, report = 0;
};

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "limit_sqlite: %s\n", what.c_str());
  std::exit(1);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const std::size_t equals = argument.find('=');
    if (equals == std::string_view::npos) die("unknown argument " + std::string(argument));
    const std::string_view name = argument.substr(0, equals);
    const std::string value(argument.substr(equals + 1));
    const std::size_t number = std::strtoull(value.c_str(), nullptr, 10);
    if (name == "--db")
      options.db = value;
    else if (name == "--csv")
      options.csv = value;
    else if (name == "--sync")
      options.sync = value;
    else if (name == "--synthetic")
      options.synthetic = number;
    else if (name == "--batch")
      options.batch = number;
    else if (name == "--cache")
      options.cache_mib = number;
    else if (name == "--page")
      options.page = number;
    else if (name == "--checkpoint")
      options.checkpoint = number;
    else if (name == "--report")
      options.report = number;
    else
      die("unknown argument " + std::string(argument));
  }
  if (options.db.empty() || (options.csv.empty() == (options.synthetic == 0)))
    die("give --db=FILE and one of --csv=FILE, --synthetic=N");
  return options;
}

std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

// A row as large as those of people_gen, under a hash that looks random.
void synthetic(std::uint64_t i, Row& row) {
  for (std::uint64_t k = 0; k < 4; ++k) {
    const std::uint64_t value = mix(i * 4 + k);
    std::memcpy(row.hash.data() + 8 * k, &value, 8);
  }
  row.row_number = static_cast<std::int64_t>(i);
  const std::uint64_t random = mix(i);
  char text[320];
  std::snprintf(
      text, sizeof text,
      R"({"amount":%u.%02u,"email":"first.last%u@example.com","id":%llu,"name":"First Last","phone":"+1-555-555-%04u",)"
      R"("signup_date":"2020-%02u-%02u","state":"CA"})",
      unsigned(random % 99999), unsigned(random % 90 + 10), unsigned(random % 100000),
      static_cast<unsigned long long>(i), unsigned(random % 10000), unsigned(random % 12 + 1),
      unsigned(random % 28 + 1));
  row.json = text;
}

std::vector<Row> rows_of(const std::string& csv, std::size_t& input_rows) {
  std::vector<Row> rows;
  CsvReader reader(csv.c_str());
  Sha256 sha;
  Row row;
  std::vector<std::string_view> fields;
  std::string email;
  reader.next(fields);  // the header
  while (reader.next(fields)) {
    ++input_rows;
    if (canonicalise(fields, row.json, email)) continue;
    sha(row.json, row.hash);
    row.row_number = static_cast<std::int64_t>(input_rows);
    rows.push_back(row);
  }
  return rows;
}

class Upserts {
 public:
  explicit Upserts(const Options& options) {
    for (const char* suffix : {"", "-wal", "-shm"}) unlink((options.db + suffix).c_str());
    if (sqlite3_open(options.db.c_str(), &connection_)) die(sqlite3_errmsg(connection_));
    run("PRAGMA page_size=" + std::to_string(options.page) +
        "; PRAGMA journal_mode=WAL; PRAGMA synchronous=" + options.sync + "; PRAGMA cache_size=-" +
        std::to_string(options.cache_mib * 1024) +
        "; PRAGMA wal_autocheckpoint=" + std::to_string(options.checkpoint));
    run("CREATE TABLE rows (id INTEGER PRIMARY KEY, content_hash BLOB NOT NULL UNIQUE, job_id INTEGER NOT "
        "NULL, "
        "row_number INTEGER NOT NULL, data TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER "
        "NOT NULL)");
    const char* upsert =
        "INSERT INTO rows (content_hash, job_id, row_number, data, created_at, updated_at) VALUES (?1, 1, "
        "?2, ?3, ?4, ?4) "
        "ON CONFLICT (content_hash) DO UPDATE SET updated_at = excluded.updated_at";
    if (sqlite3_prepare_v3(connection_, upsert, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr))
      die(sqlite3_errmsg(connection_));
  }

  void commit(std::vector<const Row*>& batch) {
    std::ranges::sort(batch, [](const Row* a, const Row* b) { return a->hash < b->hash; });
    run("BEGIN IMMEDIATE");
    for (const Row* row : batch) {
      sqlite3_bind_blob(statement_, 1, row->hash.data(), 32, SQLITE_STATIC);
      sqlite3_bind_int64(statement_, 2, row->row_number);
      sqlite3_bind_text(statement_, 3, row->json.data(), static_cast<int>(row->json.size()), SQLITE_STATIC);
      sqlite3_bind_int64(statement_, 4, 1700000000000);
      if (sqlite3_step(statement_) != SQLITE_DONE) die(sqlite3_errmsg(connection_));
      sqlite3_reset(statement_);
    }
    run("COMMIT");
    batch.clear();
  }

  void close() {  // with the last checkpoint
    sqlite3_finalize(statement_);
    sqlite3_close(connection_);
  }

 private:
  void run(const std::string& sql) {
    char* error = nullptr;
    if (sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, &error)) die(sql + ": " + error);
  }

  sqlite3* connection_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  std::size_t input_rows = options.synthetic;
  const std::vector<Row> rows = options.csv.empty() ? std::vector<Row>() : rows_of(options.csv, input_rows);
  std::vector<Row> own(options.csv.empty() ? options.batch : 0);
  Upserts upserts(options);
  std::vector<const Row*> batch;
  const double begin = now_s();
  double last = begin;
  const std::size_t count = options.csv.empty() ? options.synthetic : rows.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Row* row = options.csv.empty() ? &own[batch.size()] : &rows[i];
    if (options.csv.empty()) synthetic(i, own[batch.size()]);
    batch.push_back(row);
    if (batch.size() == options.batch) upserts.commit(batch);
    if (options.report && (i + 1) % options.report == 0) {
      const double now = now_s();
      std::printf("{\"at\":%zu,\"rows_per_second\":%.0f}\n", i + 1,
                  static_cast<double>(options.report) / (now - last));
      std::fflush(stdout);
      last = now;
    }
  }
  upserts.commit(batch);
  upserts.close();
  const double seconds = now_s() - begin;
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  std::printf("{\"input_rows\":%zu,\"seconds\":%.3f,\"rows_per_second\":%.0f,\"peak_rss_mib\":%ld}\n",
              input_rows, seconds, static_cast<double>(input_rows) / seconds, usage.ru_maxrss / 1024);
}
