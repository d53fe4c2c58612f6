// A thin layer over libpq: connection, results, parameters, binary COPY, and the server's error codes as
// sentences for a person. Used by the files of store_postgres only.
// A connection and what came from it belong to one thread at a time. No statement outlives its transaction
// (no prepared statements, no session settings), so that a pooler in transaction mode may stand between.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/pg_errors.h"
#include "base/result.h"

namespace sluice {

// What a statement gave. Cells as text unless it was asked for in binary.
class PgResult {
 public:
  PgResult() = default;
  explicit PgResult(PGresult* result) : result_(result) {}

  int rows() const { return PQntuples(get()); }
  bool is_null(int row, int column) const { return PQgetisnull(get(), row, column) != 0; }
  std::string_view text(int row, int column) const {  // "" for NULL
    return {PQgetvalue(get(), row, column), static_cast<std::size_t>(PQgetlength(get(), row, column))};
  }
  std::int64_t integer(int row, int column) const;  // from text; 0 for NULL
  std::uint64_t whole(int row, int column) const { return static_cast<std::uint64_t>(integer(row, column)); }
  std::int64_t binary_integer(int row, int column) const;  // bigint, asked for in binary
  bool yes(int row, int column) const { return text(row, column) == "t"; }
  std::uint64_t affected() const;  // rows inserted, updated or deleted
  PGresult* get() const { return result_.get(); }

 private:
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  std::unique_ptr<PGresult, Clear> result_;
};

// $1, $2 … of one statement. Values are kept here.
class PgParams {
 public:
  PgParams& text(std::string_view value, Oid type = 0);
  PgParams& text_or_null(std::string_view value) { return value.empty() ? null() : text(value); }
  PgParams& integer(std::int64_t value) { return text(std::to_string(value)); }
  PgParams& whole(std::uint64_t value) { return text(std::to_string(value)); }
  PgParams& boolean(bool value) { return text(value ? "t" : "f"); }
  PgParams& null();
  PgParams& bytes(std::string_view value);        // bytea
  PgParams& binary(std::string value, Oid type);  // an array made by PgArray
  int size() const { return static_cast<int>(values_.size()); }

 private:
  friend class PgConnection;
  void add(const char* value, std::size_t size, bool binary, Oid type);
  std::deque<std::string> kept_;
  std::vector<const char*> values_;
  std::vector<int> lengths_, formats_;
  std::vector<Oid> types_;
};

class PgConnection {
 public:
  // `url`: postgresql://… or keyword=value pairs, as libpq reads them; what it leaves out comes from the
  // environment (PGHOST, PGPASSWORD, ~/.pgpass …). Errors: usage (bad URL, refused by the server for what
  // was asked), unavailable (nobody there, starting up, too many connections). `answer`: which of them.
  static Result<PgConnection> open(const std::string& url, PgAnswer* answer = nullptr);

  Result<> execute(const std::string& statements);  // any number of them, without parameters or results
  Result<PgResult> select(const std::string& statements);  // the last one's result
  Result<PgResult> query(const std::string& sql, const PgParams& params, bool binary = false);

  // COPY … FROM STDIN. `produce` is called until it gives nothing more; each piece is sent before the next
  // is asked for.
  Result<> copy_in(const std::string& sql, const std::function<std::string_view()>& produce);

  bool usable() const { return PQstatus(get()) == CONNECTION_OK; }
  bool in_transaction() const { return PQtransactionStatus(get()) != PQTRANS_IDLE; }
  const PgFault& fault() const { return fault_; }
  PGconn* get() const { return connection_.get(); }

 private:
  explicit PgConnection(PGconn* connection) : connection_(connection) {}
  Result<PgResult> checked(PGresult* result);
  std::unexpected<Error> failed(const PGresult* result);

  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  std::unique_ptr<PGconn, Finish> connection_;
  PgFault fault_;
};

// A transaction; rolled back unless committed. `settings` (SET LOCAL …) hold for it alone. Its statements
// wait for a lock as long as the role's lock_timeout says, and where it says nothing, shorter than a lease
// lasts.
class PgTransaction {
 public:
  static Result<PgTransaction> begin(PgConnection& connection, std::string_view settings = {});
  PgTransaction(PgTransaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  PgTransaction& operator=(PgTransaction&&) = delete;
  ~PgTransaction();
  Result<> commit();

 private:
  explicit PgTransaction(PgConnection* connection) : connection_(connection) {}
  PgConnection* connection_;
};

std::string pg_quoted(std::string_view identifier);  // "identifier", quotes doubled
std::string pg_literal(std::string_view text);       // 'text', quotes doubled, backslashes as they are

}  // namespace sluice
