// PushJournal: what `sluice push` has sent of a file, in a small file that only grows. A range of rows is
// written down, and on the disk, before it is sent, and marked when the server took it. So a push that was
// killed at any moment knows which ranges may or may not have arrived, and sends exactly those again.
// Text, a line each, with a checksum behind it:
//   push {…}            what is pushed (PushHeader); the first line
//   send 1 1000 950 TIME   rows 1 to 1000 of the file, 950 of them good, are about to be sent
//   took 1 1000 JOB     the server took them
//   free 1 1000         the server refused them, or they never went out: they are nobody's again
//   changed             the file was written to meanwhile: what was sent may be of two versions
//   done 5000 50        all is taken: rows read, rows skipped
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace sluice {

struct RowRange {
  std::uint64_t first = 0, last = 0;  // of the file, counted from 1

  friend bool operator==(const RowRange&, const RowRange&) = default;
};

// What a push is of. Another content or another way to make batches of it is another push.
struct PushHeader {
  std::string push_id;
  std::string to;  // without what only says who sends (push_target.h)
  std::string file, began;
  std::uint64_t size = 0;
  std::string sha256;   // of the file's bytes
  std::string mapping;  // digest of all that decides what is sent of a row

  friend bool operator==(const PushHeader&, const PushHeader&) = default;
};

// What the lines say.
struct PushState {
  struct Pending {
    std::uint64_t last = 0, rows = 0;
    WallTime sent;  // for the first time; where the line does not say, when the push began
    friend bool operator==(const Pending&, const Pending&) = default;
  };
  struct Done {
    std::uint64_t read = 0, skipped = 0;
    friend bool operator==(const Done&, const Done&) = default;
  };

  std::optional<PushHeader> header;
  std::map<std::uint64_t, std::uint64_t> claimed;  // sent, or about to be: first row → last; none touch
  std::map<std::uint64_t, Pending> pending;        // of these, those without an answer: by their first row
  std::uint64_t taken_rows = 0, taken_batches = 0;
  std::map<std::uint64_t, std::string> jobs;  // of the first and the last range taken: first row → job id
  std::optional<Done> done;
  bool changed = false;  // the file, while it was pushed

  // Is the row in a range that was journalled? The range that waits for its answer, where it is in one.
  bool is_claimed(std::uint64_t row) const;
  std::optional<RowRange> pending_at(std::uint64_t row) const;

  friend bool operator==(const PushState&, const PushState&) = default;
};

struct ReadJournal {
  PushState state;
  std::size_t good_bytes = 0;  // behind them is what was being written when the power went
};
// A last line without its end was never on the disk for sure, so nothing of it was sent: it is not there.
// Error (input): a line that is not what was written.
Result<ReadJournal> read_journal(std::string_view text);

class PushJournal {
 public:
  // Opens or makes it, for this process alone: conflict where another push has it. What is in it matters no
  // more where everything is to begin `anew`: then it may be damaged. A file that is something else is never
  // touched.
  enum class Anew : bool { no, yes };
  static Result<std::unique_ptr<PushJournal>> open(const std::string& path, Anew anew = Anew::no);
  ~PushJournal();
  PushJournal(const PushJournal&) = delete;
  PushJournal& operator=(const PushJournal&) = delete;

  PushState state() const;  // as it is now
  const std::string& path() const { return path_; }

  Result<> begin(const PushHeader& header);  // anew: what was in it is gone
  // On the disk when it returns.
  Result<> send(RowRange range, std::uint64_t rows, WallTime now = wall_now());
  Result<> took(RowRange range, const std::string& job);
  Result<> free(RowRange range);
  Result<> changed();
  Result<> done(std::uint64_t read, std::uint64_t skipped);

 private:
  PushJournal(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  enum class Sync : bool { later, now };
  Result<> append(const std::string& line, Sync sync);  // and what it says, into state_

  const std::string path_;
  const int descriptor_;
  mutable std::mutex mutex_;  // guards the rest, and the order of lines
  PushState state_;
};

}  // namespace sluice
