// Result<T>: how an operation that can fail answers. Three kinds of error have three channels:
// a bad row is data (rows/issue.h), a failed operation is a Result, a broken invariant aborts.
// No exception crosses a folder border; foreign libraries that throw are caught where they are called.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

enum class ErrorKind {
  usage,  // the command, pipeline or config is wrong: exit status 2, HTTP 400
  input,  // the file cannot be read as what it is said to be: the job fails
  not_found,
  gone,         // it was there, and was removed as its time was over: HTTP 410
  conflict,     // somebody else holds or changed it (a lost lease, a live job)
  unavailable,  // a system outside is down or slow: worth a retry
  io,           // disk, permissions, broken pipe
  cancelled,    // asked to stop; not a failure
  internal,
};

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;  // a whole sentence for a person: what, where, what to do
  bool retryable = false;

  // Puts what was being done in front: "upsert people: disk is full".
  Error during(std::string_view what) && {
    message = std::string(what) + ": " + message;
    return std::move(*this);
  }
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string message, bool retryable = false) {
  return std::unexpected(Error{kind, std::move(message), retryable});
}

}  // namespace sluice

// `auto x = TRY(open(path));` gives the value, or returns the error from the enclosing function.
#define TRY(expression)                                                       \
  __extension__({                                                             \
    auto&& try_result_ = (expression);                                        \
    if (!try_result_) return std::unexpected(std::move(try_result_).error()); \
    *std::move(try_result_);                                                  \
  })
