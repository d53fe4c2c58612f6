#include "adapters/pg_errors.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>

#include "base/url_text.h"

namespace sluice {
namespace {

constexpr const char* kExample = "It looks like postgresql://user@host:5432/database?sslmode=verify-full";

// What the server, or a pooler before it, says while it refuses: the words, and what to do. The first that
// fits counts. There is no SQLSTATE for a connection that was not made.
struct Saying {
  const char* words;
  PgAnswer answer;
  const char* advice;
};
constexpr const char* kPassword = "Check the user and the password (PGPASSWORD or ~/.pgpass, or the URL).";
constexpr const char* kCertificate =
    "Check sslmode and sslrootcert in the URL, and that the server's certificate is for its name.";
constexpr const char* kFull =
    "It has no place for another connection: end sessions that are not needed, or raise max_connections "
    "(for one role: ALTER ROLE … CONNECTION LIMIT). A run of sluice takes up to 6.";
constexpr const char* kSoon = "Wait until it is up, then run the same command again.";
constexpr const char* kNoWriter = "None of the servers takes writes. Is a failover under way?";
constexpr const char* kReader =
    "Sluice writes: leave target_session_attrs out of the URL, or make it read-write.";
constexpr std::array kSayings = {
    Saying{"too many clients", PgAnswer::not_now, kFull},
    Saying{"too many connections for", PgAnswer::not_now, kFull},
    Saying{"remaining connection slots", PgAnswer::not_now, kFull},
    Saying{"no more connections allowed", PgAnswer::not_now,
           "The pooler has no place for another client: raise PgBouncer's max_client_conn."},
    Saying{"query_wait_timeout", PgAnswer::not_now,
           "The pooler had no server connection free in time: raise PgBouncer's default_pool_size."},
    Saying{"is starting up", PgAnswer::not_now, kSoon},
    Saying{"is shutting down", PgAnswer::not_now, kSoon},
    Saying{"in recovery mode", PgAnswer::not_now, kSoon},
    Saying{"not yet accepting connections", PgAnswer::not_now, kSoon},
    Saying{"server login has been failing", PgAnswer::not_now,
           "The pooler is there, the server behind it is not: see PgBouncer's log."},
    Saying{"unsupported startup parameter", PgAnswer::refused,
           "PgBouncer does not pass on `options` (in the URL, or PGOPTIONS). Give the role its settings "
           "instead: ALTER ROLE … SET setting = value."},
    // A server that ends in the middle of the greeting, and no fault of the certificates.
    Saying{"unexpected eof", PgAnswer::not_now, kSoon},
    Saying{"password authentication failed", PgAnswer::refused, kPassword},
    Saying{"no password supplied", PgAnswer::refused, kPassword},
    Saying{"authentication failed", PgAnswer::refused, kPassword},
    Saying{"no pg_hba.conf entry", PgAnswer::refused,
           "Its pg_hba.conf does not let this user in from this address, or not without TLS; ask its "
           "administrator."},
    Saying{"pg_hba.conf rejects", PgAnswer::refused,
           "Its pg_hba.conf does not let this user in from this address; ask its administrator."},
    Saying{"is not permitted to log in", PgAnswer::refused,
           "Let it (ALTER ROLE … LOGIN), or use another role."},
    Saying{"permission denied for database", PgAnswer::refused,
           "This role may not use that database: GRANT CONNECT ON DATABASE … TO it."},
    Saying{"server does not support SSL", PgAnswer::refused, kCertificate},
    Saying{"certificate", PgAnswer::refused, kCertificate},
    Saying{"SSL error", PgAnswer::refused, kCertificate},
    // Sluice asks for read-write where nobody asks for something else.
    Saying{"session is read-only", PgAnswer::none, kNoWriter},
    Saying{"server is in hot standby", PgAnswer::none, kNoWriter},
    Saying{"session is not read-only", PgAnswer::refused, kReader},
    Saying{"server is not in hot standby", PgAnswer::refused, kReader},
};

std::unexpected<Error> no_url(const std::string& why) {
  return fail(ErrorKind::usage, "the store's URL is not one of PostgreSQL's: " + why + ". " + kExample);
}

// What must not stand in a URL's password as it is.
bool needs_encoding(std::string_view password) {
  for (std::size_t i = 0; i < password.size(); ++i) {
    const auto c = static_cast<unsigned char>(password[i]);
    if (c <= ' ' || password.find_first_of("/@[]") != std::string_view::npos) return true;
    if (c != '%') continue;
    if (i + 2 >= password.size() || std::isxdigit(static_cast<unsigned char>(password[i + 1])) == 0 ||
        std::isxdigit(static_cast<unsigned char>(password[i + 2])) == 0)
      return true;
  }
  return false;
}

}  // namespace

std::string pg_words(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

Result<> check_pg_url(const std::string& url) {
  if (!url.starts_with("postgresql://") && !url.starts_with("postgres://"))
    return no_url("two slashes have to follow its colon");
  const auto password = password_in(url);
  if (password &&
      needs_encoding(std::string_view(url).substr(password->begin, password->end - password->begin)))
    return fail(ErrorKind::usage,
                "the password in the store's URL has a character that must be percent-encoded there: %40 for "
                "@, %2F for "
                "/, %25 for %, %20 for a blank. Or leave it out of the URL and give it as PGPASSWORD or in "
                "~/.pgpass.");
  char* words = nullptr;
  PQconninfoOption* options = PQconninfoParse(without_secrets(url).c_str(), &words);
  PQconninfoFree(options);
  std::unique_ptr<char, decltype(&PQfreemem)> complaint(words, &PQfreemem);
  if (!options) return no_url(complaint ? pg_words(complaint.get()) : "it cannot be read");
  return {};
}

PgRefusal pg_refusal(PGconn* connection) {
  // libpq says what failed at each address, a line or two each, and does not show the password.
  std::string words = pg_words(PQerrorMessage(connection));
  const auto found = std::ranges::find_if(
      kSayings, [&](const Saying& saying) { return words.find(saying.words) != std::string::npos; });
  if (found == kSayings.end()) {
    // In whatever language the server speaks, libpq knows that it asked for a password.
    if (PQconnectionNeedsPassword(connection) != 0)
      return {PgAnswer::refused,
              {ErrorKind::usage, "PostgreSQL refused the connection: " + words + ". " + kPassword}};
    // libpq's own complaint about a value of the URL or the environment, before anybody was asked.
    if (words.starts_with("invalid ") && words.find("failed: ") == std::string::npos)
      return {PgAnswer::refused, no_url(words).error()};
    if (words.find("role \"") != std::string::npos && words.find("does not exist") != std::string::npos)
      return {PgAnswer::refused,
              {ErrorKind::usage,
               "PostgreSQL refused the connection: " + words + ". Check the user's name in the URL."}};
    if (words.find("database \"") != std::string::npos && words.find("does not exist") != std::string::npos)
      return {PgAnswer::refused,
              {ErrorKind::usage, "PostgreSQL refused the connection: " + words +
                                     ". Make the database (createdb), or correct its name in the URL."}};
    return {PgAnswer::none, {ErrorKind::unavailable, "PostgreSQL cannot be reached: " + words, true}};
  }
  if (found->answer == PgAnswer::refused)
    return {PgAnswer::refused,
            {ErrorKind::usage, "PostgreSQL refused the connection: " + words + ". " + found->advice}};
  const char* what = found->answer == PgAnswer::none ? "PostgreSQL cannot be reached: "
                                                     : "PostgreSQL takes no connection now: ";
  return {found->answer, {ErrorKind::unavailable, what + words + ". " + found->advice, true}};
}

Error pg_error(const PgFault& fault) {
  std::string words = "PostgreSQL: " + fault.message;
  if (!fault.detail.empty()) words += " (" + fault.detail + ")";
  auto error = [&](ErrorKind kind, bool retryable, const char* advice) {
    return Error{kind, words + (words.ends_with('.') ? " " : ". ") + advice, retryable};
  };
  if (fault.message.find("statement pooling mode") != std::string::npos)
    return error(ErrorKind::usage, false,
                 "Set PgBouncer's pool_mode to transaction (or session): a commit has many statements.");
  if (fault.message.find("query_wait_timeout") != std::string::npos)
    return error(ErrorKind::unavailable, true,
                 "The pooler had no server connection free in time: raise PgBouncer's default_pool_size.");
  if (fault.state.empty() || fault.in_class("08") || fault.is("57P01") || fault.is("57P02") ||
      fault.is("57P03") || fault.is("57P05") || fault.is("25P03"))
    return error(ErrorKind::unavailable, true, "The connection to the database was lost.");
  if (fault.is("25006"))  // read_only_sql_transaction: after a failover, the old primary
    return error(
        ErrorKind::unavailable, true,
        "This server takes no writes. With several hosts in the URL, add target_session_attrs=read-write.");
  if (fault.is("40001") || fault.is("40P01"))
    return error(ErrorKind::unavailable, true, "Others worked on the same rows; another try will do.");
  if (fault.is("55P03"))
    return error(
        ErrorKind::unavailable, true,
        "Another session has held a lock for longer than lock_timeout. Who waits for whom: SELECT pid, "
        "pg_blocking_pids(pid), query FROM pg_stat_activity WHERE wait_event_type = 'Lock'. When it is free, "
        "run "
        "the same command again; it goes on from there.");
  if (fault.is("57014"))
    return error(ErrorKind::unavailable, true,
                 "Where nobody cancelled it by hand, this role's statement_timeout is too short for a batch: "
                 "ALTER ROLE … "
                 "SET statement_timeout = '5min', or smaller batches (--batch-rows).");
  if (fault.is("53100") || fault.is("53200") || fault.is("53300") || fault.is("53400"))
    return error(ErrorKind::unavailable, true,
                 "The database server has run out of it: give it more, then run again.");
  if (fault.is("42501"))
    return error(ErrorKind::usage, false, "This role may not do that: see docs/postgresql.md, Roles.");
  if (fault.is("42P01") || fault.is("42703"))
    return error(ErrorKind::usage, false, "Tables are missing or changed: were they made by sluice?");
  return error(fault.in_class("58") || fault.in_class("XX") ? ErrorKind::io : ErrorKind::internal, false, "");
}

}  // namespace sluice
