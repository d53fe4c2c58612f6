#include "cli/push_options.h"

#include "base/size_text.h"

namespace sluice {
namespace {

constexpr const char *kWhat = "What is sent", *kSending = "How it is sent";
constexpr std::uint64_t kMostBatchBytes = 64 << 20;

// A connection's thread, and libcurl's buffers and TLS state for it.
constexpr std::uint64_t kConnectionBytes = 256 << 10;

// There is no store, so that its cache is free; and of what a commit may hold half is enough, because rows go
// to the writer a few thousand at once. One more batch is being filled.
Result<std::uint64_t> room_for_bodies(MemoryPlan& memory, std::uint64_t batch_bytes, unsigned connections) {
  const std::uint64_t from_commit = memory.batch_bytes / 2;
  const std::uint64_t room = memory.store_cache_bytes + from_commit,
                      for_connections = connections * kConnectionBytes;
  const std::uint64_t largest = for_connections < room ? (room - for_connections) / 2 : 0;
  if (batch_bytes > largest)
    return fail(ErrorKind::usage,
                "batches of " + size_text(batch_bytes) + " over " + std::to_string(connections) +
                    (connections == 1 ? " connection" : " connections") + " do not fit into --memory " +
                    size_text(memory.total_bytes) +
                    ": one that is sent and one that is being filled may have " + size_text(largest) +
                    " each. Lower --batch-bytes or --connections, or raise --memory.");
  memory.store_cache_bytes = 0;
  memory.batch_bytes -= from_commit;
  return room - for_connections - batch_bytes;
}

}  // namespace

void add_push_options(CLI::App& command, PushOptions& options) {
  command.add_option("--to", options.to, "where batches are posted; its key is taken from SLUICE_KEY")
      ->required()
      ->type_name("URL")
      ->group(kWhere);
  command
      .add_option("--wrap", options.wrap,
                  "the member of the body that holds the rows; '' is a bare array (default: states where the "
                  "address ends in /states/batch, else '')")
      ->type_name("NAME")
      ->group(kWhere);
  repeated(command.add_option("--map", options.columns.map,
                              "send this column of the file under this name, and only such columns; a row "
                              "where it is blank is skipped; may be repeated"),
           "NAME=COLUMN")
      ->group(kWhat);
  repeated(command.add_option("--const", options.columns.constants,
                              "send this with every row: a number, true, false or text; may be repeated"),
           "NAME=VALUE")
      ->group(kWhat);
  repeated(command.add_option("--require", options.columns.require,
                              "skip rows where one of these columns of the file is blank, sent or not: a,b; "
                              "one with a comma in it in quotes: '\"last, first\",b'; may be repeated"),
           "COLUMNS")
      ->group(kWhat);
  add_reading_options(
      command, options.reading,
      {.file = "the file to push; - is standard input",
       .pipeline = "send what this pipeline makes of each row: a file, or a name (default: every "
                   "column, as text)",
       .rejected = "skipped",
       .json = "print the result as a JSON object"});
  command.add_option("--batch-rows", options.batch_rows, "at most so many rows in a batch (default 1000)")
      ->type_name("N")
      ->check(at_least_one())
      ->group(kSending);
  command.add_option("--batch-bytes", options.batch_bytes, "and so many bytes (default 1MiB)")
      ->type_name("SIZE")
      ->group(kSending);
  command
      .add_option("--connections", options.connections,
                  "at most so many batches on their way at once, fewer where more do not fit into the memory "
                  "(default 4)")
      ->type_name("N")
      ->check(CLI::Range(1, 64).description(""))
      ->group(kSending);
  command
      .add_option("--patience", options.patience,
                  "give up when the server took nothing for so long (default 5m)")
      ->type_name("TIME")
      ->group(kSending);
  command
      .add_option("--journal", options.journal,
                  "where to note what was sent (default: in ~/.local/state/sluice/pushes, one for each file "
                  "and address)")
      ->type_name("FILE")
      ->group(kSending);
  command
      .add_option("--unanswered", options.unanswered,
                  "batches that were sent more than 29 days ago and had no answer: send them again, or count "
                  "them as taken")
      ->type_name("send|taken")
      ->check(CLI::IsMember({"send", "taken"}).description(""))
      ->group(kSending);
  command.add_flag("--restart", options.restart, "forget what was sent before, and begin at the first row")
      ->group(kSending);
}

Result<PushSettings> push_settings(const PushOptions& options) {
  const auto& files = options.reading.files;
  if (files.size() != 1)
    return fail(ErrorKind::usage, files.empty()
                                      ? "name the file to push, as in `sluice push people.csv --to URL`."
                                      : "a push is of one file: push them one after the other.");
  PushSettings settings;
  settings.target = TRY(push_target(options.to, options.wrap));
  settings.batching = {
      .opening = settings.target.opening, .closing = settings.target.closing, .rows = options.batch_rows};
  const auto bytes = parse_size(options.batch_bytes);
  if (!bytes || *bytes == 0 || *bytes > kMostBatchBytes)
    return fail(ErrorKind::usage, "--batch-bytes takes a size up to 64MiB, such as 1MiB or 64kB, not '" +
                                      options.batch_bytes + "'.");
  settings.batching.bytes = *bytes;
  if (settings.target.states) settings.batching.fault = state_fault;
  auto patience = span_of(options.patience);
  if (!patience) return std::unexpected(std::move(patience).error().during("--patience"));
  settings.patience = *patience;
  if (!options.unanswered.empty())
    settings.unanswered = options.unanswered == "send" ? Unanswered::send : Unanswered::taken;
  settings.run = TRY(resolve(options.reading));
  settings.bodies_bytes = TRY(room_for_bodies(settings.run.memory, *bytes, options.connections));
  return settings;
}

}  // namespace sluice
