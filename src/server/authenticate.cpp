#include "server/authenticate.h"

#include "base/clock.h"
#include "jobs/api_keys.h"

namespace sluice {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes kTellUseEvery{1};
constexpr std::size_t kMostKnown = 10'000;  // somebody may try keys: what they tried is not kept for ever

std::string key_in(const Request& request) {
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view header = request.headers.get("Authorization");
  if (header.size() <= kScheme.size()) return "";
  for (std::size_t i = 0; i < kScheme.size(); ++i)
    if (std::tolower(static_cast<unsigned char>(header[i])) != kScheme[i]) return "";
  return std::string(header.substr(kScheme.size()));
}

std::unexpected<Error> unauthorized(const std::string& why) {
  return refuse({401, "unauthorized", "An API key is needed",
                 why + " Send it as `Authorization: Bearer KEY`; `sluice keys create` makes one.", ""});
}

}  // namespace

Result<Principal> Authenticator::operator()(const Request& request) {
  const std::string text = key_in(request);
  if (text.empty()) {
    if (request.headers.has("Authorization"))
      return unauthorized("The Authorization header holds no bearer key.");
    if (TRY(are_wanted())) return unauthorized("This server asks who you are.");
    return Principal{};
  }
  auto key = TRY(find(digest_of_key(text)));
  if (!key || !is_valid(*key, now_rfc3339())) return unauthorized("The key is unknown, expired or revoked.");
  const auto now = Clock::now();
  bool tell = false;
  {
    std::lock_guard lock(mutex_);
    auto [at, first] = used_.try_emplace(key->id, now);
    tell = first || now - at->second > kTellUseEvery;
    at->second = tell ? now : at->second;
  }
  if (tell) (void)keys_.used(key->id);
  return Principal{key->tenant, "key:" + key->id, key->role, key->pipelines};
}

Result<bool> Authenticator::are_wanted() {
  if (wanted_ != KeysWanted::if_any) return wanted_ == KeysWanted::always;
  {
    std::lock_guard lock(mutex_);
    if (none_at_ && Clock::now() - *none_at_ < kBelieved) return false;
  }
  const bool any = TRY(keys_.any());
  std::lock_guard lock(mutex_);
  if (!any) none_at_ = Clock::now();
  return any;
}

Result<std::optional<ApiKey>> Authenticator::find(const std::string& digest) {
  const auto now = Clock::now();
  {
    std::lock_guard lock(mutex_);
    auto at = known_.find(digest);
    if (at != known_.end() && now - at->second.at < kBelieved) return at->second.key;
  }
  auto key = TRY(keys_.find(digest));
  std::lock_guard lock(mutex_);
  if (known_.size() >= kMostKnown) known_.clear();
  known_[digest] = {key, now};
  return key;
}

}  // namespace sluice
