// store_sqlite_bench: rows/s of RowWriter::commit on SQLite, beside a bare upsert of the same rows.
//
//   store_sqlite_bench --db=FILE [--rows=N] [--batch=N] [--cache=MIB] [--page=BYTES] [--log=MIB] [--report=N]
//                      [--identity=content|position|key] [--unique] [--known] [--skip] [--bare]
// Only the commits are on the clock, not the making of the rows. --known commits the same rows again from a
// second job; --unique adds a unique constraint; --bare is one table with a unique hash and one prepared
// upsert, with the same settings. Prints one JSON object; with --report also the rate of each N rows.
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/store_sqlite.h"
#include "base/sha256.h"

namespace {

using namespace sluice;

struct Options {
  std::string db, identity = "content";
  std::size_t rows = 1'000'000, batch = 50'000, cache_mib = 32, page = 16'384, log_mib = 64, report = 0;
  bool unique = false, known = false, skip = false, bare = false;
};

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "store_sqlite_bench: %s\n", what.c_str());
  std::exit(1);
}

template <class T>
T value(Result<T> result) {
  if (!result) die(result.error().message);
  return std::move(*result);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    auto number = [&](std::string_view name, std::size_t& into) {
      if (!argument.starts_with(name)) return false;
      into = std::strtoull(argv[i] + name.size(), nullptr, 10);
      return true;
    };
    if (argument.starts_with("--db="))
      options.db = argument.substr(5);
    else if (argument.starts_with("--identity="))
      options.identity = argument.substr(11);
    else if (argument == "--unique")
      options.unique = true;
    else if (argument == "--known")
      options.known = true;
    else if (argument == "--skip")
      options.skip = true;
    else if (argument == "--bare")
      options.bare = true;
    else if (!number("--rows=", options.rows) && !number("--batch=", options.batch) &&
             !number("--cache=", options.cache_mib) && !number("--page=", options.page) &&
             !number("--log=", options.log_mib) && !number("--report=", options.report))
      die("unknown argument " + std::string(argument));
  }
  if (options.db.empty()) die("--db=FILE is missing");
  return options;
}

std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

// Rows that look like the people file's, with made-up hashes: only what the store sees counts here.
PreparedBatch make_batch(const Options& options, std::uint64_t first, std::size_t count) {
  PreparedBatch prepared(RowBatch(std::make_shared<const Columns>(), 0));
  Arena& arena = prepared.batch.arena();
  prepared.rows.resize(count);
  for (std::size_t k = 0; k < count; ++k) {
    const std::uint64_t i = first + k;
    PreparedRow& row = prepared.rows[k];
    row.row_number = i;
    row.line = i + 1;
    for (std::uint64_t word = 0; word < 4; ++word) {
      const std::uint64_t bits = mix(i * 4 + word);
      std::memcpy(row.content_hash.data() + 8 * word, &bits, 8);
    }
    row.identity.bytes = row.content_hash;
    row.identity.size = 32;
    if (options.identity == "position") {
      row.identity.bytes = {};
      row.identity.size = 24;
      for (std::size_t b = 0; b < 8; ++b)
        row.identity.bytes[16 + b] = static_cast<std::uint8_t>(i >> (56 - 8 * b));
    }
    if (options.unique) {
      auto unique = arena.array<UniqueValue>(1);
      unique[0] = {0, row.content_hash};
      std::ranges::reverse(unique[0].digest);
      row.unique = unique;
    }
    char text[320];
    int size =
        std::snprintf(text, sizeof text,
                      "{\"amount\":%u.%02u,\"email\":\"first.last%u@example.com\",\"id\":%llu,\"name\":"
                      "\"First Last\",\"notes\":null,"
                      "\"phone\":\"+1-555-555-%04u\",\"signup_date\":\"2020-%02u-%02u\",\"state\":\"CA\"}",
                      unsigned(mix(i) % 99999), unsigned(mix(i) % 90 + 10), unsigned(mix(i) % 100000),
                      static_cast<unsigned long long>(i), unsigned(mix(i) % 10000), unsigned(mix(i) % 12 + 1),
                      unsigned(mix(i) % 28 + 1));
    row.data = arena.copy({text, static_cast<std::size_t>(size)});
  }
  return prepared;
}

class Bare {
 public:
  explicit Bare(const Options& options) {
    if (sqlite3_open(options.db.c_str(), &database_) != SQLITE_OK) die("open");
    sql("PRAGMA page_size=" + std::to_string(options.page) +
        "; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
        "PRAGMA cache_size=-" +
        std::to_string(options.cache_mib * 1024) +
        "; PRAGMA wal_autocheckpoint=" + std::to_string((options.log_mib << 20) / options.page));
    sql("CREATE TABLE t (id INTEGER PRIMARY KEY, content_hash BLOB NOT NULL UNIQUE, job_id INTEGER NOT NULL, "
        "row_number "
        "INTEGER NOT NULL, data TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL)");
    sqlite3_prepare_v3(
        database_,
        "INSERT INTO t (content_hash, job_id, row_number, data, created_at, updated_at) VALUES "
        "(?1, 1, ?2, ?3, ?4, ?4) ON CONFLICT (content_hash) DO UPDATE SET updated_at = excluded.updated_at",
        -1, SQLITE_PREPARE_PERSISTENT, &upsert_, nullptr);
  }
  ~Bare() {
    sqlite3_finalize(upsert_);
    sqlite3_close(database_);
  }
  void commit(const PreparedBatch& batch) {
    std::vector<const PreparedRow*> rows;
    for (const PreparedRow& row : batch.rows) rows.push_back(&row);
    std::ranges::sort(rows, {}, [](const PreparedRow* row) { return row->content_hash; });
    sql("BEGIN IMMEDIATE");
    for (const PreparedRow* row : rows) {
      sqlite3_bind_blob(upsert_, 1, row->content_hash.data(), 32, SQLITE_STATIC);
      sqlite3_bind_int64(upsert_, 2, static_cast<sqlite3_int64>(row->row_number));
      sqlite3_bind_text(upsert_, 3, row->data.data(), static_cast<int>(row->data.size()), SQLITE_STATIC);
      sqlite3_bind_int64(upsert_, 4, 1'700'000'000'000);
      if (sqlite3_step(upsert_) != SQLITE_DONE) die(sqlite3_errmsg(database_));
      sqlite3_reset(upsert_);
    }
    sql("COMMIT");
  }

