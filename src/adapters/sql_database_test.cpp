// The layer that lets one SQL serve both databases: parameters, results, the clock, transactions, times.
#include "adapters/sql_database.h"

#include <gtest/gtest.h>

#include "adapters/pg_pool.h"
#include "adapters/sql_postgres.h"
#include "adapters/sql_sqlite.h"
#include "adapters/store_postgres_under_test.h"
#include "adapters/store_sqlite.h"
#include "adapters/store_sqlite_under_test.h"

namespace sluice {
namespace {

// An empty database with one table.
struct Place {
  virtual ~Place() = default;
  virtual SqlDatabase& database() = 0;
};

class SqlitePlace final : public Place {
 public:
  SqlDatabase& database() override { return sql_; }

 private:
  TemporaryFolder folder_;
  SqliteDatabase database_{
      SqliteConnection::open(folder_.file("a.db"), SqliteAccess::read_write_create, 2000).value(),
      SqliteConnection::open(folder_.file("a.db"), SqliteAccess::read_write_create, 2000).value(),
      {}};
  SqliteSql sql_{database_};
};

class PostgresPlace final : public Place {
 public:
  SqlDatabase& database() override { return sql_; }

 private:
  PostgresDatabase database_;
  PgPool pool_{database_.url(), 2, std::chrono::milliseconds(1000)};
  PostgresSql sql_{pool_};
};

class SqlDatabases : public testing::TestWithParam<SqlDialect> {
 protected:
  void SetUp() override {
    if (GetParam() == SqlDialect::sqlite)
      place_ = std::make_unique<SqlitePlace>();
    else if (!test_postgres().empty())
      place_ = std::make_unique<PostgresPlace>();
    else
      GTEST_SKIP() << "its server is not there";
    sql_ = &place_->database();
    const char* bytes = GetParam() == SqlDialect::sqlite ? "blob" : "bytea";
    ASSERT_TRUE(sql_->write("CREATE TABLE things (name text PRIMARY KEY, number bigint, yes boolean, raw " +
                            std::string(bytes) + ")"));
  }
  std::unique_ptr<Place> place_;
  SqlDatabase* sql_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Both, SqlDatabases, testing::Values(SqlDialect::sqlite, SqlDialect::postgres));

TEST_P(SqlDatabases, ParametersComeBackAsTheyWere) {
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  auto added = sql_->write("INSERT INTO things (name, number, yes) VALUES ($1, $2, $3), ($4, $5, $6)",
                           {"it's \"é\" $1 {now} \\", kLowest, true, std::string_view("b"),
                            std::optional<std::uint64_t>(), SqlValue()});
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(added->affected(), 2u);
  auto rows = sql_->read("SELECT number, name, yes FROM things WHERE number = $2 OR name = $1 ORDER BY name",
                         {"b", kLowest})
                  .value();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_TRUE(rows.is_null(0, 0));
  EXPECT_EQ(rows.integer(0, 0), 0);
  EXPECT_EQ(rows.text(0, 1), "b");
  EXPECT_TRUE(rows.is_null(0, 2));
  EXPECT_EQ(rows.integer(1, 0), kLowest);
  EXPECT_EQ(rows.text(1, 1), "it's \"é\" $1 {now} \\");
  EXPECT_TRUE(rows.yes(1, 2));
  EXPECT_EQ(sql_->read("SELECT 1 FROM things WHERE yes = $1", {false})->size(), 0u);
}

TEST_P(SqlDatabases, BytesComeAsTheyAre) {
  const std::string literal = GetParam() == SqlDialect::sqlite ? "x'00ff5c27'" : "'\\x00ff5c27'";
  ASSERT_TRUE(sql_->write("INSERT INTO things (name, raw) VALUES ('a', " + literal + ")"));
  EXPECT_EQ(sql_->read("SELECT raw FROM things")->text(0, 0), std::string("\0\xff\\'", 4));
}

TEST_P(SqlDatabases, NowIsTheTimeInMilliseconds) {
  const auto now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds(1);
  EXPECT_NEAR(static_cast<double>(sql_->read("SELECT {now}")->integer(0, 0)), static_cast<double>(now),
              60'000);
}

TEST_P(SqlDatabases, ATransactionIsAllOrNothing) {
  auto failed = sql_->transact<int>([](SqlSession& session) -> Result<int> {
    TRY(session.run("INSERT INTO things (name) VALUES ('a')", {}));
    return fail(ErrorKind::conflict, "no");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "no");
  EXPECT_TRUE(sql_->read("SELECT 1 FROM things")->empty());
  auto done = sql_->transact<int>([](SqlSession& session) -> Result<int> {
    TRY(session.run("INSERT INTO things (name) VALUES ('a')", {}));
    TRY(session.notify(SqlChannel::queue));
    return static_cast<int>(TRY(session.run("SELECT name FROM things", {})).size());
  });
  EXPECT_EQ(done.value(), 1);
  EXPECT_EQ(sql_->scan("SELECT name FROM things", {})->text(0, 0), "a");
}

TEST_P(SqlDatabases, AFaultIsAnError) {
  ASSERT_TRUE(sql_->write("INSERT INTO things (name) VALUES ('a')"));
  EXPECT_FALSE(sql_->write("INSERT INTO things (name) VALUES ('a')"));
  EXPECT_FALSE(sql_->read("SELECT nothing FROM nowhere"));
}

TEST(SqlTime, IsTextOutsideAndMillisecondsInside) {
  EXPECT_EQ(sql_time_of("").value(), 0);
  EXPECT_EQ(sql_time_text(0), "");
  // 19,814 days after 1970.
  constexpr std::int64_t kMoment = 19'814ll * 86'400'000 + (9 * 3600 + 30 * 60 + 7) * 1000 + 125;
  EXPECT_EQ(sql_time_text(kMoment), "2024-04-01T09:30:07.125Z");
  for (const char* same : {"2024-04-01T09:30:07.125Z", "2024-04-01t09:30:07.125z",
                           "2024-04-01T11:30:07.125+02:00", "2024-03-31T23:00:07.125999-10:30"})
    EXPECT_EQ(sql_time_of(same).value_or(-1), kMoment) << same;
  EXPECT_EQ(sql_time_of("2024-04-01T09:30:07Z").value(), kMoment - 125);
  for (const char* none :
       {"tomorrow", "2024-04-01", "2024-04-01T09:30:07", "2024-02-30T00:00:00Z", "2024-04-01T24:00:00Z",
        "2024-04-01T09:30:07Z ", "2024-04-01T09:60:07Z", "+024-04-01T09:30:07Z"})
    EXPECT_FALSE(sql_time_of(none)) << none;
}

}  // namespace
}  // namespace sluice
