#include "base/uuid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>
#include <vector>

namespace sluice {
namespace {

TEST(Uuid, is_version_7_of_now) {
  auto milliseconds = [] {
    auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  };
  auto before = milliseconds();
  UuidBytes id = new_uuid_bytes();
  auto after = milliseconds();
  std::int64_t time = 0;
  for (int i = 0; i < 6; ++i) time = time << 8 | id[static_cast<std::size_t>(i)];
  EXPECT_GE(time, before);
  EXPECT_LE(time, after + 1);
  EXPECT_EQ(id[6] >> 4, 7);
  EXPECT_EQ(id[8] >> 6, 2);
}

TEST(Uuid, rises_in_one_thread_and_is_unique_over_many) {
  std::vector<std::vector<std::string>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : made)
      threads.emplace_back([&mine] {
        for (int i = 0; i < 5000; ++i) mine.push_back(new_uuid());
      });
  }
  std::set<std::string> all;
  for (auto& mine : made) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), 20'000u);
}

TEST(Uuid, text_and_bytes) {
  // The example of RFC 9562, appendix A.6.
  UuidBytes example = {0x01, 0x7F, 0x22, 0xE2, 0x79, 0xB0, 0x7C, 0xC3,
                       0x98, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F};
  EXPECT_EQ(uuid_text(example), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  EXPECT_EQ(uuid_bytes("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), example);
  UuidBytes id = new_uuid_bytes();
  EXPECT_EQ(uuid_bytes(uuid_text(id)), id);
  for (const char* wrong : {"", "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
                            "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e2+79b0-7cc3-98c4-dc0c0c07398f",
                            "{17f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f "})
    EXPECT_FALSE(uuid_bytes(wrong)) << wrong;
}

}  // namespace
}  // namespace sluice
