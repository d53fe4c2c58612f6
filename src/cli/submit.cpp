// sluice submit: sends a file to a server, resumably (tus 1.0): broken off anywhere, the same command goes on
// where the server has it.
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>

#include "base/sha256.h"
#include "base/size_text.h"
#include "cli/api_client.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/state_folder.h"
#include "cli/watch_job.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;
using namespace std::chrono_literals;

// What one request carries: a broken connection costs at most so much, and the memory is bounded.
constexpr std::size_t kPieceBytes = 16u << 20;
constexpr int kTries = 8;  // in a row without getting on; about two minutes in all

struct SubmitOptions {
  ClientOptions client;
  std::string file, pipeline, metadata;
  bool watch = false, as_json = false, quiet = false;
};

std::string base64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0, buffer = 0;
  for (unsigned char c : text) {
    buffer = buffer << 8 | c;
    for (bits += 8; bits >= 6;) out += kDigits[buffer >> (bits -= 6) & 63];
  }
  if (bits != 0) out += kDigits[buffer << (6 - bits) & 63];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

// Where an upload that was broken off is remembered: one small file for each file, server and pipeline.
class RememberedUpload {
 public:
  RememberedUpload(const SubmitOptions& options, std::uint64_t size) {
    std::error_code ignored;
    const auto changed = fs::last_write_time(options.file, ignored).time_since_epoch().count();
    const std::string what = options.client.server + "\n" + options.pipeline + "\n" + options.metadata +
                             "\n" + fs::absolute(options.file).string() + "\n" + std::to_string(size) + "\n" +
                             std::to_string(changed);
    path_ = state_folder() / "uploads" / to_hex(Sha256().of(what));
  }
  std::string url() const {
    std::ifstream in(path_);
    std::string line;
    std::getline(in, line);
    return line;
  }
  // Where it cannot be kept, a broken upload begins anew: no reason to fail.
  void keep(const std::string& url) const {
    std::error_code ignored;
    fs::create_directories(path_.parent_path(), ignored);
    std::ofstream(path_) << url << '\n';
  }
  void forget() const {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }

 private:
  fs::path path_;
};

class Upload {
 public:
  Upload(const SubmitOptions& options, ApiClient& client, std::uint64_t size, ProgressDisplay& progress)
      : options_(options), client_(client), size_(size), remembered_(options, size), progress_(progress) {}

  // The id of the job that the file became.
  Result<std::string> run(std::stop_token stop) {
    std::ifstream file(options_.file, std::ios::binary);
    if (!file) return fail(ErrorKind::usage, options_.file + " cannot be read.");
    url_ = remembered_.url();
    if (url_.empty())
      TRY(create());
    else
      TRY(find_offset());
    std::string piece(kPieceBytes, '\0');
    for (int tries = 0; job_.empty();) {
      if (stop.stop_requested())
        return fail(ErrorKind::cancelled, "stopped; the same command goes on where the server has the file.");
      Result<bool> sent = send_piece(file, piece);
      if (sent) {
        tries = 0;
        continue;
      }
      if (!sent.error().retryable || ++tries == kTries) return std::unexpected(std::move(sent).error());
      wait(std::min<std::chrono::milliseconds>(500ms * (1 << tries), 30s), stop);
      if (auto found = find_offset(); !found && !found.error().retryable)
        return std::unexpected(std::move(found).error());
    }
    remembered_.forget();
    return job_;
  }

 private:
  Result<> create() {
    ApiCall call{.method = "POST", .path = "/v1/uploads"};
    std::string metadata = "filename " + base64(fs::path(options_.file).filename().string());
    if (!options_.pipeline.empty()) metadata += ",pipeline " + base64(options_.pipeline);
    if (!options_.metadata.empty()) metadata += ",metadata " + base64(options_.metadata);
    call.headers = {
        {"Tus-Resumable", "1.0.0"}, {"Upload-Length", std::to_string(size_)}, {"Upload-Metadata", metadata}};
    ApiAnswer answer = TRY(client_.call(call));
    if (answer.status != 201) return std::unexpected(error_of(answer));
    url_ = answer.header("location");
    job_ = answer.header("sluice-job-id");
    remembered_.keep(url_);
    return {};
  }

  // How much the server has. An upload that it does not know any more begins anew.
  Result<> find_offset() {
    ApiCall call{.method = "HEAD", .path = url_};
    call.headers = {{"Tus-Resumable", "1.0.0"}};
    ApiAnswer answer = TRY(client_.call(call));
    if (answer.status == 404 || answer.status == 410) {
      offset_ = 0;
      return create();
    }
    if (answer.status / 100 != 2) return std::unexpected(error_of(answer));
    offset_ = std::strtoull(answer.header("upload-offset").c_str(), nullptr, 10);
    job_ = answer.header("sluice-job-id");
    tell();
    return {};
  }

