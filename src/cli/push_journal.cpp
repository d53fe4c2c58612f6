#include "cli/push_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "cli/durable_folder.h"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

// What every journal begins with, and hardly anything else.
constexpr std::string_view kBeginning = R"(push {"version":)";

// Enough to tell a line from garbage; it is no protection against people.
constexpr std::size_t kChecksumDigits = 8;

constexpr std::string_view kNoJob = "-";  // a server that names none

std::string checksum(std::string_view line) { return to_hex(Sha256().of(line)).substr(0, kChecksumDigits); }
std::string sealed(const std::string& line) { return line + " #" + checksum(line) + "\n"; }

std::string header_line(const PushHeader& header) {
  const Json said = {{"version", 1},
                     {"pushId", header.push_id},
                     {"to", header.to},
                     {"file", header.file},
                     {"began", header.began},
                     {"size", header.size},
                     {"sha256", header.sha256},
                     {"mapping", header.mapping}};
  return "push " + said.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<PushHeader> header_of(std::string_view text) {
  const Json said = Json::parse(text, nullptr, false);
  if (!said.is_object()) return std::nullopt;
  auto string = [&](const char* name) {
    return said.contains(name) && said[name].is_string() ? said[name].get<std::string>() : std::string();
  };
  if (!said.contains("version") || said["version"] != 1 || !said.contains("size") ||
      !said["size"].is_number_unsigned())
    return std::nullopt;
  return PushHeader{string("pushId"), string("to"),     string("file"),   string("began"),
                    said["size"],     string("sha256"), string("mapping")};
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t blank = line.find(' ');
    words.push_back(line.substr(0, blank));
    if (blank == std::string_view::npos) return words;
    line.remove_prefix(blank + 1);
  }
}

std::optional<std::uint64_t> number_of(std::string_view word) {
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

void claim(PushState& state, RowRange range) {
  auto next = state.claimed.lower_bound(range.first);
  if (next != state.claimed.begin() && std::prev(next)->second + 1 == range.first)
    range.first = std::prev(next)->first;
  if (next != state.claimed.end() && next->first == range.last + 1) {
    range.last = next->second;
    state.claimed.erase(next);
  }
  state.claimed[range.first] = range.last;
}

void unclaim(PushState& state, RowRange range) {
  auto around = std::prev(state.claimed.upper_bound(range.first));
  const std::uint64_t first = around->first, last = around->second;
  state.claimed.erase(around);
  if (first < range.first) state.claimed[first] = range.first - 1;
  if (range.last < last) state.claimed[range.last + 1] = last;
}

// Only the first and the last in the order of the file are kept.
void remember_job(PushState& state, std::uint64_t row, std::string_view job) {
  if (job == kNoJob) return;
  state.jobs[row] = job;
  if (state.jobs.size() > 2) state.jobs.erase(std::next(state.jobs.begin()));
}

// What a line that is whole says. False: it cannot stand where it stands.
bool follow(PushState& state, std::string_view line) {
  if (line.starts_with("push ")) {
    if (state.header) return false;
    state.header = header_of(line.substr(5));
    return state.header.has_value();
  }
  if (!state.header || state.done) return false;
  if (line == "changed") return state.changed = true;
  const auto words = words_of(line);
  if (words.size() < 3) return false;
  const auto first = number_of(words[1]), last = number_of(words[2]);
  if (!first || !last) return false;
  if (words[0] == "done" && words.size() == 3 && !state.changed) {
    state.done = {*first, *last};
    return true;
  }
  const RowRange range{*first, *last};
  if (range.first == 0 || range.last < range.first) return false;
  if (words[0] == "send" && (words.size() == 5 || words.size() == 4)) {
    const auto rows = number_of(words[3]);
    const auto sent = parse_rfc3339(words.size() == 5 ? words[4] : state.header->began);
    if (words.size() == 5 && !sent) return false;
    const auto before = state.claimed.upper_bound(range.last);
    if (!rows || (before != state.claimed.begin() && std::prev(before)->second >= range.first)) return false;
    claim(state, range);
    state.pending[range.first] = {range.last, *rows, sent.value_or(WallTime())};
    return true;
  }
  const auto pending = state.pending.find(range.first);
  if (pending == state.pending.end() || pending->second.last != range.last) return false;
  if (words[0] == "took" && words.size() == 4) {
    state.taken_rows += pending->second.rows;
    ++state.taken_batches;
    remember_job(state, range.first, words[3]);
  } else if (words[0] == "free" && words.size() == 3) {
    unclaim(state, range);
  } else {
    return false;
  }
  state.pending.erase(pending);
  return true;
}

// The line without its checksum; none where that is not right.
std::optional<std::string_view> unsealed(std::string_view line) {
  if (line.size() < kChecksumDigits + 2) return std::nullopt;
  const std::string_view said = line.substr(0, line.size() - kChecksumDigits - 2);
  if (line.substr(said.size(), 2) != " #" || line.substr(said.size() + 2) != checksum(said))
    return std::nullopt;
  return said;
}

std::unexpected<Error> cannot(const std::string& what, const std::string& path) {
  return fail(ErrorKind::io, "the journal of the push, " + path + ", cannot be " + what + ": " +
                                 std::strerror(errno) + ". Another place for it: --journal FILE.");
}

Result<std::string> content_of(int descriptor, const std::string& path) {
  std::string text;
  char bytes[1 << 16];
  for (;;) {
    const ssize_t got = ::pread(descriptor, bytes, sizeof bytes, static_cast<off_t>(text.size()));
    if (got < 0) return cannot("read", path);
    if (got == 0) return text;
    text.append(bytes, static_cast<std::size_t>(got));
  }
}

}  // namespace

