// sluice serve: the HTTP API, the workers, or both, until it is told to stop.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>

#include "app/open_service.h"
#include "app/open_store.h"
#include "base/either_stop.h"
#include "base/log.h"
#include "base/url_text.h"
#include "cli/command.h"
#include "cli/run_options.h"
#include "jobs/blob_arrivals.h"
#include "jobs/copy_groups.h"
#include "jobs/dispatcher.h"
#include "jobs/event_publisher.h"
#include "jobs/intake_threads.h"
#include "jobs/retention.h"
#include "jobs/scheduler.h"
#include "jobs/webhooks.h"
#include "jobs/worker.h"
#include "server/api.h"
#include "server/authenticate.h"
#include "server/http_server.h"
#include "server/live_events.h"
#include "server/metrics.h"
#include "server/routes_web.h"

namespace sluice {
namespace {

struct ServeOptions {
  std::string config_file, listen, to, role = "all", workers, memory;
  std::vector<std::string> set;
};

Result<Config> config_of(const ServeOptions& options) {
  std::vector<std::pair<std::string, std::string>> overrides;
  for (const std::string& text : options.set) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(ErrorKind::usage, "--set takes KEY=VALUE, as in --set drain=10s.");
    overrides.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  const std::pair<const char*, const std::string&> given[] = {{"listen", options.listen},
                                                              {"store", options.to},
                                                              {"workers", options.workers},
                                                              {"limits.memory", options.memory}};
  for (const auto& [key, value] : given)
    if (!value.empty()) overrides.emplace_back(key, value);
  return load_config(options.config_file, overrides);
}

LogLevel level_of(const std::string& name) {
  if (name == "debug") return LogLevel::debug;
  if (name == "warning") return LogLevel::warning;
  return name == "error" ? LogLevel::error : LogLevel::info;
}

// Beyond this machine only those may come in who have a key.
Result<> check_exposure(const Config& config, const ListenAddress& address, KeyStore& keys) {
  if (address.loopback()) return {};
  if (config.auth == AuthMode::none)
    return fail(ErrorKind::usage, "auth: none and listening on " + config.listen +
                                      " would let everybody in who can reach this machine. Listen on "
                                      "127.0.0.1, or let `auth` be auto or keys.");
  if (TRY(keys.any())) return {};
  return fail(ErrorKind::usage, "listening on " + config.listen +
                                    " needs authentication, and there is no API key yet. Make one first:\n"
                                    "  sluice keys create --name first --role admin --to " +
                                    without_secrets(config.store));
}

// Everything of a node, in the order in which it is made; ended in the opposite order.
class Node {
 public:
  static constexpr unsigned kLeastSlots = 2;  // one long split must not keep the others from running
  static constexpr std::chrono::seconds kPutInOrder{5};

  Node(Config config, std::stop_token stop)
      : config_(std::move(config)), ender_([this, stop = std::move(stop)](const std::stop_token& ended) {
          end_calls_after(stop, ended);
        }) {}

  Result<> open(bool works, bool answers) {
    threads_ = std::max(1u, std::thread::hardware_concurrency());
    slots_ = config_.workers.value_or(std::max(kLeastSlots, threads_));
    const std::uint64_t automatic = std::max(kDefaultMemoryBytes, least_memory(config_.row_bytes));
    memory_ = TRY(plan_memory(config_.memory_bytes.value_or(automatic), threads_, config_.row_bytes));
    parts_ = TRY(
        open_parts(config_, memory_.store_cache_bytes, works ? Works::yes : Works::no, calls_.get_token()));
    if (answers) {
      address_ = TRY(parse_listen(config_.listen));
      TRY(check_exposure(config_, address_, parts_.store->keys()));
    }
    service_.emplace(service_of(config_, parts_));
    metrics_ = Metrics::make();
    service_->observer = metrics_.get();
    service_->work_came = [this] { dispatcher_->wake(); };
    if (!parts_.own_queue) queue_again_what_was_queued(*service_);
    dispatcher_ = std::make_unique<Dispatcher>(*service_);
    TRY(give_back_for_the_dead(*service_));
    open_ = true;
    if (!works) return {};
    pool_ = std::make_unique<ComputePool>(threads_);
    return {};
  }

