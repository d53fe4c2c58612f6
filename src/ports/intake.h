// Intake: a queue into which other programs put what they want ingested, and from which they learn what
// became of it. jobs/intake_threads.h makes jobs of it. Thread-safe.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"

namespace sluice {

// One thing that is wanted, reserved for whoever has taken it.
struct IntakeRequest {
  std::string id;     // the queue's own
  std::string token;  // the adapter's: whose reservation this is
  std::string key;    // names the request for ever: the same when it comes again
  std::string body;   // what is wanted, JSON
  // Its sender, or its number of attempts, has it tried once more since `opened` was said of it; otherwise it
  // came again because somebody did not get to answer it.
  bool is_new_attempt = true;
};

class Intake {
 public:
  virtual ~Intake() = default;
  // The next one, reserved for `hold`; none after `wait` without one and on a stop request.
  virtual Result<std::optional<IntakeRequest>> take(std::chrono::milliseconds hold,
                                                    std::chrono::milliseconds wait, std::stop_token stop) = 0;
  // False: it is another's by now, or gone.
  virtual Result<bool> extend(const IntakeRequest& request, std::chrono::milliseconds hold) = 0;
  // It has a job now, which was begun, or begun again, for this attempt.
  virtual Result<> opened(const IntakeRequest& request) = 0;
  // What its sender may look at while it waits: a JSON object, and lines of text.
  virtual Result<> set_progress(const IntakeRequest& request, const std::string& json) = 0;
  virtual Result<> log(const IntakeRequest& request, const std::string& line) = 0;

  // The last three end the reservation; one that had run out is no error, and nothing has changed then.
  virtual Result<> complete(const IntakeRequest& request, const std::string& json) = 0;
  // `again`: as often as the sender has asked for.
  enum class Again : bool { no, yes };
  virtual Result<> fail_attempt(const IntakeRequest& request, const std::string& reason, Again again) = 0;
  virtual Result<> hand_back(const IntakeRequest& request) = 0;  // at once somebody else's
  // What takers that are known to be dead had reserved, likewise: for a node that starts.
  virtual Result<> give_back_of(const std::function<bool(const std::string& taker)>& is_dead) = 0;
};

}  // namespace sluice
