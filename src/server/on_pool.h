// on_pool: a coroutine of the network thread waits for work that is done on the pool, where it may block.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>

#include "base/result.h"
#include "server/asio_types.h"

namespace sluice {

// What is to be run, by address: it stands in the frame of the coroutine that waits for it.
struct PoolWork {
  void (*run)(void*);
  void* self;
};
Awaitable<void> run_on_pool(asio::thread_pool& pool, PoolWork work);

// `work` is a named lambda of the caller; it must not throw.
template <class Work>
Awaitable<void> on_pool(asio::thread_pool& pool, Work& work) {
  return run_on_pool(pool, {[](void* self) { (*static_cast<Work*>(self))(); }, &work});
}

// Calls what other folders have written; where it throws all the same, that request fails and not the server.
template <class Function>
auto guarded(Function function) -> decltype(function()) {
  try {
    return function();
  } catch (const std::exception& exception) {
    return fail(ErrorKind::internal, std::string("A handler threw: ") + exception.what());
  }
}

}  // namespace sluice
