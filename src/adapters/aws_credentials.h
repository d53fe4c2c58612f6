// AwsCredentials: the keys that requests are signed with, from wherever AWS's own tools would take them, kept
// and renewed before they expire. One object serves all requests of a process. Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "adapters/aws_profile.h"
#include "adapters/aws_signature.h"
#include "base/clock.h"
#include "base/result.h"

namespace sluice {

struct AwsExpiringKeys {
  AwsKeys keys;
  std::optional<WallTime> expires;  // none: they last
};

// In this order: the environment; a web identity (STS); the files' profile; the container's endpoint; the
// metadata service of EC2 (IMDSv2). The first that is there counts. An error names all that were tried.
Result<AwsExpiringKeys> find_aws_keys(const AwsEnvironment& environment, std::stop_token stop);

class AwsCredentials {
 public:
  using Find = std::function<Result<AwsExpiringKeys>(std::stop_token)>;
  using Now = std::function<WallTime()>;
  explicit AwsCredentials(Find find, Now now = wall_now);

  // Looks for new ones when those that are there expire soon; where none can be had, the old ones serve
  // until they have expired. One caller looks; the others take the old ones, or wait where there are none.
  Result<AwsKeys> keys(std::stop_token stop = {});
  // A service refused these: the next call looks anew. The files may have changed.
  void refused(const AwsKeys& keys);
  // Perhaps it refused these, perhaps what was asked of it: the next call looks for others, at most twice a
  // minute, and these serve where there are none.
  void doubted(const AwsKeys& keys);

 private:
  const Find find_;
  const Now now_;
  std::mutex mutex_;
  std::condition_variable_any found_;
  std::optional<AwsExpiringKeys> kept_;  // this and what follows: guarded by mutex_
  WallTime look_again_{};                // not before, while kept_ serves
  bool looking_ = false, had_some_ = false, doubted_ = false;
  WallTime doubts_count_from_{};
  std::optional<Error> failure_;  // of the last look
};

// Those of this process.
std::shared_ptr<AwsCredentials> aws_credentials_of_this_process();

}  // namespace sluice