  // `stop`: with it the splits in work end, before and while clients are told goodbye.
  void work(std::stop_token stop) {
    worker_ = std::make_unique<Worker>(
        *service_, *pool_, WorkerOptions{.slots = slots_, .memory = memory_, .stop = std::move(stop)});
    sender_ = open_sender(config_);
    webhooks_ = std::make_unique<WebhookThreads>(*service_, *sender_);
    if (parts_.notices) arrivals_ = std::make_unique<BlobArrivals>(*service_, *parts_.notices);
    if (parts_.events) publisher_ = std::make_unique<EventPublisher>(*service_, *parts_.events);
    if (parts_.intake) intake_ = std::make_unique<IntakeThreads>(*service_, *parts_.intake, config_.blobs);
    if (parts_.group_documents)
      copier_ = std::make_unique<GroupCopierThread>(*parts_.store, *parts_.group_documents);
    scheduler_ = std::make_unique<SchedulerThread>(*service_);
    RetentionAges ages;
    ages.blobs = config_.retain_blobs;
    ages.rejects = config_.retain_rejects;
    ages.events = config_.retain_events;
    retention_ = std::make_unique<RetentionThread>(*service_, ages);
  }

  void tell_working() const {
    const std::string store = without_secrets(config_.store), workers = std::to_string(slots_);
    log_info("working", {{"store", store}, {"workers", workers}});
  }

  Result<> serve(bool takes_files, std::stop_token stop) {
    live_ = follow_events(parts_.store->events(),
                          [](const Error& error) { log_warning("events", {{"error", error.message}}); });
    Authenticator authenticator(parts_.store->keys(), keys_wanted());
    Api api{.service = *service_,
            .metrics = *metrics_,
            .config_json = [this] { return config_json(config_); },
            .blobs_url = config_.blobs,
            .intake_health = parts_.intake_health,
            .upload_bytes = config_.upload_bytes};
    Routes routes = takes_files ? api_routes(api) : health_routes(api);
    if (takes_files) add_web_routes(routes);
    HttpOptions http;
    http.address = address_.host;
    http.port = address_.port;
    http.certificate_file = config_.tls_certificate;
    http.private_key_file = config_.tls_private_key;
    auto proxies = TrustedProxies::parse(config_.trusted_proxies);
    if (!proxies) return std::unexpected(std::move(proxies).error().during("trusted_proxies"));
    http.trusted_proxies = *std::move(proxies);
    http.limits.upload_bytes = config_.upload_bytes;
    http.limits.requests_per_second = config_.requests_per_second;
    http.limits.drain = config_.drain;
    std::unique_ptr<RequestTally> tally;
    if (config_.requests_per_second > 0) tally = TRY(open_request_tally(config_.store));
    http.tally = tally.get();
    if (config_.auth != AuthMode::keys && address_.loopback()) http.host_check = HostCheck::loopback;
    auto server = TRY(HttpServer::open(
        http, routes, [&](const Request& request) { return authenticator(request); }, *live_,
        [this](const Served& served) { on_served(served); }));
    tell_ready(server->port());
    server->run(stop);
    return {};
  }

  // What is in work ends at its next commit; another node, or the next start, goes on there.
  void stop() {
    retention_.reset();
    scheduler_.reset();
    copier_.reset();
    intake_.reset();
    publisher_.reset();
    arrivals_.reset();
    webhooks_.reset();
    worker_.reset();
    dispatcher_.reset();
    live_.reset();
  }

 private:
  // A system outside that says nothing must not keep a node from ending. What is under way has the drain
  // time, and what it leaves behind is put in order after that; a node that is not open yet has nothing to
  // put in order.
  void end_calls_after(const std::stop_token& stop, const std::stop_token& ended) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    const EitherStop either(stop, ended);
    never.wait(lock, either.token(), [] { return false; });
    if (open_) never.wait_for(lock, ended, config_.drain + kPutInOrder, [] { return false; });
    if (!ended.stop_requested()) calls_.request_stop();
  }

  KeysWanted keys_wanted() const {
    if (config_.auth == AuthMode::none) return KeysWanted::never;
    return config_.auth == AuthMode::keys ? KeysWanted::always : KeysWanted::if_any;
  }

  void on_served(const Served& served) {
    metrics_->served(served);
    const LogLevel level = served.status >= 500 ? LogLevel::error : LogLevel::debug;
    if (!is_logged(level)) return;
    const std::string status = std::to_string(served.status), seconds = std::to_string(served.seconds);
    log(level, "request",
        {{"request", served.request.id},
         {"method", served.request.method},
         {"path", served.request.path},
         {"status", status},
         {"seconds", seconds},
         {"tenant", served.request.principal.tenant},
         {"actor", served.request.principal.actor}});
  }

