// Streams of events: not there yet.
#include "server/connection.h"
namespace sluice {
Awaitable<Result<>> Connection::stream_events(Exchange& exchange) {
  (void)exchange;
  co_return refuse({.status = 501, .name = "x", .title = "x", .detail = "x"});
}
}  // namespace sluice
