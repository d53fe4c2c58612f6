// The types of Asio as this server uses them: one io_context, run by one thread, and C++20 coroutines on it.
// Only for the files of the transport (connection*, http_server.cpp, stream.h).
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace sluice {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using NetworkExecutor = asio::io_context::executor_type;
template <class T>
using Awaitable = asio::awaitable<T, NetworkExecutor>;
using Socket = asio::basic_stream_socket<asio::ip::tcp, NetworkExecutor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, NetworkExecutor>;

// Operations answer with (error, …) and do not throw.
inline constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<NetworkExecutor>());

}  // namespace sluice