  void tell_ready(std::uint16_t port) const {
    const std::string host =
        address_.host.find(':') == std::string::npos ? address_.host : "[" + address_.host + "]";
    const std::string url =
        (config_.tls_certificate.empty() ? "http://" : "https://") + host + ":" + std::to_string(port);
    const std::string store = without_secrets(config_.store), workers = std::to_string(worker_ ? slots_ : 0);
    if (isatty(STDERR_FILENO) != 0)
      std::fprintf(stderr,
                   "Sluice listens on %s and stores into %s.\n"
                   "  In a browser:  %s\n"
                   "  Send a file:   curl -F file=@people.csv %s/upload\n"
                   "  Read the API:  %s/docs\n"
                   "Ctrl-C ends it; what was accepted goes on at the next start.\n",
                   url.c_str(), store.c_str(), url.c_str(), url.c_str(), url.c_str());
    log_info("listening", {{"url", url}, {"store", store}, {"workers", workers}});
  }

  const Config config_;
  unsigned threads_ = 1, slots_ = 1;
  MemoryPlan memory_;
  ListenAddress address_;
  std::atomic<bool> open_ = false;
  std::stop_source calls_;  // of S3 and SQS
  std::jthread ender_;      // outlives whatever makes such calls
  ServiceParts parts_;
  std::optional<Service> service_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<ComputePool> pool_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<HttpSender> sender_;
  std::unique_ptr<WebhookThreads> webhooks_;
  std::unique_ptr<BlobArrivals> arrivals_;
  std::unique_ptr<EventPublisher> publisher_;
  std::unique_ptr<IntakeThreads> intake_;
  std::unique_ptr<GroupCopierThread> copier_;
  std::unique_ptr<SchedulerThread> scheduler_;
  std::unique_ptr<RetentionThread> retention_;
  std::unique_ptr<LiveEvents> live_;
};

void wait_until(std::stop_token stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait(lock, stop, [] { return false; });
}

Result<int> serve(const ServeOptions& options, std::stop_token stop) {
  Config config = TRY(config_of(options));
  set_log_level(level_of(config.log_level));
  const bool works = options.role != "api", takes_files = options.role != "worker";
  const bool answers = takes_files || config.written.contains("listen");
  Node node(std::move(config), stop);
  TRY(node.open(works, answers));
  if (works) node.work(stop);
  Result<> served = {};
  if (answers) {
    served = node.serve(takes_files, stop);
  } else {
    node.tell_working();
    wait_until(stop);
  }
  node.stop();
  TRY(served);
  return kExitOk;
}

}  // namespace

void add_serve(CLI::App& app, Action& action) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* command = app.add_subcommand("serve", "take files over HTTP and load them, until told to stop");
  command
      ->add_option("-c,--config", options->config_file,
                   "the configuration (default: ./sluice.yaml if it is there)")
      ->type_name("FILE");
  command->add_option("--listen", options->listen, "address and port (default 127.0.0.1:8080)")
      ->type_name("ADDRESS:PORT");
  command
      ->add_option("--to", options->to,
                   "the store: sqlite:PATH or postgresql://… (default sqlite:./data/sluice.db)")
      ->type_name("URL");
  command
      ->add_option("--role", options->role,
                   "all (the standard), api (takes files only) or worker (loads them)")
      ->type_name("ROLE")
      ->check(CLI::IsMember({"all", "api", "worker"}).description(""));
  command
      ->add_option("--workers", options->workers, "splits in work at once (default: one a core, at least 2)")
      ->type_name("N");
  command->add_option("--memory", options->memory, "memory of one split in work (default 128MiB)")
      ->type_name("SIZE");
  command->add_option("--set", options->set, "override a key of the configuration; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command->footer(
      "Examples:\n"
      "  sluice serve                                             on this machine only, everything under "
      "./data\n"
      "  curl -F file=@people.csv http://127.0.0.1:8080/upload    send it a file\n"
      "  sluice keys create --name me --role admin                make a key; from then on one is asked for\n"
      "  sluice serve --listen 0.0.0.0:8080 --to postgresql://…   for others, on PostgreSQL\n"
      "  sluice serve --role worker --to postgresql://…           a further node that only loads\n");
  command->callback([options, &action] {
    action = [options](std::stop_token stop) {
      Result<int> ended = serve(*options, stop);
      return ended ? *ended : report_error(ended.error());
    };
  });
}

}  // namespace sluice
