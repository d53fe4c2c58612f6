// The PostgreSQL database that the conformance suite runs on, and how tests look at it past the store.
// Test-only.
#include "adapters/store_postgres_under_test.h"

#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "adapters/pg_binary.h"
#include "adapters/pg_connection.h"
#include "adapters/store_postgres.h"
#include "base/uuid.h"

namespace sluice {
namespace {

template <class T>
T checked(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

std::string with_database(const std::string& url, const std::string& name) {
  return url.substr(0, url.rfind('/') + 1) + name;
}

class PostgresUnderTest final : public StoreUnderTest {
 public:
  PostgresUnderTest(const PostgresOptions& options, const std::string& prepare) : options_(options) {
    if (prepare.empty()) return;
    open();
    query(prepare);
  }
  std::unique_ptr<Store> open() override { return checked(open_store_postgres(database_.url(), options_)); }
  std::vector<StoredRow> rows() override {
    std::vector<StoredRow> rows;
    for (auto& row :
         query("SELECT tenant, pipeline, encode(content_hash, 'hex'), encode(key_hash, 'hex'), data, "
               "metadata, job_id, row_number, id FROM ingested_data ORDER BY data, row_number"))
      rows.push_back({row[0], row[1], row[2], row[3], row[4] == "∅" ? std::nullopt : std::optional(row[4]),
                      row[5], row[6], std::stoull(row[7]), row[8]});
    return rows;
  }
  std::vector<std::vector<std::string>> query(const std::string& sql) override {
    return database_.query(sql);
  }
  void fail_at(const std::string& table, std::uint64_t row_number) override {
    heal();
    query("CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.row_number = " +
          std::to_string(row_number) +
          " THEN RAISE EXCEPTION 'fault' USING ERRCODE = 'XX000'; END IF; RETURN NEW; END $$; CREATE TRIGGER "
          "fault "
          "BEFORE INSERT ON " +
          table + " FOR EACH ROW EXECUTE FUNCTION fault()");
  }
  void heal() override { query("DROP FUNCTION IF EXISTS fault CASCADE"); }

 private:
  const PostgresOptions options_;
  PostgresDatabase database_;
};

}  // namespace

std::string test_postgres() {
  const char* url = std::getenv("SLUICE_TEST_POSTGRES");
  return url ? url : "";
}

PostgresDatabase::PostgresDatabase() {
  name_ = "test_" + uuid_text(new_uuid_bytes());
  auto server = checked(PgConnection::open(test_postgres()));
  checked(server.select("CREATE DATABASE " + pg_quoted(name_)));
  url_ = with_database(test_postgres(), name_);
}

PostgresDatabase::~PostgresDatabase() {
  if (auto server = PgConnection::open(test_postgres()))
    (void)server->execute("DROP DATABASE " + pg_quoted(name_) + " WITH (FORCE)");
}

std::vector<std::vector<std::string>> PostgresDatabase::query(const std::string& sql) const {
  auto connection = checked(PgConnection::open(url_));
  auto found = checked(connection.select(sql));
  std::vector<std::vector<std::string>> rows(static_cast<std::size_t>(found.rows()));
  for (int row = 0; row < found.rows(); ++row)
    for (int column = 0; column < PQnfields(found.get()); ++column) {
      std::string cell(found.is_null(row, column) ? "∅" : found.text(row, column));
      if (PQftype(found.get(), column) == static_cast<Oid>(PgType::jsonb) && !found.is_null(row, column))
        cell = nlohmann::json::parse(cell).dump();
      rows[static_cast<std::size_t>(row)].push_back(std::move(cell));
    }
  return rows;
}

std::unique_ptr<StoreUnderTest> make_postgres_under_test(const PostgresOptions& options,
                                                         const std::string& prepare) {
  return std::make_unique<PostgresUnderTest>(options, prepare);
}

}  // namespace sluice
