#include "jobs/find_pipeline.h"

#include <gtest/gtest.h>

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

TEST(FindPipeline, AnUnknownNameIsAnError) {
  auto found = find_pipeline({.wanted = "peple", .folder = "/nowhere", .file_name = "people.csv"});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::usage);
  EXPECT_NE(found.error().message.find("peple"), std::string::npos);
}

}  // namespace
}  // namespace sluice
