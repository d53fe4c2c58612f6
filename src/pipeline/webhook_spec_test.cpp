// The pipeline key `webhooks`: what it takes, what it refuses and where it says so, and that no secret gets
// into what is stored or shown.
#include "pipeline/webhook_spec.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "pipeline/pipeline_spec.h"

namespace sluice {
namespace {

class Webhooks : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("SLUICE_TEST_SECRET", "s3cret", 1);
    ::setenv("SLUICE_TEST_HOOK", "https://hooks.example/t0ken", 1);
    ::setenv("SLUICE_TEST_EMPTY", "", 1);
  }
  static PipelineSpec parsed(const std::string& webhooks) {
    auto spec = parse_pipeline("name: p\nwebhooks:\n" + webhooks, "p.yaml");
    if (!spec) throw std::runtime_error(spec.error().message);
    return *spec;
  }
  static std::string error_of(const std::string& webhooks) {
    auto spec = parse_pipeline("name: p\nwebhooks:\n" + webhooks, "p.yaml");
    return spec ? "no error" : spec.error().message;
  }
};

TEST_F(Webhooks, are_read_and_frozen_with_their_references) {
  PipelineSpec spec = parsed(
      "  - {url: 'https://example.org/a?b=c:', events: [job.failed, rows.processed, job.failed], secret: "
      "\"${SLUICE_TEST_SECRET}\"}\n"
      "  - {url: \"${SLUICE_TEST_HOOK}\"}\n"
      "  - {url: 'https://hooks.example/${SLUICE_TEST_SECRET}', events: job.started}\n");
  ASSERT_EQ(spec.webhooks.size(), 3u);
  EXPECT_EQ(spec.webhooks[0].url, "https://example.org/a?b=c:");
  EXPECT_EQ(spec.webhooks[0].events, (std::vector<std::string>{"job.failed", "rows.processed"}));
  EXPECT_EQ(spec.webhooks[0].secret, "${SLUICE_TEST_SECRET}");
  EXPECT_EQ(spec.webhooks[1].url, "${SLUICE_TEST_HOOK}");
  EXPECT_EQ(spec.webhooks[1].events,
            (std::vector<std::string>{"job.completed", "job.failed", "job.cancelled"}));
  EXPECT_EQ(spec.webhooks[1].secret, "");
}

TEST_F(Webhooks, no_secret_is_in_what_is_stored_or_shown_and_both_read_back_the_same) {
  ::setenv("SLUICE_TEST_SECRET", "s3cret", 1);
  PipelineSpec spec = parsed(
      "  - {url: 'https://example.org/${SLUICE_TEST_SECRET}/$${x}', secret: \"${SLUICE_TEST_SECRET}\"}\n");
  const nlohmann::json frozen = to_json(spec);
  const std::string yaml = to_yaml(spec);
  EXPECT_EQ(frozen.dump().find("s3cret"), std::string::npos) << frozen;
  EXPECT_EQ(yaml.find("s3cret"), std::string::npos) << yaml;
  EXPECT_EQ(to_json(*pipeline_from_json(frozen)), frozen);
  auto again = parse_pipeline(yaml, "again.yaml");
  ASSERT_TRUE(again) << again.error().message << yaml;
  EXPECT_EQ(to_json(*again), frozen) << yaml;
}

TEST_F(Webhooks, are_found_in_a_plan_and_in_a_request) {
  const nlohmann::json pipeline =
      to_json(parsed("  - {url: https://a.example}\n  - {url: https://b.example}\n"));
  for (const nlohmann::json& plan :
       {nlohmann::json{{"pipeline", pipeline}}, nlohmann::json{{"request", {{"pipeline", pipeline}}}}}) {
    auto found = webhooks_in_plan(plan.dump());
    ASSERT_EQ(found.size(), 2u) << plan;
    EXPECT_EQ(found[1].url, "https://b.example");
    EXPECT_EQ(found[1].events.size(), 3u);
  }
  for (const char* none : {"", "{}", "[]", "{\"pipeline\":{}}", "{\"pipeline\":{\"webhooks\":[1]}}"})
    EXPECT_TRUE(webhooks_in_plan(none).empty()) << none;
}

