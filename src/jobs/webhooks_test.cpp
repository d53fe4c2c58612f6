// Webhooks on a real store and a real receiver: what is sent, in which order, how often, and what is left.
#include "jobs/webhooks.h"

#include <nlohmann/json.hpp>

#include <atomic>
#include <cstdlib>
#include <semaphore>
#include <set>

#include "adapters/http_sender_curl.h"
#include "adapters/http_test_server.h"
#include "base/hmac.h"
#include "jobs/node_test_support.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

class WebhooksTest : public NodeTest {
 protected:
  WebhooksTest() {
    ::setenv("SLUICE_TEST_HOOK_SECRET", "s3cret", 1);
    HttpSenderOptions options;
    options.private_addresses = PrivateAddresses::allowed;
    sender_ = make_http_sender_curl(options);
    webhooks_.emplace(*service_, *sender_);
  }

  std::string plan(const std::vector<std::string>& events = {"job.started", "job.failed"},
                   const std::string& secret = "${SLUICE_TEST_HOOK_SECRET}") const {
    nlohmann::json webhook = {{"url", server_.url("/hook")}, {"events", events}};
    if (!secret.empty()) webhook["secret"] = secret;
    return nlohmann::json{{"pipeline", {{"webhooks", {webhook}}}}}.dump();
  }
  void start(const Job& job) { ASSERT_TRUE(store_->jobs().lease(job.id, 1, "me", 1h, nullptr)); }
  void make_all() {
    for (bool again = true; again;) {
      Result<bool> more = webhooks_->make_deliveries();
      ASSERT_TRUE(more) << more.error().message;
      again = *more;
    }
  }
  // Everything that is due now.
  int deliver_all() {
    int count = 0;
    for (auto next = *webhooks_->reserve(); next; next = *webhooks_->reserve(), ++count)
      EXPECT_TRUE(webhooks_->deliver(*next, {}));
    return count;
  }
  static std::string type_of(const ReceivedRequest& request) {
    return nlohmann::json::parse(request.body)["type"];
  }

  std::atomic<int> status_ = 200;
  std::string also_say_;
  HttpTestServer server_{
      [this](const ReceivedRequest&) { return HttpTestServer::answer(status_, also_say_); }};
  std::unique_ptr<HttpSender> sender_;
  std::optional<Webhooks> webhooks_;
};

TEST_F(WebhooksTest, what_is_wanted_arrives_signed_and_once) {
  Job told = add_job(plan()), not_told = add_job(), only_ends = add_job(plan({"job.completed"}));
  for (const Job& job : {told, not_told, only_ends}) {
    start(job);
    end(job);
  }
  make_all();
  EXPECT_EQ(deliver_all(), 2);
  auto requests = server_.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(type_of(requests[0]), "job.started");
  EXPECT_EQ(type_of(requests[1]), "job.failed");
  const ReceivedRequest& last = requests[1];
  EXPECT_EQ(last.first_line, "POST /hook HTTP/1.1");
  EXPECT_EQ(last.headers.at("content-type"), "application/cloudevents+json; charset=utf-8");
  EXPECT_NE(last.headers.at("sluice-delivery"), requests[0].headers.at("sluice-delivery"));
  const std::string signature = last.headers.at("sluice-signature");
  const std::string time = signature.substr(2, signature.find(',') - 2);
  EXPECT_EQ(signature, "t=" + time + ",v1=" + to_hex(hmac_sha256("s3cret", time + "." + last.body)));
  EXPECT_LE(std::abs(std::stoll(time) - std::time(nullptr)), 60);
  auto event = nlohmann::json::parse(last.body);
  EXPECT_EQ(event["subject"], told.id);
  EXPECT_EQ(event["source"], "/v1/pipelines/people");
  make_all();
  EXPECT_EQ(deliver_all(), 0) << "once";
}

TEST_F(WebhooksTest, without_a_secret_there_is_no_signature) {
  end(add_job(plan({"job.failed"}, "")));
  make_all();
  EXPECT_EQ(deliver_all(), 1);
  EXPECT_FALSE(server_.requests().at(0).headers.contains("sluice-signature"));
}

TEST_F(WebhooksTest, two_nodes_make_each_delivery_once) {
  for (int i = 0; i < 5; ++i) end(add_job(plan()));
  auto elsewhere = std::move(*open_store_sqlite(folder_ / "store.db", {}));
  Service other{*elsewhere, elsewhere->queue(), *blobs_, ""};
  Webhooks there(other, *sender_);
  {
    std::jthread one([&] { EXPECT_TRUE(there.make_deliveries()); });
    std::jthread two([&] { EXPECT_TRUE(webhooks_->make_deliveries()); });
  }
  make_all();
  EXPECT_EQ(deliver_all(), 5);
}

TEST_F(WebhooksTest, what_failed_holds_up_its_job_and_no_other) {
  Job first = add_job(plan()), second = add_job(plan());
  start(first);
  end(first);
  make_all();
  status_ = 500;
  EXPECT_EQ(deliver_all(), 1) << "it comes again later, and what is behind it waits";
  status_ = 204;
  start(second);
  end(second);
  make_all();
  EXPECT_EQ(deliver_all(), 2);
  EXPECT_EQ(server_.requests().size(), 3u);
  EXPECT_TRUE(store_->deliveries().dead("default", 10)->empty());
}

