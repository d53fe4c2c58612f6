#include "cli/push_sender.h"

#include <algorithm>
#include <random>

#include "base/size_text.h"
#include "base/url_text.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr auto kFirstDelay = 250ms;
constexpr auto kLongestDelay = 30s;
constexpr auto kTellEvery = 10s;    // of trouble that goes on
constexpr long kQuietSeconds = 60;  // a connection on which nothing moves for so long is dead
// Each connection finds its next batch ready, and a crash leaves few to be sent again.
constexpr std::size_t kBatchesEach = 2;
constexpr std::size_t kKeptOfAnswers = 64 << 10;  // more than any server has to say of a batch

bool worth_a_retry(int status) { return status == 408 || status == 429 || status / 100 == 5; }

// Twice as long each time, and half of it by chance, so that connections do not come back all at once.
std::chrono::milliseconds delay_after(int tries, std::chrono::seconds asked) {
  thread_local std::minstd_rand random(std::random_device{}());
  constexpr int kMostDoublings = 10;
  const auto whole = std::min<std::chrono::milliseconds>(kFirstDelay * (1 << std::min(tries, kMostDoublings)),
                                                         kLongestDelay);
  std::uniform_int_distribution<std::int64_t> half(0, whole.count() / 2);
  const std::chrono::milliseconds chance(half(random));
  return asked > 0s ? asked + chance / 4 : whole / 2 + chance;
}

std::string whole_seconds(std::chrono::milliseconds time) {
  return count_text(static_cast<std::uint64_t>(std::chrono::round<std::chrono::seconds>(time).count())) +
         " s";
}

std::string rows_text(RowRange range) {
  return "rows " + count_text(range.first) + " to " + count_text(range.last);
}

std::string member(const std::string& body, const char* name) {
  const auto said = nlohmann::ordered_json::parse(body, nullptr, false);
  return said.is_object() && said.contains(name) && said[name].is_string() ? said[name].get<std::string>()
                                                                           : std::string();
}

// Its job was removed after it was taken: the rows were counted, and somebody has decided on them since.
bool was_taken_before(const ApiAnswer& answer) {
  return answer.status == 410 && member(answer.body, "type").ends_with("/problems/job-removed");
}

}  // namespace

Result<std::unique_ptr<PushSender>> PushSender::open(PushSending sending, PushJournal& journal,
                                                     std::stop_token stop) {
  std::unique_ptr<PushSender> sender(new PushSender(std::move(sending), journal, std::move(stop)));
  ClientOptions options;
  options.server = sender->sending_.url;
  for (unsigned i = 0; i < sender->sending_.connections; ++i)
    sender->clients_.push_back(TRY(open_http_client(options)));
  for (auto& client : sender->clients_)
    sender->threads_.emplace_back([self = sender.get(), client = client.get()] { self->work(*client); });
  return sender;
}

PushSender::~PushSender() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  waiting_.clear();
  if (!error_) error_ = Error{ErrorKind::cancelled, "stopped"};
  changed_.notify_all();
}

bool PushSender::ended() const { return error_ || stop_.stop_requested(); }

bool PushSender::has_room(std::size_t bytes) const {
  if (under_way_ == 0) return true;
  return under_way_ < kBatchesEach * clients_.size() && under_way_bytes_ + bytes <= sending_.bodies_bytes;
}

Result<> PushSender::give(PushBatch batch) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop_, [&] { return error_ || has_room(batch.body.size()); });
    if (error_) return std::unexpected(*error_);
    if (stop_.stop_requested()) return fail(ErrorKind::cancelled, "stopped");
  }
  if (sending_.check) TRY(sending_.check());
  if (!batch.again) TRY(journal_.send(batch.range, batch.rows));
  std::lock_guard lock(mutex_);
  ++under_way_;
  under_way_bytes_ += batch.body.size();
  waiting_.push_back(std::move(batch));
  changed_.notify_all();
  return {};
}

Result<> PushSender::finish() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop_, [&] { return error_ || under_way_ == 0; });
    closed_ = true;
    changed_.notify_all();
  }
  threads_.clear();  // each ends when the answer it waits for is there
  std::lock_guard lock(mutex_);
  for (const PushBatch& batch : waiting_)  // they never went out, and may be cut otherwise next time
    if (!batch.again) TRY(journal_.free(batch.range));
  waiting_.clear();
  if (error_) return std::unexpected(*error_);
  if (under_way_ != 0) return fail(ErrorKind::cancelled, "stopped");
  return {};
}

PushSender::Totals PushSender::totals() const {
  std::lock_guard lock(mutex_);
  return totals_;
}

void PushSender::work(ApiClient& client) {
  for (bool is_first = true;; is_first = false) {
    PushBatch batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop_, [&] { return error_ || closed_ || !waiting_.empty(); });
      if (ended() || waiting_.empty()) return;
      batch = std::move(waiting_.front());
      waiting_.pop_front();
    }
    send(client, std::move(batch), is_first ? Connection::none : Connection::kept);
  }
}

