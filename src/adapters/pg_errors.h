// Why PostgreSQL said no, as a sentence for a person and a kind of error for the program. Called by
// pg_connection only.
#pragma once

#include <libpq-fe.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

// The SQLSTATE and the details of the last statement that failed (PostgreSQL, appendix A).
struct PgFault {
  std::string state;    // five characters; "" where the connection failed
  std::string message;  // the server's own words
  std::string detail;
  std::string context;  // "COPY people, line 17"
  std::string table, constraint;
  bool is(std::string_view code) const { return state == code; }
  bool in_class(std::string_view two) const { return state.starts_with(two); }
};

// What a fault means for the caller: the kind of error, whether another try may help, and the sentence.
Error pg_error(const PgFault& fault);

// libpq's words without the line end that it puts after them.
std::string pg_words(std::string text);

// Is it a URL whose parts libpq will take as its writer meant them? libpq's own complaints show parts of the
// password, so what it would complain about is found here. Nothing that is shown has the password in it.
Result<> check_pg_url(const std::string& url);

enum class PgAnswer {
  none,     // nobody answers at these addresses
  refused,  // another try would be refused as well
  not_now,  // starting up, full, failing over: worth waiting for
};

struct PgRefusal {
  PgAnswer answer = PgAnswer::none;
  Error error;
};

// Why the connection was not made.
PgRefusal pg_refusal(PGconn* connection);

}  // namespace sluice