TEST_F(WebhooksTest, gone_means_gone_and_can_be_replayed) {
  end(add_job(plan()));
  make_all();
  status_ = 410;
  EXPECT_EQ(deliver_all(), 1);
  auto dead = *store_->deliveries().dead("default", 10);
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_EQ(dead[0].last_error, "the receiver answered 410.");
  EXPECT_EQ(dead[0].url, server_.url("/hook"));
  EXPECT_EQ(deliver_all(), 0);
  status_ = 200;
  ASSERT_TRUE(store_->deliveries().replay("default"));
  EXPECT_EQ(deliver_all(), 1);
  EXPECT_TRUE(store_->deliveries().dead("default", 10)->empty());
}

TEST_F(WebhooksTest, after_so_many_attempts_it_is_kept_as_dead) {
  end(add_job(plan()));
  make_all();
  status_ = 503;
  Delivery delivery = **webhooks_->reserve();
  for (delivery.attempts = 0; delivery.attempts + 1 < kWebhookAttempts; ++delivery.attempts) {
    ASSERT_TRUE(webhooks_->deliver(delivery, {}));
    ASSERT_TRUE(store_->deliveries().dead("default", 10)->empty()) << delivery.attempts;
  }
  ASSERT_TRUE(webhooks_->deliver(delivery, {}));
  EXPECT_EQ(store_->deliveries().dead("default", 10)->size(), 1u);
  EXPECT_EQ(server_.requests().size(), kWebhookAttempts);
}

TEST_F(WebhooksTest, redirections_and_addresses_inside_are_explained) {
  end(add_job(plan()));
  make_all();
  status_ = 302;
  also_say_ = "Location: http://127.0.0.1:1/\r\n";
  Delivery delivery = **webhooks_->reserve();
  delivery.attempts = kWebhookAttempts - 1;
  ASSERT_TRUE(webhooks_->deliver(delivery, {}));
  EXPECT_NE(store_->deliveries().dead("default", 1)->at(0).last_error.find("Redirections are not followed"),
            std::string::npos);
  ASSERT_TRUE(store_->deliveries().replay("default"));
  auto guarded = make_http_sender_curl({});
  Webhooks webhooks(*service_, *guarded);
  delivery = **webhooks.reserve();
  ASSERT_TRUE(webhooks.deliver(delivery, {}));
  auto dead = *store_->deliveries().dead("default", 10);
  ASSERT_EQ(dead.size(), 1u) << "at once: it would not get better";
  EXPECT_NE(dead[0].last_error.find("127.0.0.1"), std::string::npos);
  EXPECT_EQ(server_.connections(), 1);
}

TEST_F(WebhooksTest, a_node_without_the_secret_leaves_it_to_others) {
  ::unsetenv("SLUICE_TEST_HOOK_MISSING");
  end(add_job(plan({"job.failed"}, "${SLUICE_TEST_HOOK_MISSING}")));
  make_all();
  EXPECT_EQ(deliver_all(), 1);
  EXPECT_EQ(server_.connections(), 0);
  EXPECT_TRUE(store_->deliveries().dead("default", 10)->empty());
}

TEST_F(WebhooksTest, of_a_removed_job_nothing_is_sent) {
  Job job = add_job(plan());
  end(job);
  make_all();
  ASSERT_TRUE(store_->jobs().remove(job.id, KeepRows::yes, DespiteDuplicates::no));
  EXPECT_EQ(deliver_all(), 1);
  EXPECT_EQ(server_.connections(), 0);
  EXPECT_EQ(store_->deliveries().dead("default", 10)->size(), 1u);
}

TEST_F(WebhooksTest, a_stop_counts_no_attempt) {
  end(add_job(plan()));
  make_all();
  Delivery delivery = **webhooks_->reserve();
  std::stop_source stop;
  stop.request_stop();
  auto stopped = webhooks_->deliver(delivery, stop.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::cancelled);
  EXPECT_TRUE(store_->deliveries().dead("default", 10)->empty());
}

TEST_F(WebhooksTest, a_running_node_delivers_by_itself) {
  std::counting_semaphore<> arrived(0);
  HttpTestServer server([&](const ReceivedRequest&) {
    arrived.release();
    return HttpTestServer::answer(200);
  });
  const std::string plan =
      nlohmann::json{{"pipeline", {{"webhooks", {{{"url", server.url()}, {"events", {"job.failed"}}}}}}}}
          .dump();
  WebhookThreads threads(*service_, *sender_);
  for (int i = 0; i < 20; ++i) end(add_job(plan));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(arrived.try_acquire_for(60s)) << i;
}

TEST(WebhookSignature, the_example_of_the_page) {
  EXPECT_EQ(webhook_signature("an example secret", 1718098200, "{\"id\":\"7\"}"),
            "t=1718098200,v1=d725e2a2959a2b29a76180e115679418085011dd54266c173c4ad831cb7c3758");
}

TEST(WebhookDelay, grows_about_a_day_and_honours_the_receiver) {
  EXPECT_EQ(webhook_delay(1, 0s, 0), 10s);
  EXPECT_EQ(webhook_delay(1, 0s, 1), 5s);
  EXPECT_EQ(webhook_delay(3, 0s, 0), 90s);
  EXPECT_EQ(webhook_delay(1, 120s, 0.5), 120s);
  EXPECT_EQ(webhook_delay(9, 1s, 0), 65'610s);
  EXPECT_EQ(webhook_delay(1, std::chrono::hours(1'000'000), 0), 24h);
  EXPECT_EQ(webhook_delay(1, -5s, 0), 10s);
  std::chrono::milliseconds least{0}, most{0};
  for (std::uint32_t i = 1; i < kWebhookAttempts; ++i) {
    least += webhook_delay(i, 0s, 1);
    most += webhook_delay(i, 0s, 0);
  }
  EXPECT_GT(least, 13h);
  EXPECT_LT(most, 28h);
}

}  // namespace
}  // namespace sluice
