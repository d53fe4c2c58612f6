// Which folders have to be brought to the disk for a new one to be there for sure.
#include "cli/durable_folder.h"

#include <gtest/gtest.h>

#include <fstream>

namespace sluice {
namespace {

namespace fs = std::filesystem;

TEST(DurableFolder, EachFolderThatGotANewNameIsToBeSynced) {
  std::string name = (fs::temp_directory_path() / "sluice-folders-XXXXXX").string();
  const fs::path top = fs::canonical(::mkdtemp(name.data()));
  const fs::path deep = top / "a" / "b" / "c";
  EXPECT_EQ(make_folders(deep).value(), (std::vector<fs::path>{top, top / "a", top / "a" / "b"}));
  EXPECT_TRUE(fs::is_directory(deep));
  EXPECT_TRUE(make_folders(deep).value().empty());
  EXPECT_EQ(make_folders(top / "a" / "." / "d").value(), (std::vector<fs::path>{top / "a"}));
  std::ofstream(top / "file") << "x";
  auto below_a_file = make_folders(top / "file" / "x");
  ASSERT_FALSE(below_a_file);
  EXPECT_EQ(below_a_file.error().kind, ErrorKind::io);
  fs::remove_all(top);
}

}  // namespace
}  // namespace sluice
