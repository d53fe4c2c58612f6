// A file that is read is not written, whatever it is called.
#include "cli/output_place.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

namespace sluice {
namespace {

namespace fs = std::filesystem;

class OutputPlaceTest : public testing::Test {
 protected:
  OutputPlaceTest() {
    std::string name = (fs::temp_directory_path() / "sluice-place-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::ofstream(folder_ / "in.csv") << "id\n1\n";
    std::ofstream(folder_ / "other.csv") << "id\n1\n";
  }
  ~OutputPlaceTest() override { fs::remove_all(folder_); }
  bool refused(const std::string& output) const {
    const std::vector<std::string> inputs = {(folder_ / "other.csv").string(), (folder_ / "in.csv").string()};
    auto checked = check_output_place("--rejects " + output, output, inputs);
    EXPECT_TRUE(checked || checked.error().kind == ErrorKind::usage);
    return !checked;
  }
  fs::path folder_;
};

TEST_F(OutputPlaceTest, AnyNameOfTheInputIsRefused) {
  fs::create_symlink(folder_ / "in.csv", folder_ / "link.csv");
  fs::create_hard_link(folder_ / "in.csv", folder_ / "hard.csv");
  fs::create_directory(folder_ / "sub");
  fs::create_directory_symlink(folder_, folder_ / "sub" / "up");
  for (const char* name : {"in.csv", "link.csv", "hard.csv", "sub/../in.csv", "sub/up/in.csv", "./other.csv"})
    EXPECT_TRUE(refused((folder_ / name).string())) << name;
}

TEST_F(OutputPlaceTest, OtherFilesAreNot) {
  fs::copy_file(folder_ / "in.csv", folder_ / "copy.csv");
  for (const char* name : {"copy.csv", "new.csv", "sub/new.csv"})
    EXPECT_FALSE(refused((folder_ / name).string())) << name;
  EXPECT_FALSE(is_same_file("/dev/null", "/dev/null"));
}

TEST_F(OutputPlaceTest, OfTwoThatAreNotThereYetTheNameDecides) {
  EXPECT_TRUE(is_same_file((folder_ / "new.csv").string(), (folder_ / "." / "new.csv").string()));
  EXPECT_FALSE(is_same_file((folder_ / "new.csv").string(), (folder_ / "new.txt").string()));
  EXPECT_TRUE(is_same_file("not-there-yet.csv", "./not-there-yet.csv"));
}

}  // namespace
}  // namespace sluice
