// IntakeThreads: what other programs put into an intake queue becomes jobs, each request once; the request
// stays open until its job has ended, and is then answered with the outcome. A node that dies leaves its
// requests to others, which find the same jobs.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "jobs/service.h"
#include "jobs/ticking.h"
#include "ports/intake.h"

namespace sluice {

class IntakeThreads {
 public:
  // `blobs_url`: the setting, by which requests name files.
  IntakeThreads(Service& service, Intake& intake, std::string blobs_url);
  ~IntakeThreads();  // what is open is handed back, for other nodes
  IntakeThreads(const IntakeThreads&) = delete;
  IntakeThreads& operator=(const IntakeThreads&) = delete;

 private:
  struct Open {
    IntakeRequest request;
    std::string progress;  // as last said
  };
  Result<bool> take(const std::stop_token& stop);
  Result<bool> answer(const std::stop_token& stop);
  Result<bool> renew();

  Result<> begin(IntakeRequest request);
  Result<> refuse(const IntakeRequest& request, const Error& error);
  void note(const std::string& job_id, const Open& open, bool ended);
  Result<std::string> job_for(const IntakeRequest& request);   // its id
  Result<bool> answer(const std::string& job_id, Open& open);  // true: it has ended
  std::map<std::string, Open> open();

  Service& service_;
  Intake& intake_;
  const std::string blobs_url_;
  std::mutex mutex_;
  std::map<std::string, Open> open_;  // by job; guarded by mutex_
  std::unique_ptr<Ticking> renewing_, answering_, taking_;
};

}  // namespace sluice
