// The result of a file, for people and as the JSON object of the contract (section 3).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "jobs/job_plan.h"
#include "rows/outcome.h"

namespace sluice {

struct RejectReason {
  std::string code, field, message;  // the message of the first of them
  std::uint64_t rows = 0;
};

struct FileResult {
  std::string job_id;  // "" : nothing was written
  std::string pipeline, status, error;
  std::string source;  // the file as it was named
  std::uint64_t bytes = 0;
  RowCounts counts;
  std::uint64_t rows_before = 0;  // of counts.read: what an earlier, interrupted run had done
  std::vector<std::pair<std::string, std::string>> columns;  // name and type
  std::string rejects_file;
  std::vector<RejectReason> groups;  // the most frequent reasons
  double seconds = 0;
  std::string store;       // "" : nothing was written
  bool validated = false;  // validate, --dry-run: `inserted` counts the good rows
};

std::string json_text(const FileResult& result);
// For a file that could not even become a job: FAILED, with the error.
std::string json_of_failure(const std::string& source, const std::string& error);
// For a job that could not be brought to its end and stays in the store: PROCESSING, with the error.
std::string json_of_open_job(const std::string& source, const std::string& job_id, const std::string& error);
std::string people_text(const FileResult& result);
std::vector<std::pair<std::string, std::string>> columns_of(const JobPlan& plan);
std::uint64_t peak_rss_bytes();

// Counts rejects by code and field, of at most so many different reasons.
class RejectGroups {
 public:
  void add(const RejectedRow& row);
  std::vector<RejectReason> most_frequent(std::size_t count) const;

 private:
  static constexpr std::size_t kMostGroups = 1000;
  std::vector<RejectReason> groups_;
};

}  // namespace sluice
