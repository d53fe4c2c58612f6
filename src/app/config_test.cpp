// Settings: the file, the environment over it, the command line over both; what is wrong is told with its
// place.
#include "app/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sluice {
namespace {

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    for (const Setting& setting : settings()) ::unsetenv(std::string(setting.environment).c_str());
  }
  ~ConfigTest() override {
    for (const Setting& setting : settings()) ::unsetenv(std::string(setting.environment).c_str());
    std::filesystem::remove(path_);
  }
  Config read(const std::string& yaml, const std::vector<std::pair<std::string, std::string>>& flags = {}) {
    std::ofstream(path_) << yaml;
    auto config = load_config(path_, flags);
    EXPECT_TRUE(config) << (config ? "" : config.error().message);
    return config ? *config : Config();
  }
  std::string refused(const std::string& yaml) {
    std::ofstream(path_) << yaml;
    auto config = load_config(path_, {});
    EXPECT_FALSE(config) << yaml;
    if (config) return "";
    EXPECT_EQ(config.error().kind, ErrorKind::usage);
    std::string message = config.error().message;
    return message.starts_with(path_) ? message.substr(path_.size()) : message;
  }
  const std::string path_ = testing::TempDir() + "/sluice_config_" + std::to_string(::getpid()) + ".yaml";
};

TEST_F(ConfigTest, FlagsGoOverTheEnvironmentAndThatOverTheFile) {
  const char* kFile = "store: sqlite:file.db\nblobs: file:./file\npipelines: ./file\n";
  EXPECT_EQ(read(kFile).store, "sqlite:file.db");
  ::setenv("SLUICE_STORE", "sqlite:environment.db", 1);
  ::setenv("SLUICE_BLOBS", "file:./environment", 1);
  Config config = read(kFile, {{"store", "sqlite:flag.db"}});
  EXPECT_EQ(config.store, "sqlite:flag.db");
  EXPECT_EQ(config.blobs, "file:./environment");
  EXPECT_EQ(config.pipelines, "./file");
}

TEST_F(ConfigTest, WhatIsNotSaidIsAsTheTableSays) {
  Config standard = read("");
  for (const Setting& setting : settings()) {
    Config said;
    ASSERT_TRUE(set(said, setting.key, std::string(setting.standard))) << setting.key;
    EXPECT_EQ(said.store, standard.store);
    EXPECT_EQ(said.blobs, standard.blobs);
    EXPECT_EQ(said.pipelines, standard.pipelines);
    EXPECT_EQ(said.row_bytes, standard.row_bytes) << setting.key;
    EXPECT_EQ(said.split_bytes, standard.split_bytes) << setting.key;
    EXPECT_EQ(said.memory_bytes, standard.memory_bytes);
    EXPECT_EQ(said.retain_blobs, standard.retain_blobs);
    EXPECT_EQ(said.retain_rejects, standard.retain_rejects);
    EXPECT_EQ(said.retain_events, standard.retain_events);
    EXPECT_EQ(said.webhooks_allow_private, standard.webhooks_allow_private);
  }
}

TEST_F(ConfigTest, WhatIsKeptHowLong) {
  EXPECT_EQ(read("retention: {blobs: 2d}").retain_blobs, std::chrono::hours(48));
  EXPECT_EQ(read("retention: {rejects: 36h}").retain_rejects, std::chrono::hours(36));
  EXPECT_EQ(read("retention: {events: 1m}").retain_events, std::chrono::minutes(1));
  EXPECT_NE(refused("retention: {events: 59s}").find("the least is 1m"), std::string::npos);
  EXPECT_TRUE(read("webhooks: {allow_private: true}").webhooks_allow_private);
  EXPECT_NE(refused("webhooks: {allow_private: maybe}").find("true, false"), std::string::npos);
}

TEST_F(ConfigTest, SizesHaveUnits) {
  EXPECT_EQ(read("limits: {row_bytes: 2MiB, memory: 256 MB}").row_bytes, 2u << 20);
  EXPECT_EQ(read("limits: {memory: 256 MB}").memory_bytes, 256'000'000u);
  EXPECT_EQ(read("limits: {memory: auto}").memory_bytes, std::nullopt);
  EXPECT_EQ(read("limits: {row_bytes: 64kB}").row_bytes, 64'000u);
  EXPECT_NE(refused("limits: {row_bytes: 2 Mio}").find(":1:10: '2 Mio' is no size"), std::string::npos);
  EXPECT_NE(refused("limits: {row_bytes: 100}").find("between 1KiB and 64MiB"), std::string::npos);
  EXPECT_EQ(read("split_bytes: 1MiB").split_bytes, 1u << 20);
  EXPECT_NE(refused("split_bytes: 1kB").find("between 64KiB and 64GiB"), std::string::npos);
  EXPECT_NE(refused("limits: {row_bytes: 65MiB}").find("between 1KiB and 64MiB"), std::string::npos);
}

TEST_F(ConfigTest, MistakesHaveTheirPlace) {
  EXPECT_EQ(refused("store: a\nlimits:\n  memroy: 1GB\n")
                .rfind(":3:3: unknown setting 'limits.memroy'; did you mean 'limits.memory'?", 0),
            0u);
  EXPECT_EQ(refused("store: [a, b]").rfind(":1:8: store takes one value", 0), 0u);
  EXPECT_NE(refused("- a").find("`key: value`"), std::string::npos);
  EXPECT_NE(refused("store: 'a").find("not YAML"), std::string::npos);
  auto none = load_config("/nowhere/at/all.yaml", {});
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("/nowhere/at/all.yaml cannot be read"), std::string::npos);
}

TEST_F(ConfigTest, AWrongValueOfTheEnvironmentNamesItsVariable) {
  ::setenv("SLUICE_MEMORY", "plenty", 1);
  std::ofstream(path_) << "";
  auto config = load_config(path_, {});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message.rfind("SLUICE_MEMORY: 'plenty' is no size", 0), 0u)
      << config.error().message;
}

}  // namespace
}  // namespace sluice
