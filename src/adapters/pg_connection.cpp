#include "adapters/pg_connection.h"

#include <charconv>
#include <cstring>

#include "adapters/pg_binary.h"

namespace sluice {
namespace {

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text ? text : "";
}

std::string without_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

// libpq says what failed at each address, one line each, and does not show the password.
Error connect_error(PGconn* connection) {
  std::string words = without_end(PQerrorMessage(connection));
  auto says = [&](const char* part) { return words.find(part) != std::string::npos; };
  auto refused = [&](const std::string& advice) {
    return Error{ErrorKind::usage, "PostgreSQL refused the connection: " + words + ". " + advice};
  };
  if (says("password authentication failed") || says("no password supplied") || says("authentication failed"))
    return refused("Check the user and the password (URL, PGPASSWORD or ~/.pgpass).");
  if (says("no pg_hba.conf entry"))
    return refused("Its pg_hba.conf does not let this user in from this address; ask its administrator.");
  if (says("role \"") && says("does not exist")) return refused("Check the user's name in the URL.");
  if (says("database \"") && says("does not exist"))
    return refused("Make the database (createdb), or correct its name in the URL.");
  if (says("certificate") || says("SSL") || says("root.crt"))
    return refused(
        "Check sslmode and sslrootcert in the URL, and that the server's certificate is for its name.");
  if (says("invalid connection option") || says("invalid URI") || says("missing \"=\"") ||
      says("invalid port") || says("invalid sslmode") || says("unexpected character") ||
      says("invalid integer"))
    return {ErrorKind::usage, "the store's URL is not one of PostgreSQL's: " + words +
                                  ". It looks like postgresql://user@host:5432/database?sslmode=verify-full"};
  if (says("session is read-only") || says("session is not read-only") || says("server is in hot standby"))
    return {ErrorKind::unavailable,
            "no server that can be written to was found: " + words + ". Is a failover under way?", true};
  return {ErrorKind::unavailable, "PostgreSQL cannot be reached: " + words, true};
}

}  // namespace

