#include "jobs/find_pipeline.h"

#include <gtest/gtest.h>

#include "jobs/parsed_pipelines.h"

namespace sluice {
namespace {

TEST(FindPipeline, NamesComeFromTheFile) {
  EXPECT_EQ(pipeline_name_of("people.csv"), "people");
  EXPECT_EQ(pipeline_name_of("/data/in/Hospital List 2024.csv.gz"), "Hospital-List-2024");
  EXPECT_EQ(pipeline_name_of("Übersicht (neu).csv"), "Übersicht-neu");
  EXPECT_EQ(pipeline_name_of("...csv"), "rows");
}

TEST(FindPipeline, WithoutAnythingKnownItIsInferred) {
  auto found = find_pipeline({.folder = "/nowhere", .file_name = "people.csv"});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->infer);
  EXPECT_EQ(found->spec.name, "people");
}

TEST(FindPipeline, WhatWasParsedIsThatOfItsTextAndSource) {
  auto json_of = [](const std::string& text, const std::string& source = "kept pipeline p") {
    auto spec = parsed_pipeline(text, source);
    return spec ? to_json(*spec).dump() : spec.error().message;
  };
  const std::string one = "name: p\nidentity: [id]\n", other = "name: p\nidentity: position\n";
  const std::string wrong = "name: p\nidentty: x\n";
  for (int time = 0; time < 3; ++time) {
    EXPECT_EQ(json_of(one), to_json(*parse_kept_pipeline(one, "x")).dump());
    EXPECT_EQ(json_of(other), to_json(*parse_kept_pipeline(other, "x")).dump());
    EXPECT_EQ(json_of(wrong).find("kept pipeline p:2:"), 0u) << json_of(wrong);
    EXPECT_EQ(json_of(wrong, "kept pipeline q").find("kept pipeline q:2:"), 0u);
    // More than are kept: each is still its own.
    for (int i = 0; i < 100; ++i) {
      const std::string name = "p" + std::to_string(i);
      EXPECT_EQ(parsed_pipeline("name: " + name + "\n", "s")->name, name);
    }
  }
}

TEST(FindPipeline, AnUnknownNameIsAnError) {
  auto found = find_pipeline({.wanted = "peple", .folder = "/nowhere", .file_name = "people.csv"});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::usage);
  EXPECT_NE(found.error().message.find("peple"), std::string::npos);
}

}  // namespace
}  // namespace sluice
