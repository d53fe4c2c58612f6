#include "cli/push_begin.h"

#include <filesystem>

#include "base/sha256.h"
#include "base/size_text.h"
#include "cli/output_place.h"
#include "cli/state_folder.h"

namespace sluice {
namespace {

// A server of ours knows a key for thirty days after its job's end; the day is for clocks that differ.
constexpr std::chrono::days kKeysAreKnown{29};

constexpr const char* kAnew = "push everything anew, from the first row, with --restart.";

std::string place_of(const PushOptions& options, const Input& input) {
  if (!input.place.starts_with("file:")) return input.place;
  std::error_code error;
  const auto path = std::filesystem::canonical(options.reading.files.front(), error);
  return error ? input.place : "file:" + path.string();
}

// A push that began earlier goes on only if it is of the same rows.
Result<> check_same(const PushHeader& now, const PushState& before) {
  const PushHeader& then = *before.header;
  const std::string begun = "a push of " + now.file + " to " + now.to + " was begun " + then.began +
                            ", and " + count_text(before.taken_rows) + " rows are taken. ";
  if (push_address(then.to) != now.to)
    return fail(ErrorKind::usage, "the journal is of a push to " + push_address(then.to) +
                                      ". Name another with --journal, or " + kAnew);
  if (before.changed)
    return fail(ErrorKind::usage, begun +
                                      "The file was written to meanwhile: what was sent may be of two "
                                      "versions. Push everything anew, from the first row, with --restart.");
  if (then.size != now.size || then.sha256 != now.sha256)
    return fail(ErrorKind::usage, begun +
                                      "Its content is another now: going on would count rows twice or lose "
                                      "some. Put the file back as it was, or " +
                                      kAnew);
  if (then.mapping != now.mapping)
    return fail(ErrorKind::usage, begun +
                                      "That was with other columns, another pipeline or other options of "
                                      "how to read: what is a good row may be another one now. Give the "
                                      "command as it was, or " +
                                      kAnew);
  return {};
}

}  // namespace

Result<std::string> journal_path(const PushOptions& options, const Input& input) {
  if (options.journal.empty())
    return state_folder() / "pushes" /
           to_hex(Sha256().of(place_of(options, input) + "\n" + push_address(options.to)));
  const std::string& file = options.reading.files.front();
  if (is_same_file(options.journal, file == "-" ? "/dev/stdin" : file))
    return fail(ErrorKind::usage, "--journal " + options.journal +
                                      " is the file that is to be pushed. Name another: what was sent is "
                                      "noted there.");
  if (!options.reading.rejects.empty() && is_same_file(options.journal, options.reading.rejects))
    return fail(ErrorKind::usage, "--journal and --rejects name one file, " + options.journal +
                                      ". Name two: what was sent, and what was skipped.");
  return options.journal;
}

Result<std::uint64_t> begin_push(PushJournal& journal, const PushHeader& header, bool restart) {
  const PushState before = journal.state();
  if (before.header && !restart) {
    const Result<> same = check_same(header, before);
    if (same) return 0;
    // Nothing of it is at the server: it is no push yet.
    if (!before.claimed.empty()) return std::unexpected(same.error());
  }
  TRY(journal.begin(header));
  return before.taken_rows;
}

Result<> settle_old(PushJournal& journal, Unanswered unanswered, WallTime now) {
  const PushState state = journal.state();
  std::uint64_t count = 0;
  const PushState::Pending* oldest = nullptr;
  std::uint64_t first = 0;
  for (const auto& [row, pending] : state.pending) {
    if (now - pending.sent <= kKeysAreKnown) continue;
    ++count;
    if (unanswered == Unanswered::taken) TRY(journal.took({row, pending.last}, ""));
    if (oldest && oldest->sent <= pending.sent) continue;
    oldest = &pending;
    first = row;
  }
  if (count == 0 || unanswered != Unanswered::ask) return {};
  return fail(ErrorKind::usage,
              "rows " + count_text(first) + " to " + count_text(oldest->last) + " were sent " +
                  rfc3339(oldest->sent) +
                  (count == 1 ? "" : ", and " + count_text(count - 1) + " more such batches about then,") +
                  " and no answer came. That is so long ago that the server may no longer know their "
                  "Idempotency-Keys, and might count them twice. See whether it has these rows. If it has, "
                  "go on with "
                  "--unanswered taken; if not, with --unanswered send; or " +
                  kAnew);
}

std::uint64_t limit_beyond_pending(const PushState& state, std::uint64_t limit) {
  if (limit == 0) return 0;
  const auto range = state.pending_at(limit);
  return range ? range->last : limit;
}

}  // namespace sluice
