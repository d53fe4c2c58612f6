#include "server/on_pool.h"

#include <boost/asio/async_result.hpp>

namespace sluice {

Awaitable<void> run_on_pool(asio::thread_pool& pool, PoolWork work) {
  NetworkExecutor network = co_await asio::this_coro::executor;
  asio::use_awaitable_t<NetworkExecutor> wait;
  auto start = [](auto handler, asio::thread_pool* on, PoolWork what, NetworkExecutor back) {
    asio::post(*on, [handler = std::move(handler), what, back]() mutable {
      what.run(what.self);
      asio::post(back, std::move(handler));
    });
  };
  co_await asio::async_initiate<asio::use_awaitable_t<NetworkExecutor>, void()>(start, wait, &pool, work,
                                                                                network);
}

}  // namespace sluice
