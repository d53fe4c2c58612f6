// The SQLite database that the conformance suite runs on, and how tests look at it past the store. Test-only.
#include "adapters/store_sqlite_under_test.h"

#include <cstdlib>
#include <stdexcept>

#include "adapters/sqlite_connection.h"
#include "adapters/store_sqlite.h"

namespace sluice {
namespace {

class SqliteUnderTest final : public StoreUnderTest {
 public:
  std::unique_ptr<Store> open() override {
    auto store = open_store_sqlite(path_, {.busy_timeout_ms = 2000, .durability = SqliteDurability::none});
    if (!store) throw std::runtime_error(store.error().message);
    return std::move(*store);
  }
  std::vector<StoredRow> rows() override {
    std::vector<StoredRow> rows;
    for (auto& row :
         query("SELECT tenant, pipeline, lower(hex(content_hash)), lower(hex(key_hash)), data, metadata, "
               "job_id, row_number, id FROM ingested_data ORDER BY id"))
      rows.push_back({row[0], row[1], row[2], row[3], row[4] == "∅" ? std::nullopt : std::optional(row[4]),
                      row[5], row[6], std::stoull(row[7]), row[8]});
    return rows;
  }
  std::vector<std::vector<std::string>> query(const std::string& sql) override {
    return query_sqlite(path_, sql);
  }
  void fail_at(const std::string& table, std::uint64_t row_number) override {
    std::string number = std::to_string(row_number);
    query("CREATE TRIGGER fault BEFORE INSERT ON " + table + " WHEN NEW.row_number = " + number +
          " BEGIN SELECT RAISE(ABORT, 'fault'); END");
  }
  void heal() override { query("DROP TRIGGER IF EXISTS fault"); }

 private:
  TemporaryFolder folder_;
  std::string path_ = folder_.file("store.db");
};

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sluice-store-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::vector<std::string>> query_sqlite(const std::string& path, const std::string& sql) {
  auto check = [](auto result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
  };
  SqliteConnection connection = check(SqliteConnection::open(path, SqliteAccess::read_write_create, 60'000));
  SqliteStatement statement = check(SqliteStatement::prepare(connection, sql));
  std::vector<std::vector<std::string>> rows;
  while (check(statement.step())) {
    auto& row = rows.emplace_back();
    for (int i = 0; i < statement.columns(); ++i)
      row.push_back(statement.is_null(i) ? "∅" : std::string(statement.text(i)));
  }
  return rows;
}

std::unique_ptr<StoreUnderTest> make_sqlite_under_test() { return std::make_unique<SqliteUnderTest>(); }

}  // namespace sluice
