#include "adapters/pg_connection.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "adapters/pg_binary.h"

namespace sluice {
namespace {

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text ? text : "";
}

// Where neither the URL nor the environment says anything.
struct Default {
  const char* keyword;
  const char* value;
  const char* environment = nullptr;  // what libpq would read in its place
};
constexpr std::array kDefaults = {
    Default{"connect_timeout", "10", "PGCONNECT_TIMEOUT"},
    Default{"target_session_attrs", "read-write", "PGTARGETSESSIONATTRS"},
    Default{"fallback_application_name", "sluice"},
    // A server that vanished without a word is noticed within half a minute or so.
    Default{"keepalives_idle", "20"},
    Default{"keepalives_interval", "5"},
    Default{"keepalives_count", "3"},
    Default{"tcp_user_timeout", "30000"},
};

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

Result<PgConnection> PgConnection::open(const std::string& url, PgAnswer* answer) {
  if (answer) *answer = PgAnswer::refused;
  TRY(check_pg_url(url));
  std::vector<const char*> keywords, values;
  auto add = [&](const char* keyword, const char* value) {
    keywords.push_back(keyword);
    values.push_back(value);
  };
  for (const Default& standard : kDefaults)
    if (!standard.environment || !std::getenv(standard.environment)) add(standard.keyword, standard.value);
  add("dbname", url.c_str());  // expands to all that the URL says; the later of two equal keywords counts
  add("client_encoding", "UTF8");
  add(nullptr, nullptr);
  PgConnection connection(PQconnectdbParams(keywords.data(), values.data(), 1));
  if (!connection.get()) return fail(ErrorKind::internal, "no memory for a connection to PostgreSQL.");
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    PgRefusal refusal = pg_refusal(connection.get());
    if (answer) *answer = refusal.answer;
    return std::unexpected(std::move(refusal.error));
  }
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
  if (fault_.message.empty()) fault_.message = pg_words(PQerrorMessage(get()));
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

Result<> PgConnection::copy_in(const std::string& sql, const std::function<std::string_view()>& produce) {
  PgResult begun(PQexec(get(), sql.c_str()));
  if (PQresultStatus(begun.get()) != PGRES_COPY_IN) return failed(begun.get());
  bool sent = true;
  for (std::string_view piece = produce(); sent && !piece.empty(); piece = produce())
    sent = PQputCopyData(get(), piece.data(), static_cast<int>(piece.size())) == 1;
  if (sent) sent = PQputCopyEnd(get(), nullptr) == 1;
  Result<> outcome;
  while (PGresult* next = PQgetResult(get())) {
    const bool still_copying = PQresultStatus(next) == PGRES_COPY_IN;  // it would be given for ever
    auto result = checked(next);
    if (!result && outcome) outcome = std::unexpected(std::move(result).error());
    if (still_copying) break;
  }
  if (outcome && !sent) return failed(nullptr);
  return outcome;
}

Result<PgTransaction> PgTransaction::begin(PgConnection& connection, std::string_view settings) {
  constexpr const char* kLockWait =
      "SELECT set_config('lock_timeout', '20s', true) WHERE current_setting('lock_timeout') = '0'; ";
  PgTransaction transaction(&connection);  // rolls back what fails after BEGIN
  TRY(connection.execute("BEGIN; " + std::string(kLockWait) + std::string(settings)));
  return transaction;
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
