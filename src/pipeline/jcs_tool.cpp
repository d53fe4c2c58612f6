// Test-only: reads JSON texts, one a line, and writes for each its canonical form, a tab and the SHA-256 of
// it, or "error: …". tests/oracles/jcs.py compares them with what another implementation says.
#include <iostream>
#include <string>

#include "base/sha256.h"
#include "pipeline/jcs.h"

int main() {
  std::ios::sync_with_stdio(false);
  sluice::Sha256 sha256;
  for (std::string line, canonical; std::getline(std::cin, line); canonical.clear()) {
    if (auto done = sluice::append_jcs_json(canonical, line); done) {
      std::cout << canonical << '\t' << sluice::to_hex(sha256.of(canonical)) << '\n';
    } else {
      std::cout << "error: " << done.error().message << '\n';
    }
  }
}
