// A SQLite database in a temporary folder, for the conformance suite and the store's own tests. Test-only.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "ports/store_conformance.h"

namespace sluice {

class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Runs SQL on a database file past the store; every cell as text, NULL as "∅". Throws on an error.
std::vector<std::vector<std::string>> query_sqlite(const std::string& path, const std::string& sql);

std::unique_ptr<StoreUnderTest> make_sqlite_under_test();

}  // namespace sluice