void PushSender::send(ApiClient& client, PushBatch batch, Connection connection) {
  ApiCall call{.method = "POST", .path = sending_.url};
  call.headers = {{"Content-Type", "application/json"},
                  {"Idempotency-Key", sending_.push_id + "-" + std::to_string(batch.range.first) + "-" +
                                          std::to_string(batch.range.last)}};
  call.body = std::move(batch.body);
  call.quiet_seconds = kQuietSeconds;
  call.kept_bytes = kKeptOfAnswers;
  bool may_have_arrived = batch.again;
  const auto began = Clock::now();
  for (int tries = 0;; ++tries) {
    if (tries != 0) {
      std::lock_guard lock(mutex_);
      if (ended()) return;
      ++totals_.retries;
    }
    Result<ApiAnswer> answer = client.call(call);
    if (answer && answer->connected && connection == Connection::kept) may_have_arrived = true;
    connection = Connection::kept;
    if (answer && (answer->status / 100 == 2 || was_taken_before(*answer))) {
      if (auto taken = take(batch, call.body.size(), *answer); !taken) fail_with(std::move(taken).error());
      return;
    }
    if (answer && !worth_a_retry(answer->status)) return fail_with(refusal(batch, *answer, may_have_arrived));
    if (!answer && !answer.error().retryable) return fail_with(std::move(answer).error());
    // A server that is too busy says so before it takes anything; after anything else nobody knows.
    if (!answer || answer->status != 429) may_have_arrived = true;
    const std::string why =
        answer ? "it answers " + std::to_string(answer->status) + ": " + error_of(*answer).message
               : answer.error().message;
    Clock::time_point patient_until;
    {
      std::lock_guard lock(mutex_);
      if (ended()) return;
      patient_until = std::max(began, got_on_) + sending_.patience;
    }
    const auto left = patient_until - Clock::now();
    const auto asked = answer ? answer->retry_after : 0s;
    if (left <= 0s) return fail_with(took_nothing(why));
    if (asked > std::chrono::ceil<std::chrono::seconds>(left)) return fail_with(too_late(why, asked));
    tell(why);
    const auto delay = delay_after(tries, asked);
    if (!wait(std::min<Clock::time_point>(Clock::now() + delay, patient_until))) return;
  }
}

Error PushSender::took_nothing(const std::string& why) const {
  return {ErrorKind::unavailable, without_secrets(sending_.url) + " took nothing for " +
                                      whole_seconds(sending_.patience) + " (--patience): " + why};
}

Error PushSender::too_late(const std::string& why, std::chrono::seconds asked) const {
  return {ErrorKind::unavailable, without_secrets(sending_.url) + " asks to be tried again in " +
                                      whole_seconds(asked) + ", and --patience ends before, after " +
                                      whole_seconds(sending_.patience) + ": " + why};
}

Result<> PushSender::take(const PushBatch& batch, std::size_t bytes, const ApiAnswer& answer) {
  const auto said = nlohmann::ordered_json::parse(answer.body, nullptr, false);
  if (said.is_object() && said.contains("accepted") && said["accepted"].is_number_unsigned() &&
      said["accepted"] != batch.rows)
    return fail(ErrorKind::internal, without_secrets(sending_.url) + " says that it accepted " +
                                         said["accepted"].dump() + " of the " + count_text(batch.rows) +
                                         " rows of one batch (" + rows_text(batch.range) +
                                         "). Does it take a body of this form? See --wrap.");
  TRY(journal_.took(batch.range, member(answer.body, "jobId")));
  std::lock_guard lock(mutex_);
  totals_.rows += batch.rows;
  ++totals_.batches;
  --under_way_;
  under_way_bytes_ -= bytes;
  got_on_ = Clock::now();
  told_.reset();
  changed_.notify_all();
  return {};
}

Error PushSender::refusal(const PushBatch& batch, const ApiAnswer& answer, bool may_have_arrived) {
  std::string text = without_secrets(sending_.url) + " refused " + rows_text(batch.range) + " (" +
                     std::to_string(answer.status) + "): " + error_of(answer).message;
  if (const std::string place = answer.header("location"); answer.status / 100 == 3 && !place.empty())
    text += " It is at " + without_secrets(place) + ": give that to --to.";
  if (answer.status == 401 || answer.status == 403) text += " The key is taken from SLUICE_KEY.";
  // Rows that certainly are not there may go in other batches next time; others only as they went.
  if (may_have_arrived) {
    text +=
        " An earlier try may have arrived: these rows can only go as they went, once the server takes that.";
  } else {
    if (answer.status == 413)
      text += " Make batches smaller: --batch-bytes, or --batch-rows below " + count_text(batch.rows) + ".";
    if (auto noted = journal_.free(batch.range); !noted) text += " " + noted.error().message;
  }
  return {ErrorKind::input, text};
}

void PushSender::fail_with(Error error) {
  std::lock_guard lock(mutex_);
  if (!error_) error_ = std::move(error);
  changed_.notify_all();
}

bool PushSender::wait(Clock::time_point until) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, stop_, until, [&] { return error_.has_value(); });
  return !ended();
}

void PushSender::tell(const std::string& why) {
  {
    std::lock_guard lock(mutex_);
    if (told_ && Clock::now() - *told_ < kTellEvery) return;
    told_ = Clock::now();
  }
  if (sending_.say) sending_.say("Not taken yet, trying again: " + why + "\n");
}

}  // namespace sluice
