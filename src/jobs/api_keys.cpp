#include "jobs/api_keys.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "base/sha256.h"
#include "base/uuid.h"

namespace sluice {
namespace {

constexpr std::string_view kPrefix = "slc_";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kLongestName = 100;

std::string base64url(const unsigned char* bytes, std::size_t size) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  unsigned bits = 0, buffer = 0;
  for (std::size_t i = 0; i < size; ++i) {
    buffer = buffer << 8 | bytes[i];
    for (bits += 8; bits >= 6;) text += kDigits[buffer >> (bits -= 6) & 63];
  }
  if (bits != 0) text += kDigits[buffer << (6 - bits) & 63];
  return text;
}

Result<> check_word(const std::string& what, const std::string& text) {
  const bool clean = std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c != 0x7F; });
  if (!text.empty() && text.size() <= kLongestName && clean) return {};
  return fail(ErrorKind::usage, "a key's " + what + " is a text of 1 to " + std::to_string(kLongestName) +
                                    " bytes on one line.");
}

}  // namespace

Result<MadeKey> make_key(KeyStore& keys, const NewKey& wanted) {
  TRY(check_word("tenant", wanted.tenant));
  TRY(check_word("name", wanted.name));
  if (!wanted.expires_at.empty()) {
    // Compared as text below, so it has to be written as the store writes times.
    const bool shape =
        wanted.expires_at.size() >= 20 && wanted.expires_at[10] == 'T' && wanted.expires_at.ends_with('Z');
    if (!shape)
      return fail(ErrorKind::usage,
                  "'" + wanted.expires_at + "' is no time in UTC; write it like 2027-01-31T00:00:00Z.");
    if (wanted.expires_at <= now_rfc3339())
      return fail(ErrorKind::usage, wanted.expires_at + " has passed: the key could never be used.");
  }
  std::array<unsigned char, kKeyBytes> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    return fail(ErrorKind::internal, "the system gives no random numbers for a key.");
  MadeKey made;
  made.text = std::string(kPrefix) + base64url(random.data(), random.size());
  made.key.id = new_uuid();
  made.key.tenant = wanted.tenant;
  made.key.name = wanted.name;
  made.key.role = wanted.role;
  made.key.pipelines = wanted.pipelines;
  made.key.digest = digest_of_key(made.text);
  made.key.created_at = now_rfc3339();
  made.key.created_by = wanted.created_by;
  made.key.expires_at = wanted.expires_at;
  TRY(keys.add(made.key));
  return made;
}

std::string digest_of_key(std::string_view text) { return to_hex(Sha256().of(text)); }

bool is_valid(const ApiKey& key, std::string_view now) {
  return key.revoked_at.empty() && (key.expires_at.empty() || now < key.expires_at);
}

}  // namespace sluice
