// One SQL for both databases: the service's tables (keys, queue, events …) are read and written through this
// by files that are written once. A statement is what SQLite and PostgreSQL both take, with $1, $2 … as
// parameters and {now} where the database's clock is meant, in milliseconds since 1970.
// SqlDatabase is thread-safe; a SqlSession belongs to the work it was given to.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"

namespace sluice {

enum class SqlDialect { sqlite, postgres };
enum class SqlChannel { queue, events };

// A parameter. Where a column is of a type of its own (uuid, jsonb), PostgreSQL makes that of the text.
struct SqlValue {
  enum class Kind { null, integer, boolean, text };
  Kind kind = Kind::null;
  std::int64_t number = 0;
  std::string characters;

  SqlValue() = default;
  template <std::integral T>
  SqlValue(T value)  // implicit, so that a statement's parameters are a plain list
      : kind(std::same_as<T, bool> ? Kind::boolean : Kind::integer),
        number(static_cast<std::int64_t>(value)) {}
  SqlValue(std::string value) : kind(Kind::text), characters(std::move(value)) {}
  SqlValue(std::string_view value) : SqlValue(std::string(value)) {}
  SqlValue(const char* value) : SqlValue(std::string(value)) {}
  template <class T>
  SqlValue(const std::optional<T>& value) {
    if (value) *this = SqlValue(*value);
  }
};
using SqlParams = std::vector<SqlValue>;

// What a statement gave, all of it: statements that could give much have a LIMIT.
class SqlRows {
 public:
  using Cell = std::optional<std::string>;
  SqlRows() = default;
  SqlRows(std::size_t columns, std::vector<Cell> cells, std::uint64_t affected)
      : columns_(columns), cells_(std::move(cells)), affected_(affected) {}

  std::size_t size() const { return columns_ == 0 ? 0 : cells_.size() / columns_; }
  bool empty() const { return size() == 0; }
  std::uint64_t affected() const { return affected_; }  // rows inserted, updated or deleted
  bool is_null(std::size_t row, std::size_t column) const { return !cell(row, column); }
  const std::string& text(std::size_t row, std::size_t column) const;  // "" for NULL; bytes as they are
  std::int64_t integer(std::size_t row, std::size_t column) const;     // 0 for NULL
  std::uint64_t whole(std::size_t row, std::size_t column) const {
    return static_cast<std::uint64_t>(integer(row, column));
  }
  bool yes(std::size_t row, std::size_t column) const;  // a truth value

 private:
  const Cell& cell(std::size_t row, std::size_t column) const { return cells_.at(row * columns_ + column); }
  std::size_t columns_ = 0;
  std::vector<Cell> cells_;
  std::uint64_t affected_ = 0;
};

// One transaction.
class SqlSession {
 public:
  virtual ~SqlSession() = default;
  virtual Result<SqlRows> run(std::string_view sql, const SqlParams& params) = 0;
  // Tells the processes that listen, when the transaction is committed. Those on SQLite do not.
  virtual Result<> notify(SqlChannel channel) = 0;
};

class SqlDatabase {
 public:
  virtual ~SqlDatabase() = default;
  virtual SqlDialect dialect() const = 0;
  // One statement that changes nothing.
  virtual Result<SqlRows> read(std::string_view sql, const SqlParams& params) = 0;
  Result<SqlRows> read(std::string_view sql) { return read(sql, {}); }
  // A statement that changes nothing and may read for long: others do not wait for it.
  virtual Result<SqlRows> scan(std::string_view sql, const SqlParams& params) = 0;
  // `work` in one transaction, durable when this returns, rolled back where it fails. It may be done twice
  // (a lost connection), so it leaves nothing behind that is not in the database.
  template <class T>
  Result<T> transact(const std::function<Result<T>(SqlSession&)>& work) {
    if constexpr (std::is_void_v<T>) {
      return in_transaction(work);
    } else {
      std::optional<T> value;
      auto done = in_transaction([&](SqlSession& session) -> Result<> {
        value = TRY(work(session));
        return {};
      });
      if (!done) return std::unexpected(std::move(done).error());
      return std::move(*value);
    }
  }
  Result<SqlRows> write(std::string_view sql, const SqlParams& params = {});  // one statement
  // Can it be written to now? Answers soon, whatever the patience.
  virtual Result<> ready() = 0;

  // Expressions that the two write differently.
  std::string now() const;                                  // what {now} stands for
  std::string milliseconds(std::string_view column) const;  // of ingested_data: milliseconds since 1970
  std::string utc(std::string_view column) const;           // of other older tables: RFC 3339 text
  // Locks what a claim has found, past what others have found; after ORDER BY and LIMIT.
  std::string skip_locked(std::string_view table) const;

 protected:
  virtual Result<> in_transaction(const std::function<Result<>(SqlSession&)>& work) = 0;
};

// `sql` with {now} replaced. For the adapters.
std::string sql_with_now(std::string_view sql, std::string_view now);

// Times as the ports show them, RFC 3339 UTC, and as the tables hold them: milliseconds since 1970; "" is 0.
std::string sql_time_text(std::int64_t milliseconds);
Result<std::int64_t> sql_time_of(std::string_view text);  // usage, where it is no such time

}  // namespace sluice
