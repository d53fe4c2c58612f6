#include "server/response_head.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace sluice {

namespace {

// A value that a handler took from outside must not begin a header of its own.
void append_line(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  for (char c : value) head += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? ' ' : c;
  head += "\r\n";
}

void append_missing(std::string& head, const Headers& headers, std::string_view name,
                    std::string_view value) {
  if (!headers.has(name)) append_line(head, name, value);
}

const std::string& date_now() {
  thread_local std::int64_t second = 0;
  thread_local std::string text;
  std::int64_t now = std::time(nullptr);
  if (now != second) {
    second = now;
    text = http_date(now);
  }
  return text;
}

}  // namespace

std::string http_date(std::int64_t seconds_since_1970) {
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::time_t time = seconds_since_1970;
  std::tm utc{};
  gmtime_r(&time, &utc);
  std::array<char, 64> text;  // not strftime: its names depend on the locale
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                kDays.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                kMonths.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                utc.tm_sec);
  return text.data();
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 460: return "Checksum Mismatch";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 507: return "Insufficient Storage";
    default: return "Status";
  }
}

std::string response_head(const Response& response, const Request& request, const HeadOptions& options) {
  std::string head;
  head.reserve(512);
  head += "HTTP/1.1 ";
  head += std::to_string(response.status);
  head += ' ';
  head += reason_of(response.status);
  head += "\r\n";
  for (const auto& [name, value] : response.headers) append_line(head, name, value);
  const Headers& own = response.headers;
  append_missing(head, own, "Date", date_now());
  append_line(head, "X-Request-Id", request.id);
  // Answers are data, not pages: no browser is to guess a type, run, frame, keep or lend them. A handler that
  // sends a page says its own.
  append_missing(head, own, "X-Content-Type-Options", "nosniff");
  append_missing(head, own, "Cache-Control", "no-store");
  append_missing(head, own, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  append_missing(head, own, "Referrer-Policy", "no-referrer");
  append_missing(head, own, "Cross-Origin-Resource-Policy", "same-origin");
  switch (options.framing) {
    case BodyFraming::none:
    case BodyFraming::until_close: break;
    case BodyFraming::length:
      append_missing(head, own, "Content-Length", std::to_string(options.length));
      break;
    case BodyFraming::chunked: append_line(head, "Transfer-Encoding", "chunked"); break;
  }
  append_line(head, "Connection", options.after == After::keep ? "keep-alive" : "close");
  head += "\r\n";
  return head;
}

}  // namespace sluice
