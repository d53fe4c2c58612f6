// KeyStore: who may come in. A key is 256 random bits, shown once; only its SHA-256 is kept. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice {

// What a role may do is decided in server/permissions.h, and nowhere else.
enum class Role : std::uint8_t { viewer, uploader, operator_, admin };
std::string_view name_of(Role role);  // "viewer" …
std::optional<Role> role_named(std::string_view name);

struct ApiKey {
  std::string id;      // shown in lists and in the audit log
  std::string tenant;  // what the key opens
  std::string name;    // for people: "billing export"
  Role role = Role::viewer;
  std::vector<std::string> pipelines;  // only these; empty: every pipeline of the tenant
  std::string digest;                  // SHA-256 of the key, hex
  std::string created_at, created_by;
  std::string expires_at, revoked_at, last_used_at;  // "" : not
};

class KeyStore {
 public:
  virtual ~KeyStore() = default;
  virtual Result<> add(const ApiKey& key) = 0;
  virtual Result<std::optional<ApiKey>> find(const std::string& digest) = 0;  // revoked and expired ones too
  virtual Result<std::vector<ApiKey>> list(const std::string& tenant) = 0;    // "": of every tenant
  virtual Result<> revoke(const std::string& tenant,
                          const std::string& id) = 0;  // not_found; again is no error
  virtual Result<> used(const std::string& id) = 0;    // now; coarse, for lists
  virtual Result<bool> any() = 0;                      // was a key ever made?
};

}  // namespace sluice
