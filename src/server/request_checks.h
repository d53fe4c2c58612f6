// What a request has to be before anything is done for it, and which of its claims are believed. Called by
// the transport for every request; pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "server/http_message.h"
#include "server/http_server.h"

namespace sluice {

// The client's own X-Request-Id is taken over where it is short and plain: it is written to logs.
bool is_sane_request_id(std::string_view id);

// Of "name:port", "[::1]:port", "127.0.0.1": is it this machine talking to itself?
bool is_loopback_host(std::string_view host);

// A page of another site can make a browser send requests here, but not with an Authorization header. So
// those without one change nothing and open no stream of events when their Origin is not ours:
// neither what Host says nor `public_origin`.
Result<> refuse_cross_site(const Request& request, std::string_view public_origin, bool upgrades);

// Shapes of a request that two servers in a row might read differently (request smuggling), and hosts that
// are not served. `minor` of HTTP/1.x.
Result<> refuse_ambiguous(const Request& request, int minor);
Result<> refuse_foreign_host(std::string_view host, HostCheck check);

std::unexpected<Error> body_too_large(std::uint64_t limit);

// Browsers cannot give a WebSocket headers, but names of subprotocols: `sluice.bearer.KEY` stands for
// `Authorization: Bearer KEY`.
struct Subprotocol {
  std::string key;     // "" where none is given
  std::string answer;  // what the server chooses of those offered; "" where it knows none
};
Subprotocol choose_subprotocol(std::string_view offered);

}  // namespace sluice