TEST_F(Webhooks, a_mistake_is_said_with_its_place_and_without_its_value) {
  EXPECT_EQ(
      error_of("  - {url: https://a.example, secret: s3cret}\n").rfind("p.yaml:3:38: webhooks.0.secret: ", 0),
      0u);
  EXPECT_EQ(error_of("  - {url: https://a.example, secret: s3cret}\n").find("s3cret"), std::string::npos);
  EXPECT_NE(error_of("  - {url: https://a.example, secret: \"x${SLUICE_TEST_SECRET}\"}\n"), "no error");
  EXPECT_EQ(
      error_of("  - {url: https://a.example, secret: \"${SLUICE_TEST_EMPTY}\"}\n"),
      "p.yaml:3:38: webhooks.0.secret: ${SLUICE_TEST_EMPTY} is empty; set it to the secret, or leave the "
      "key out");
  EXPECT_EQ(error_of("  - {url: https://a.example, event: x}\n")
                .rfind("p.yaml:3:30: unknown key 'event' in webhooks.0; ", 0),
            0u);
  EXPECT_NE(error_of("  - {url: https://a.example, events: [job.complete]}\n").find("job.completed"),
            std::string::npos);
  EXPECT_NE(error_of("  - {url: https://a.example, events: []}\n"), "no error");
  EXPECT_EQ(error_of("  - {events: [job.failed]}\n"),
            "p.yaml:3:5: webhooks.0: there is no url; write `url: https://example.org/hook`");
  for (const char* url : {"ftp://a.example", "a.example", "https://", "https://:80/", "'https://a b'",
                          "https://me:s3cret@a.example", "'https://a.example/#x'", "'https://a\\b'", "7",
                          "''", "'https://a.example/${SLUICE_TEST_BLANK}'"}) {
    ::setenv("SLUICE_TEST_BLANK", "s3cret s3cret", 1);
    std::string error = error_of("  - {url: " + std::string(url) + "}\n");
    EXPECT_EQ(error.rfind("p.yaml:3:11: webhooks.0.url: ", 0), 0u) << url << ": " << error;
    EXPECT_EQ(error.find("s3cret"), std::string::npos) << error;
  }
  EXPECT_NE(error_of("  {url: https://a.example}\n"), "no error");
}

TEST_F(Webhooks, who_sends_a_pipeline_reads_nothing_of_this_machine) {
  auto kept = [](const std::string& webhook) {
    auto spec = parse_kept_pipeline("name: p\nwebhooks:\n  - " + webhook + "\n", "p");
    return spec ? "no error" : spec.error().message;
  };
  for (const char* name : {"${WEBHOOK_SECRET}", "${SLUICE_WEBHOOK_SECRET}"})
    EXPECT_EQ(kept("{url: https://a.example, secret: '" + std::string(name) + "'}"), "no error");
  for (const char* name : {"${SLUICE_STORE}", "${HOME}", "${file:/etc/passwd}", "${SLUICE_TEST_SECRET}"})
    EXPECT_NE(kept("{url: https://a.example, secret: '" + std::string(name) + "'}"), "no error") << name;
  for (const char* url :
       {"${SLUICE_STORE}", "https://a.example/${SLUICE_STORE}", "https://a.example/${WEBHOOK_SECRET}"})
    EXPECT_NE(kept("{url: '" + std::string(url) + "'}"), "no error") << url;
  // What was frozen is read back by whoever works on the job.
  auto spec = parse_kept_pipeline(
      "name: p\nwebhooks: [{url: https://a.example, secret: '${WEBHOOK_SECRET}'}]\n", "p");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(to_json(*pipeline_from_json(to_json(*spec))), to_json(*spec));
  EXPECT_EQ(to_json(*parse_kept_pipeline(to_yaml(*spec), "again")), to_json(*spec));
}

}  // namespace
}  // namespace sluice
