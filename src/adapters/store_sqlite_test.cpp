// The SQLite store: the conformance suite of its port, and what is SQLite's own: opening, locking, the gate,
// the log's size, the documented queries.
#include "adapters/store_sqlite.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "adapters/sqlite_connection.h"
#include "adapters/store_sqlite_database.h"
#include "adapters/store_sqlite_schema.h"
#include "adapters/store_sqlite_under_test.h"

namespace sluice {
namespace {

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreConformance, testing::Values(StoreFactory(make_sqlite_under_test)));

class StoreSqlite : public testing::Test {
 protected:
  static constexpr const char* kJob = "01900000-0000-7000-8000-000000000001";

  std::unique_ptr<Store> open() { return open_store_sqlite(path_, {.busy_timeout_ms = 50}).value(); }
  Error refused(const std::string& path) {
    auto opened = open_store_sqlite(path, {.busy_timeout_ms = 50});
    EXPECT_FALSE(opened) << path;
    return opened ? Error{} : opened.error();
  }
  void create_job(Store& store) {
    NewJob job;
    job.id = kJob;
    job.pipeline = "people";
    job.splits.push_back({.number = 1});
    ASSERT_TRUE(store.jobs().create(job));
    lease_ = store.jobs().lease(kJob, 1, "me", std::chrono::hours(1), nullptr).value();
  }
  WriteSpec spec() {
    WriteSpec spec;
    spec.pipeline = "people";
    spec.job_id = spec.root_job_id = kJob;
    spec.job_sequence = 1;
    return spec;
  }
  Result<CommitReport> commit(RowWriter& writer, std::size_t rows) {
    PreparedBatch prepared(RowBatch(std::make_shared<const Columns>(), 0));
    for (std::size_t i = 0; i < rows; ++i) {
      PreparedRow row;
      row.row_number = row.line = next_row_++;
      row.data = prepared.batch.arena().copy("{\"n\":" + std::to_string(row.row_number) +
                                             ",\"text\":\"some more of it\"}");
      row.content_hash = Sha256().of(row.data);
      row.identity.bytes = row.content_hash;
      row.identity.size = 32;
      prepared.rows.push_back(row);
    }
    const PreparedBatch* batches[] = {&prepared};
    return writer.commit({.batches = batches, .checkpoint = {{0, next_row_, next_row_}, "", {}}}, lease_);
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("store.db");
  Lease lease_;
  std::uint64_t next_row_ = 1;
};

TEST_F(StoreSqlite, ParentFoldersAreMade) {
  std::string deep = folder_.file("a/b/store.db");
  ASSERT_TRUE(open_store_sqlite(deep, {}));
  EXPECT_TRUE(std::filesystem::exists(deep));
  ASSERT_TRUE(open_store_sqlite(deep, {})) << "and opened again";
}

TEST_F(StoreSqlite, WhatIsNoDatabaseIsRefusedAndLeftAsItIs) {
  std::ofstream(path_) << std::string(5000, 'x');
  Error error = refused(path_);
  EXPECT_EQ(error.kind, ErrorKind::usage);
  EXPECT_NE(error.message.find("is not a SQLite database"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find(path_), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(path_), 5000u);
}

TEST_F(StoreSqlite, PlacesThatCannotBeAreRefused) {
  EXPECT_NE(refused(folder_.path().string()).message.find("is a folder"), std::string::npos);
  std::ofstream(folder_.file("file")) << "x";
  Error error = refused(folder_.file("file") + "/store.db");
  EXPECT_EQ(error.kind, ErrorKind::io);
  EXPECT_NE(error.message.find("cannot be made"), std::string::npos) << error.message;
  EXPECT_EQ(refused("").kind, ErrorKind::usage);
}

TEST_F(StoreSqlite, ANewerSchemaIsRefused) {
  open();
  query_sqlite(path_, "INSERT INTO schema_migrations VALUES (999, 'the future', '2099-01-01')");
  Error error = refused(path_);
  EXPECT_EQ(error.kind, ErrorKind::usage);
  EXPECT_NE(error.message.find("newer sluice"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("999"), std::string::npos);
}

TEST_F(StoreSqlite, ADatabaseOfAnotherProgramIsRefusedAndLeftAsItIs) {
  for (const char* table : {"ingested_data", "a", "b", "c"})
    query_sqlite(path_, std::string("CREATE TABLE ") + table + " (x)");
  Error error = refused(path_);
  EXPECT_EQ(error.kind, ErrorKind::usage);
  EXPECT_NE(error.message.find("another program (it has the tables a, b, c and 1 more)"), std::string::npos)
      << error.message;
  EXPECT_EQ(query_sqlite(path_, "SELECT count(*) FROM sqlite_schema")[0][0], "4");
  EXPECT_EQ(query_sqlite(path_, "PRAGMA journal_mode")[0][0], "delete") << "nor is its journal changed";
  std::string marked = folder_.file("marked.db");
  query_sqlite(marked, "PRAGMA application_id = 252006674");  // a GeoPackage or whatever
  EXPECT_EQ(refused(marked).kind, ErrorKind::usage);
}

TEST_F(StoreSqlite, AFileOfTheFirstVersionIsOursAndIsMarked) {
  {
    auto connection = SqliteConnection::open(path_, SqliteAccess::read_write_create, 0).value();
    ASSERT_TRUE(migrate_sqlite(connection, 1));
  }
  EXPECT_EQ(query_sqlite(path_, "PRAGMA application_id")[0][0], "0");
  create_job(*open());
  EXPECT_EQ(query_sqlite(path_, "PRAGMA application_id")[0][0],
            std::to_string(('S' << 24) + ('L' << 16) + ('U' << 8) + 'C'));
  EXPECT_EQ(query_sqlite(path_, "SELECT max(version) FROM schema_migrations")[0][0],
            std::to_string(newest_sqlite_schema()));
}

TEST_F(StoreSqlite, ToReadOnlyNothingIsMade) {
  auto read = [&] { return open_store_sqlite(path_, {.read_only = true}); };
  EXPECT_EQ(read().error().kind, ErrorKind::not_found);
  EXPECT_FALSE(std::filesystem::exists(path_));
  ASSERT_TRUE(open()->queries().keep_pipeline("default", {"people", "name: people\n", true}));
  auto store = read();
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ((*store)->queries().pipeline("default", "people").value()->text, "name: people\n");
  EXPECT_FALSE((*store)->queries().keep_pipeline("default", {"more", "name: more\n", true}));
}

TEST_F(StoreSqlite, AnotherWriterMeansLaterNotFailed) {
  auto store = open();
  create_job(*store);
  auto writer = store->open_writer(spec()).value();
  ASSERT_TRUE(commit(*writer, 3));
  auto other = SqliteConnection::open(path_, SqliteAccess::read_write_create, 0).value();
  ASSERT_TRUE(other.execute("BEGIN IMMEDIATE"));
  for (const Error& error :
       {commit(*writer, 3).error(), store->jobs().heartbeat(lease_, std::chrono::hours(1)).error()}) {
    EXPECT_EQ(error.kind, ErrorKind::unavailable);
    EXPECT_TRUE(error.retryable);
    EXPECT_NE(error.message.find("another process"), std::string::npos) << error.message;
  }
  EXPECT_EQ(store->jobs().get(kJob).value().counts.inserted, 3u) << "readers need not wait";
  ASSERT_TRUE(other.execute("ROLLBACK"));
  EXPECT_TRUE(commit(*writer, 3)) << "the writer is as good as new";
}

// A heartbeat waits for the commit under way, and for none of those that queue behind it.
TEST(WriteGate, ControlsGoBeforeBatches) {
  for (int round = 0; round < 50; ++round) {
    WriteGate gate;
    std::string order;  // guarded by the gate
    std::vector<std::jthread> threads;
    {
      auto under_way = gate.batch();
      for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] {
          auto pass = gate.batch();
          order += 'b';
        });
      threads.emplace_back([&] {
        auto pass = gate.control();
        order += 'c';
      });
      while (gate.controls_waiting() == 0) std::this_thread::yield();
    }
    threads.clear();
    ASSERT_EQ(order, "cbbb");
  }
}

TEST_F(StoreSqlite, TheLogDoesNotGrowWithoutBound) {
  auto store = open_store_sqlite(path_, {.log_bytes = 1 << 20, .durability = SqliteDurability::none}).value();
  create_job(*store);
  auto writer = store->open_writer(spec()).value();
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(commit(*writer, 2000));
  EXPECT_GT(std::filesystem::file_size(path_), std::size_t{8} << 20);
  EXPECT_LT(std::filesystem::file_size(path_ + "-wal"), std::size_t{4} << 20);
}

TEST_F(StoreSqlite, TheDataIsWhatWasHashed) {
  auto store = open();
  create_job(*store);
  ASSERT_TRUE(commit(*store->open_writer(spec()).value(), 10));
  for (const auto& row :
       query_sqlite(path_, "SELECT data, lower(hex(content_hash)), typeof(data) FROM ingested_data")) {
    EXPECT_EQ(to_hex(Sha256().of(row[0])), row[1]);
    EXPECT_EQ(row[2], "text");
  }
}

// Every query of the page runs, on the tables as they are.
TEST_F(StoreSqlite, TheDocumentedQueriesRun) {
  auto store = open();
  create_job(*store);
  WriteSpec wanted = spec();
  wanted.target = {"people", {{"name", ColumnType::text}, {"email", ColumnType::text}}};
  ASSERT_TRUE(store->open_writer(wanted));
  ASSERT_TRUE(commit(*store->open_writer(spec()).value(), 10));
  std::ifstream page("docs/tables.md");
  ASSERT_TRUE(page);
  int blocks = 0;
  std::string line, sql;
  for (bool inside = false; std::getline(page, line);) {
    if (line == "```sql")
      inside = true, sql.clear();
    else if (line == "```" && inside) {
      inside = false;
      ++blocks;
      EXPECT_NO_THROW(query_sqlite(path_, sql)) << sql;
    } else if (inside)
      sql += line + "\n";
  }
  EXPECT_GE(blocks, 8);
}

}  // namespace
}  // namespace sluice