  Result<bool> send_piece(std::ifstream& file, std::string& piece) {
    file.clear();
    file.seekg(static_cast<std::streamoff>(offset_));
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    ApiCall call{.method = "PATCH", .path = url_};
    call.body.assign(piece.data(), static_cast<std::size_t>(file.gcount()));
    if (call.body.empty() && offset_ < size_)
      return fail(ErrorKind::input, options_.file + " became shorter while it was sent; send it again.");
    call.headers = {{"Tus-Resumable", "1.0.0"},
                    {"Upload-Offset", std::to_string(offset_)},
                    {"Content-Type", "application/offset+octet-stream"}};
    ApiAnswer answer = TRY(client_.call(call));
    if (answer.status == 409 || answer.status == 423)
      return fail(ErrorKind::unavailable, "the server is at another place of the file.", true);
    if (answer.status / 100 != 2) return std::unexpected(error_of(answer));
    offset_ = std::strtoull(answer.header("upload-offset").c_str(), nullptr, 10);
    job_ = answer.header("sluice-job-id");
    tell();
    if (job_.empty() && offset_ >= size_) TRY(find_offset());
    return true;
  }

  void tell() {
    if (offset_ > shown_) progress_.add_bytes(offset_ - std::exchange(shown_, offset_));
  }

  static void wait(std::chrono::milliseconds time, std::stop_token stop) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait_for(lock, stop, time, [] { return false; });
  }

  const SubmitOptions& options_;
  ApiClient& client_;
  const std::uint64_t size_;
  const RememberedUpload remembered_;
  ProgressDisplay& progress_;
  std::string url_, job_;
  std::uint64_t offset_ = 0, shown_ = 0;
};

Result<int> submit(const SubmitOptions& options, std::stop_token stop) {
  std::error_code error;
  const std::uint64_t size = fs::file_size(options.file, error);
  if (error) return fail(ErrorKind::usage, options.file + " cannot be read: " + error.message() + ".");
  auto client = TRY(open_http_client(options.client));
  std::string id;
  {
    ProgressDisplay progress(progress_style(options.quiet), options.file, size);
    progress.phase("sending");
    id = TRY(Upload(options, *client, size, progress).run(stop));
  }
  if (!options.watch) {
    std::printf(options.as_json ? "{\"jobId\":\"%s\"}\n" : "%s\n", id.c_str());
    return kExitOk;
  }
  const json job = TRY(watch_job(*client, id, options.quiet, stop));
  if (options.as_json) {
    std::puts(job.dump().c_str());
  } else {
    auto rows = [&](const char* what) { return count_text(job.at("rows").value(what, std::uint64_t{0})); };
    std::printf("%s: %s read, %s inserted, %s updated, %s duplicate, %s rejected\n",
                job.value("status", "").c_str(), rows("read").c_str(), rows("inserted").c_str(),
                rows("updated").c_str(), rows("duplicate").c_str(), rows("rejected").c_str());
    if (job.contains("error") && job["error"].is_string()) std::puts(job["error"].get<std::string>().c_str());
    const bool archive = job.contains("members") && job["members"].is_object();
    if (archive)
      std::printf("The files in it are jobs of their own: sluice jobs list --server %s\n",
                  options.client.server.c_str());
    if (!archive && job.at("rows").value("rejected", std::uint64_t{0}) != 0)
      std::printf("The rejected rows and why: sluice jobs rejects %s -o rejects.csv --server %s\n",
                  id.c_str(), options.client.server.c_str());
  }
  const std::string status = job.value("status", "");
  return status == "COMPLETED"                         ? kExitOk
         : status == "FAILED" || status == "CANCELLED" ? kExitFailed
                                                       : kExitInterrupted;
}

}  // namespace

void add_submit(CLI::App& app, Action& action) {
  auto options = std::make_shared<SubmitOptions>();
  options->client.server = kStandardServer;
  CLI::App* command = app.add_subcommand("submit", "send a file to a server, resumably");
  command->add_option("FILE", options->file, "the file")->required()->type_name("");
  command->add_option("-p,--pipeline", options->pipeline, "the pipeline's name (default: by the file's name)")
      ->type_name("NAME");
  command
      ->add_option("--server", options->client.server,
                   "the server (default http://127.0.0.1:8080, or SLUICE_SERVER; its key: SLUICE_KEY)")
      ->type_name("URL")
      ->envname("SLUICE_SERVER");
  command->add_option("--metadata", options->metadata, "a JSON object that is kept with the job")
      ->type_name("JSON");
  command->add_flag("--watch", options->watch, "follow the job to its end");
  command->add_flag("--json", options->as_json, "print JSON");
  command->add_flag("-q,--quiet", options->quiet, "no progress, only the result");
  command->footer(
      "Examples:\n"
      "  sluice submit people.csv -p people --watch\n"
      "  SLUICE_KEY=slc_… sluice submit people.csv --server https://ingest.example.org\n"
      "Broken off, the same command goes on where the server has the file.\n");
  command->callback([options, &action] {
    action = [options](std::stop_token stop) {
      Result<int> ended = submit(*options, stop);
      return ended ? *ended : report_error(ended.error());
    };
  });
}

}  // namespace sluice