std::int64_t PgResult::integer(int row, int column) const {
  std::string_view digits = text(row, column);
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::int64_t PgResult::binary_integer(int row, int column) const {
  std::uint64_t value = 0;
  std::memcpy(&value, PQgetvalue(get(), row, column), sizeof value);
  return static_cast<std::int64_t>(__builtin_bswap64(value));
}

std::uint64_t PgResult::affected() const {
  std::string_view digits = PQcmdTuples(get());
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

void PgParams::add(const char* value, std::size_t size, bool binary, Oid type) {
  values_.push_back(value);
  lengths_.push_back(static_cast<int>(size));
  formats_.push_back(binary ? 1 : 0);
  types_.push_back(type);
}

PgParams& PgParams::text(std::string_view value, Oid type) {
  const std::string& kept = kept_.emplace_back(value);
  add(kept.c_str(), kept.size(), false, type);
  return *this;
}

PgParams& PgParams::null() {
  add(nullptr, 0, false, 0);
  return *this;
}

PgParams& PgParams::bytes(std::string_view value) {
  return binary(std::string(value), static_cast<Oid>(PgType::bytea));
}

PgParams& PgParams::binary(std::string value, Oid type) {
  const std::string& kept = kept_.emplace_back(std::move(value));
  add(kept.data(), kept.size(), true, type);
  return *this;
}

Result<PgConnection> PgConnection::open(const std::string& url) {
  // What the URL says wins over these: the later of two equal keywords counts, and dbname expands to all
  // that the URL says.
  const char* keywords[] = {"connect_timeout", "fallback_application_name", "client_encoding", "dbname",
                            nullptr};
  const char* values[] = {"10", "sluice", "UTF8", url.c_str(), nullptr};
  PgConnection connection(PQconnectdbParams(keywords, values, 1));
  if (!connection.get()) return fail(ErrorKind::internal, "no memory for a connection to PostgreSQL.");
  if (PQstatus(connection.get()) != CONNECTION_OK) return std::unexpected(connect_error(connection.get()));
  PQsetNoticeProcessor(connection.get(), [](void*, const char*) {}, nullptr);
  constexpr int kOldest = 140000;  // pg_terminate_backend that waits, asked for by takeovers
  if (PQserverVersion(connection.get()) < kOldest)
    return fail(ErrorKind::usage, "this PostgreSQL is of version " +
                                      std::to_string(PQserverVersion(connection.get()) / 10000) +
                                      "; sluice needs 14 or newer.");
  return connection;
}

std::unexpected<Error> PgConnection::failed(const PGresult* result) {
  fault_ = {};
  if (result) {
    fault_ = {.state = field(result, PG_DIAG_SQLSTATE),
              .message = field(result, PG_DIAG_MESSAGE_PRIMARY),
              .detail = field(result, PG_DIAG_MESSAGE_DETAIL),
              .context = field(result, PG_DIAG_CONTEXT),
              .table = field(result, PG_DIAG_TABLE_NAME),
              .constraint = field(result, PG_DIAG_CONSTRAINT_NAME)};
  }
  if (fault_.message.empty()) fault_.message = without_end(PQerrorMessage(get()));
  if (!usable()) fault_.state.clear();
  return std::unexpected(pg_error(fault_));
}

Result<PgResult> PgConnection::checked(PGresult* result) {
  PgResult owned(result);
  switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY: fault_ = {}; return owned;
    default: return failed(result);
  }
}

Result<> PgConnection::execute(const std::string& statements) {
  TRY(select(statements));
  return {};
}

Result<PgResult> PgConnection::select(const std::string& statements) {
  return checked(PQexec(get(), statements.c_str()));
}

Result<PgResult> PgConnection::query(const std::string& sql, const PgParams& params, bool binary) {
  return checked(PQexecParams(get(), sql.c_str(), params.size(), params.types_.data(), params.values_.data(),
                              params.lengths_.data(), params.formats_.data(), binary ? 1 : 0));
}

Result<std::uint64_t> PgConnection::copy_in(const std::string& sql,
                                            const std::function<std::string_view()>& produce) {
  PgResult begun(PQexec(get(), sql.c_str()));
  if (PQresultStatus(begun.get()) != PGRES_COPY_IN) return failed(begun.get());
  bool sent = true;
  for (std::string_view piece = produce(); sent && !piece.empty(); piece = produce())
    sent = PQputCopyData(get(), piece.data(), static_cast<int>(piece.size())) == 1;
  if (sent) sent = PQputCopyEnd(get(), nullptr) == 1;
  std::uint64_t rows = 0;
  std::expected<void, Error> outcome;
  while (PGresult* next = PQgetResult(get())) {
    auto result = checked(next);
    if (result)
      rows = result->affected();
    else if (outcome)
      outcome = std::unexpected(std::move(result).error());
  }
  if (outcome && !sent) return failed(nullptr);
  if (!outcome) return std::unexpected(std::move(outcome).error());
  return rows;
}

Result<PgTransaction> PgTransaction::begin(PgConnection& connection, std::string_view settings) {
  TRY(connection.execute("BEGIN; " + std::string(settings)));
  return PgTransaction(&connection);
}

PgTransaction::~PgTransaction() {
  if (connection_ && connection_->usable() && connection_->in_transaction())
    PQclear(PQexec(connection_->get(), "ROLLBACK"));  // the fault of the statement before stays readable
}

Result<> PgTransaction::commit() {
  auto done = connection_->execute("COMMIT");
  connection_ = nullptr;
  return done;
}

Error pg_error(const PgFault& fault) {
  std::string words = "PostgreSQL: " + fault.message;
  if (!fault.detail.empty()) words += " (" + fault.detail + ")";
  auto error = [&](ErrorKind kind, bool retryable, const char* advice) {
    return Error{kind, words + (words.ends_with('.') ? " " : ". ") + advice, retryable};
  };
  if (fault.state.empty() || fault.in_class("08") || fault.is("57P01") || fault.is("57P02") ||
      fault.is("57P03") || fault.is("57P05"))
    return error(ErrorKind::unavailable, true, "The connection to the database was lost.");
  if (fault.is("25006"))  // read_only_sql_transaction: after a failover, the old primary
    return error(
        ErrorKind::unavailable, true,
        "This server takes no writes. With several hosts in the URL, add target_session_attrs=read-write.");
  if (fault.is("40001") || fault.is("40P01"))
    return error(ErrorKind::unavailable, true, "Others worked on the same rows; another try will do.");
  if (fault.is("55P03") || fault.is("57014"))
    return error(ErrorKind::unavailable, true,
                 "Something else holds a lock for long, or the database is overloaded.");
  if (fault.is("53100") || fault.is("53200") || fault.is("53300") || fault.is("53400"))
    return error(ErrorKind::unavailable, true,
                 "The database server has run out of it: give it more, then run again.");
  if (fault.is("42501"))
    return error(ErrorKind::usage, false, "This role may not do that: see docs/postgresql.md, Roles.");
  if (fault.is("42P01") || fault.is("42703"))
    return error(ErrorKind::usage, false, "Tables are missing or changed: were they made by sluice?");
  return error(fault.in_class("58") || fault.in_class("XX") ? ErrorKind::io : ErrorKind::internal, false, "");
}

std::string pg_quoted(std::string_view identifier) {
  std::string quoted = "\"";
  for (char c : identifier) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string pg_literal(std::string_view text) {  // standard_conforming_strings is on since 9.1
  std::string quoted = text.find('\\') == std::string_view::npos ? "'" : " E'";
  for (char c : text) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c;
  }
  return quoted + "'";
}

}  // namespace sluice
