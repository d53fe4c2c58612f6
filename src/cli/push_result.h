// What became of a push, for people and as a JSON object.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/push_journal.h"
#include "cli/push_sender.h"
#include "cli/result_text.h"

namespace sluice {

struct PushResult {
  std::string push_id, to, file, status, error, journal, rejects_file;
  std::uint64_t read = 0, skipped = 0, resumed = 0;  // resumed: taken from earlier runs of this push
  PushSender::Totals sent;
  std::string first_job, last_job;
  std::vector<RejectReason> groups;
  bool nothing_left = false;  // it was finished before
  double seconds = 0;
};

std::string json_text(const PushResult& result);
std::string people_text(const PushResult& result);

}  // namespace sluice
