// Retention on a real store: what goes, and what must not.
#include "jobs/retention.h"

#include <thread>

#include "jobs/node_test_support.h"
#include "jobs/upload_keys.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr RetentionAges kAtOnce{0ms, 0ms, 0ms, 0ms};

class RetentionTest : public NodeTest {
 protected:
  Job upload() {
    const std::string id = new_uuid();
    put_blob(upload_key(id), "id\n1\n");
    return add_job("{}", blob_place(upload_key(id)), id);
  }
  bool has_file(const Job& job) { return has_blob(blob_key_of(job.blob)); }
  void clear(const RetentionAges& ages) {
    std::this_thread::sleep_for(2ms);  // the database's clock has steps of a millisecond
    auto done = Retention(*service_, ages).clear({});
    EXPECT_TRUE(done) << done.error().message;
  }
  // Webhooks of all events are made: there are none.
  void events_are_told() {
    ASSERT_TRUE(
        store_->deliveries().add_from(*store_->deliveries().made_until(), *store_->events().newest(), {}));
  }
  std::size_t events() { return store_->events().read({.every_tenant = true}, 0, 1000)->size(); }
};

TEST_F(RetentionTest, files_of_ended_jobs_go_and_no_others) {
  Job ended = upload(), open = upload(), working = upload();
  put_blob("in/watched.csv", "id\n1\n");
  Job watched = add_job("{}", blob_place("in/watched.csv"));
  Job of_run = add_job("{}", "file:/somewhere/people.csv");
  ASSERT_TRUE(store_->jobs().lease(working.id, 1, "me", 1h, nullptr));
  for (const Job& job : {ended, watched, of_run}) end(job);
  clear({});
  EXPECT_TRUE(has_file(ended)) << "not so soon";
  clear(kAtOnce);
  EXPECT_FALSE(has_file(ended));
  EXPECT_TRUE(has_file(open));
  EXPECT_TRUE(has_file(working));
  EXPECT_TRUE(has_blob("in/watched.csv")) << "it was there before its job";
  EXPECT_TRUE(store_->jobs().get(ended.id)) << "the job itself stays";
  end(open);
  clear(kAtOnce);
  EXPECT_FALSE(has_file(open)) << "also what ends after the first time";
}

TEST_F(RetentionTest, many_jobs_are_all_cleared) {
  std::vector<Job> jobs;
  for (int i = 0; i < 450; ++i) jobs.push_back(upload());
  for (const Job& job : jobs) end(job);
  clear(kAtOnce);
  for (const Job& job : jobs) EXPECT_FALSE(has_file(job));
}

TEST_F(RetentionTest, events_stay_until_webhooks_are_told) {
  end(upload());
  ASSERT_GE(events(), 1u);
  clear(kAtOnce);
  EXPECT_GE(events(), 1u);
  events_are_told();
  clear({});
  EXPECT_GE(events(), 1u) << "not so soon";
  clear(kAtOnce);
  EXPECT_EQ(events(), 0u);
}

TEST_F(RetentionTest, what_fails_does_not_keep_the_rest) {
  Job ended = upload();
  end(ended);
  events_are_told();
  // A folder that is not empty is where the file should be: it cannot be removed.
  const auto place = folder_ / "blobs" / blob_key_of(ended.blob);
  std::filesystem::remove(place);
  std::filesystem::create_directories(place / "inside");
  std::ofstream(place / "inside" / "file") << "x";
  std::this_thread::sleep_for(2ms);
  EXPECT_FALSE(Retention(*service_, kAtOnce).clear({}));
  EXPECT_EQ(events(), 0u);
}

}  // namespace
}  // namespace sluice
