// Authenticator: who sends a request, by its API key. Thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "ports/key_store.h"
#include "server/http_message.h"

namespace sluice {

enum class KeysWanted : std::uint8_t { never, if_any, always };

class Authenticator {
 public:
  Authenticator(KeyStore& keys, KeysWanted wanted) : keys_(keys), wanted_(wanted) {}

  // `Authorization: Bearer KEY`. Without a key: the anonymous admin, where none are wanted; else a problem
  // 401. A key that is unknown, revoked or expired is 401 always.
  Result<Principal> operator()(const Request& request);

 private:
  Result<bool> are_wanted();
  Result<std::optional<ApiKey>> find(const std::string& digest);

  // What the store said is believed for so long: a revoked key works no longer than that.
  static constexpr std::chrono::seconds kBelieved{2};
  struct Known {
    std::optional<ApiKey> key;
    std::chrono::steady_clock::time_point at;
  };

  KeyStore& keys_;
  const KeysWanted wanted_;
  std::mutex mutex_;  // the members below
  std::map<std::string, Known> known_;
  std::map<std::string, std::chrono::steady_clock::time_point> used_;  // by id: told to the store
  std::optional<std::chrono::steady_clock::time_point> none_at_;       // when there was no key yet
};

}  // namespace sluice