 private:
  void sql(const std::string& text) {
    if (sqlite3_exec(database_, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
      die(sqlite3_errmsg(database_));
  }
  sqlite3* database_ = nullptr;
  sqlite3_stmt* upsert_ = nullptr;
};

class Sluice {
 public:
  explicit Sluice(const Options& options) : options_(options) {
    SqliteOptions chosen;
    chosen.cache_bytes = options.cache_mib << 20;
    chosen.page_bytes = options.page;
    chosen.log_bytes = options.log_mib << 20;
    store_ = value(open_store_sqlite(options.db, chosen));
    start();
  }
  void start() {
    NewJob job;
    job.id = "01900000-0000-7000-8000-00000000000" + std::to_string(++jobs_);
    job.pipeline = "people";
    job.splits.push_back({.number = 1, .begin = {}});
    Job made = value(store_->jobs().create(job));
    lease_ = value(store_->jobs().lease(job.id, 1, "bench", std::chrono::hours(1), nullptr));
    WriteSpec spec;
    spec.pipeline = "people";
    spec.job_id = spec.root_job_id = job.id;
    spec.job_sequence = made.sequence;
    spec.identity = options_.identity == "key"        ? IdentityKind::key
                    : options_.identity == "position" ? IdentityKind::position
                                                      : IdentityKind::content;
    spec.on_duplicate = options_.skip                ? OnDuplicate::skip
                        : options_.identity == "key" ? OnDuplicate::update
                                                     : OnDuplicate::touch;
    if (options_.unique) spec.unique_constraints = {"id"};
    writer_ = value(store_->open_writer(spec));
  }
  void commit(const PreparedBatch& batch, bool last) {
    const PreparedBatch* batches[] = {&batch};
    Commit commit;
    commit.batches = batches;
    commit.checkpoint.position.row = batch.rows.back().row_number + 1;
    commit.last = last;
    value(writer_->commit(commit, lease_));
  }

 private:
  const Options& options_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<RowWriter> writer_;
  Lease lease_;
  int jobs_ = 0;
};

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) / 1e9;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  for (const char* suffix : {"", "-wal", "-shm"}) unlink((options.db + suffix).c_str());
  std::unique_ptr<Bare> bare;
  std::unique_ptr<Sluice> ours;
  if (options.bare)
    bare = std::make_unique<Bare>(options);
  else
    ours = std::make_unique<Sluice>(options);

  using Clock = std::chrono::steady_clock;
  double seconds = 0, cpu = 0, reported = 0;
  auto one_pass = [&] {
    for (std::uint64_t first = 1; first <= options.rows; first += options.batch) {
      const std::size_t count = std::min<std::size_t>(options.batch, options.rows - first + 1);
      const PreparedBatch batch = make_batch(options, first, count);
      const auto start = Clock::now();
      const double cpu_start = cpu_seconds();
      if (bare)
        bare->commit(batch);
      else
        ours->commit(batch, first + count > options.rows);
      cpu += cpu_seconds() - cpu_start;
      seconds += std::chrono::duration<double>(Clock::now() - start).count();
      if (options.report != 0 && (first + count - 1) % options.report == 0) {
        std::printf("  at %llu rows: %.0f rows/s\n", static_cast<unsigned long long>(first + count - 1),
                    double(options.report) / (seconds - reported));
        reported = seconds;
      }
    }
  };
  one_pass();
  if (options.known) {
    seconds = cpu = reported = 0;
    if (ours) ours->start();
    one_pass();
  }
  bare.reset();
  ours.reset();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "{\"program\":\"%s\",\"identity\":\"%s\",\"unique\":%d,\"known\":%d,\"skip\":%d,\"rows\":%zu,\"batch\":"
      "%zu,"
      "\"cache_mib\":%zu,\"page\":%zu,\"log_mib\":%zu,\"seconds\":%.3f,\"cpu_seconds\":%.3f,\"rows_per_s\":%."
      "0f,\"peak_mib\":%ld}\n",
      options.bare ? "bare" : "sluice", options.identity.c_str(), options.unique, options.known, options.skip,
      options.rows, options.batch, options.cache_mib, options.page, options.log_mib, seconds, cpu,
      double(options.rows) / seconds, usage.ru_maxrss / 1024);
}