bool PushState::is_claimed(std::uint64_t row) const {
  auto after = claimed.upper_bound(row);
  return after != claimed.begin() && std::prev(after)->second >= row;
}

std::optional<RowRange> PushState::pending_at(std::uint64_t row) const {
  auto after = pending.upper_bound(row);
  if (after == pending.begin() || std::prev(after)->second.last < row) return std::nullopt;
  return RowRange{std::prev(after)->first, std::prev(after)->second.last};
}

Result<ReadJournal> read_journal(std::string_view text) {
  ReadJournal journal;
  std::size_t number = 0;
  for (std::size_t end; (end = text.find('\n', journal.good_bytes)) != std::string_view::npos;) {
    ++number;
    const auto said = unsealed(text.substr(journal.good_bytes, end - journal.good_bytes));
    if (!said || !follow(journal.state, *said))
      return fail(ErrorKind::input, "line " + std::to_string(number) + " is not what was written there");
    journal.good_bytes = end + 1;
  }
  return journal;
}

Result<std::unique_ptr<PushJournal>> PushJournal::open(const std::string& path, Anew anew) {
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  const auto made = make_folders(folder);
  if (!made)
    return fail(ErrorKind::io, "the journal of the push, " + path + ", cannot be made: " +
                                   made.error().message + " Another place for it: --journal FILE.");
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return cannot("opened", path);
  std::unique_ptr<PushJournal> journal(new PushJournal(path, descriptor));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return cannot("locked", path);
    return fail(ErrorKind::conflict,
                "this file is being pushed there already, by another process. Wait until that one has ended; "
                "two at once would count rows twice.");
  }
  for (const std::filesystem::path& changed : *made) sync_folder(changed);
  sync_folder(folder);
  const std::string text = TRY(content_of(descriptor, path));
  if (!text.starts_with(kBeginning.substr(0, text.size())))
    return fail(ErrorKind::usage, path +
                                      " is no journal of a push, and stays as it is. Name a file that is not "
                                      "there yet, or the journal of this push, with --journal.");
  auto read = read_journal(text);
  if (!read && anew == Anew::yes) return journal;  // begin() clears it away
  if (!read)
    return fail(ErrorKind::input,
                "the journal of the push, " + path + ", is damaged: " + read.error().message +
                    ". It no longer says which rows were sent. --restart pushes the file anew, from its "
                    "first row.");
  if (::ftruncate(descriptor, static_cast<off_t>(read->good_bytes)) != 0) return cannot("written", path);
  journal->state_ = std::move(read->state);
  return journal;
}

PushJournal::~PushJournal() { ::close(descriptor_); }

PushState PushJournal::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

Result<> PushJournal::append(const std::string& line, Sync sync) {
  std::lock_guard lock(mutex_);
  const std::string text = sealed(line);
  const off_t end = ::lseek(descriptor_, 0, SEEK_END);
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t got = ::write(descriptor_, text.data() + written, text.size() - written);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int why = errno;
      if (::ftruncate(descriptor_, end) != 0) errno = why;  // a torn end is no harm to the next reader
      errno = why;
      return cannot("written", path_);
    }
    written += static_cast<std::size_t>(got);
  }
  if (sync == Sync::now && ::fdatasync(descriptor_) != 0) return cannot("brought to the disk", path_);
  if (!follow(state_, line))
    return fail(ErrorKind::internal, "the journal of the push would contradict itself: " + line);
  return {};
}

Result<> PushJournal::begin(const PushHeader& header) {
  {
    std::lock_guard lock(mutex_);
    if (::ftruncate(descriptor_, 0) != 0) return cannot("written", path_);
    state_ = {};
  }
  return append(header_line(header), Sync::now);
}

Result<> PushJournal::send(RowRange range, std::uint64_t rows, WallTime now) {
  return append("send " + std::to_string(range.first) + " " + std::to_string(range.last) + " " +
                    std::to_string(rows) + " " + rfc3339(now),
                Sync::now);
}

// Not on the disk for sure: what is sent again for that is known to the server by its key.
Result<> PushJournal::took(RowRange range, const std::string& job) {
  constexpr std::size_t kLongestId = 100;
  const bool is_id = !job.empty() && job.size() <= kLongestId &&
                     std::ranges::all_of(job, [](char c) { return c > ' ' && c < '\x7f'; });
  return append("took " + std::to_string(range.first) + " " + std::to_string(range.last) + " " +
                    (is_id ? job : std::string(kNoJob)),
                Sync::later);
}

Result<> PushJournal::free(RowRange range) {
  return append("free " + std::to_string(range.first) + " " + std::to_string(range.last), Sync::now);
}

Result<> PushJournal::changed() { return append("changed", Sync::now); }

Result<> PushJournal::done(std::uint64_t read, std::uint64_t skipped) {
  return append("done " + std::to_string(read) + " " + std::to_string(skipped), Sync::now);
}

}  // namespace sluice
